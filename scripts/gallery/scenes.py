"""Every kind of message the bot sends, by the bot's own code."""

import dataclasses
import re
from collections.abc import Iterator, Sequence

from bot.bubbles import notes
from bot.bubbles.answer import article_messages
from bot.bubbles.burst import Found, burst_messages
from bot.bubbles.consent import consent_messages, waiting_messages
from bot.bubbles.feedback import voted
from bot.bubbles.group import group_messages
from bot.bubbles.guide import welcome_messages
from bot.bubbles.view import View
from bot.buttons import Vote
from bot.decide import Answer, Candidate, Candidates, NoMatch, Outcome, best_replies
from bot.drafts import draft_of
from bot.fit import clean
from bot.flex import Part
from bot.render import render
from moderation.intake import RequestReceipt
from retrieval.types import Band, EntryKind, Match
from scripts.gallery.more_scenes import EVENT_ID, Scene, media_scenes, menu_scenes, notice_scenes, why_scenes
from scripts.gallery.sample import Sample
from scripts.gallery.sentence_scenes import merged_scene, sentence_scenes
from storage.articles import ArticlePage, ArticleSummary
from storage.statistics import Waiting
from storage.tables import ReplyState


def scenes(view: View, sample: Sample) -> Iterator[Scene]:
    """Every kind of message the bot sends."""
    pages = [page for found in sample.by_verdict.values() for page in found]
    yield "welcome", welcome_messages(view)
    for verdict, found in sample.by_verdict.items():
        yield f"answer-{verdict.value.lower()}", _answer(view, found[0].summary)
    yield "answer-provisional", _answer(view, _as_state(pages[0].summary, ReplyState.PROVISIONAL, "chaming"))
    yield "answer-verified", _answer(view, _as_state(pages[0].summary, ReplyState.VERIFIED, "chaming"))
    yield "answer-longest", _answer(view, sample.longest.summary)
    yield "disputed", article_messages(view, sample.disputed.summary, best_replies(sample.disputed.summary))
    similar = [_candidate(page.summary, Band.CANDIDATE, 0.72) for page in pages[:3]]
    differing = _differing(pages)
    yield "candidates", render(view, Candidates((*similar, differing)), "", EVENT_ID)
    yield "contradicted", render(view, Candidates((differing,)), "", EVENT_ID)
    asked = pages[1].summary
    yield "no-match", render(view, NoMatch(), clean(asked.text or ""), EVENT_ID)
    personal = draft_of(f"{asked.text}\n請打0912-345-678找王小明先生，他住台北市中山路一段12號3樓")
    yield "consent-cut", consent_messages(view, personal, EVENT_ID)
    yield "consent-put-back", consent_messages(view, draft_of(personal.whole, 1), EVENT_ID)
    yield "consent-wording", consent_messages(view, personal, EVENT_ID, wording_of=asked.article_id)
    yield "waiting", waiting_messages(view, asked)
    outcomes: tuple[Outcome, ...] = (
        Answer(_candidate(pages[0].summary, Band.ANSWER, 0.97)), Candidates((*similar, differing)), NoMatch(asked),
        NoMatch(),
    )  # fmt: skip
    yield "burst", burst_messages(view, [Found(EVENT_ID, page.summary.text or "", outcome, view)
                                         for page, outcome in zip(pages, outcomes, strict=False)])  # fmt: skip
    yield from menu_scenes(view, pages)
    yield "asked", notes.receipt(view, RequestReceipt(asked.article_id, 4, True), Waiting(120, 5400, 90_000))
    yield from notice_scenes(view, pages, sample.disputed)
    for vote in (Vote.HELPFUL, Vote.NOT_HELPFUL):
        yield f"voted-{vote.value}", voted(view, vote, asked.article_id, asked.replies[0].reply_id)
    yield from why_scenes(view, pages[0].summary.text or "")
    yield from sentence_scenes(view, asked)
    yield from media_scenes(view, pages[0].summary.text or "")
    yield from merged_scene(
        [_answer(view, pages[0].summary), *(render(view, outcome, "", EVENT_ID) for outcome in outcomes)]
    )
    yield "group", group_messages(view, outcomes[0])
    yield "group-candidates", group_messages(view, outcomes[1])
    yield "group-unknown", group_messages(view, NoMatch())


def _answer(view: View, article: ArticleSummary) -> tuple[Part, ...]:
    return render(view, Answer(_candidate(article, Band.ANSWER, 0.97)), "", EVENT_ID)


def _candidate(
    article: ArticleSummary, band: Band, probability: float, contradictions: Sequence[tuple[str, str]] = ()
) -> Candidate:
    match = Match(
        article.article_id, probability, band, EntryKind.ARTICLE, article.text or "", {}, tuple(contradictions)
    )
    return Candidate(match, article, best_replies(article))


def _differing(pages: Sequence[ArticlePage]) -> Candidate:
    """A candidate with a number in it, for a message that gave ten times that number."""
    for page in pages:
        number = re.search(r"\d+", page.summary.text or "")
        if number:
            pair = (f"{number.group()}0", number.group())
            return _candidate(page.summary, Band.CANDIDATE, 0.41, [pair])
    raise LookupError("no short message of the sample has a number in it")


def _as_state(article: ArticleSummary, state: ReplyState, source: str) -> ArticleSummary:
    replies = [dataclasses.replace(reply, state=state, source=source) for reply in article.replies]
    return dataclasses.replace(article, replies=tuple(replies))
