"""What the public page of an article says, decided before the template: the template only lays it out."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.bubbles.know_more import write_url
from bot.bubbles.view import View
from bot.decide import best_replies, is_settled
from bot.fit import clean, cut, one_line
from bot.labels import COFACTS, COFACTS_URL, VERDICTS, checked_on, licence, state_label, verdict_label
from bot.linkify import Piece, to_pieces
from bot.references import Reference, to_references
from bot.wording import Words
from storage.articles import ArticlePage, ReplySummary
from storage.tables import ReplyState, Verdict

NO_REASONS: Mapping[str, str] = {}
MAX_TITLE = 60
MAX_DESCRIPTION = 160


@dataclass(frozen=True, slots=True)
class ReplyView:
    """One reply, in words."""

    css_class: str
    sign: str
    verdict: str
    advice: str
    state: str
    why: str
    """By which rule it has that state, and with which figures: one sentence."""
    history_url: str
    is_provisional: bool
    text: list[Piece]
    references: tuple[Reference, ...]
    facts: list[str]
    """When, by whom, and what readers said of it."""
    licence: str | None
    licence_url: str | None


@dataclass(frozen=True, slots=True)
class PageView:
    """The whole page, in words."""

    title: str
    description: str
    url: str
    report_url: str
    write_url: str
    """Where whoever knows more writes an answer."""
    log_url: str
    share_uri: str | None
    text: str
    is_settled: bool
    """Whether the first reply's verdict may stand above the message."""
    caveat: str | None
    """What stands there otherwise."""
    replies: list[ReplyView]
    notices: list[str]
    """What a reader must know before the replies."""
    facts: list[str]


def to_page(view: View, page: ArticlePage, reasons: Mapping[str, str] = NO_REASONS) -> PageView:
    """Say in the reader's language what there is to say about a NORMAL article.

    `reasons` are the sentences that say why its replies have the state they have, by the reply's id.
    """
    article, words = page.summary, view.words
    replies = best_replies(article)
    text = clean(article.text or "") or words("(a picture, video or sound)")
    verdict = verdict_label(words, replies[0].verdict) if replies and is_settled(replies) else None
    title = cut(one_line(text), MAX_TITLE)
    return PageView(
        title=words("{verdict}: {text}", verdict=verdict, text=title) if verdict else title,
        description=cut(one_line(clean(replies[0].text if replies else text)), MAX_DESCRIPTION),
        url=view.article_url(article.article_id),
        report_url=view.report_url(article.article_id),
        write_url=write_url(view, article.article_id),
        log_url=view.log_url,
        share_uri=view.share_uri(article.article_id, replies[0].verdict) if verdict else None,
        text=text,
        is_settled=verdict is not None,
        caveat=_caveat(words, replies),
        replies=[_to_reply(view, reply, article.article_id, reasons.get(reply.reply_id, "")) for reply in replies],
        notices=_notices(words, page),
        facts=_article_facts(view, page),
    )


def _to_reply(view: View, reply: ReplySummary, article_id: str, why: str) -> ReplyView:
    look, words = VERDICTS[reply.verdict], view.words
    return ReplyView(
        css_class=CSS_CLASSES[reply.verdict],
        sign=look.sign,
        verdict=words(look.label),
        advice=words(look.advice),
        state=state_label(words, reply),
        why=why,
        history_url=view.history_url(article_id, reply.reply_id),
        is_provisional=reply.state == ReplyState.PROVISIONAL,
        text=to_pieces(clean(reply.text)),
        references=to_references(reply.reference),
        facts=[checked_on(words, reply), view.written_by(reply), *_feedback(view, reply)],
        licence=licence(words, reply),
        licence_url=COFACTS_URL if reply.source == COFACTS else None,
    )


def _feedback(view: View, reply: ReplySummary) -> list[str]:
    liked, disliked = reply.positive_feedback_count, reply.negative_feedback_count
    said = []
    if liked:
        said.append(view.words.plural("One reader found it helpful", "{number} readers found it helpful", liked))
    if disliked:
        said.append(view.words.plural("One reader did not", "{number} readers did not", disliked))
    return said


def _caveat(words: Words, replies: tuple[ReplySummary, ...]) -> str | None:
    """What a reader must know before the message, where no verdict can be said."""
    if not replies:
        return words("Nobody has checked this message yet. That does not make it true or false.")
    if not is_settled(replies):
        return words("Volunteers or readers do not agree about this message. Please read all of it.")
    return None


def _notices(words: Words, page: ArticlePage) -> list[str]:
    said = []
    for gone in page.withdrawn:
        when = words.date(gone.withdrawn_at) if gone.withdrawn_at else None
        said.append(words("A reply was withdrawn on {date}.", date=when) if when else words("A reply was withdrawn."))
    return said


def _article_facts(view: View, page: ArticlePage) -> list[str]:
    article, words = page.summary, view.words
    facts = []
    if article.created_at:
        facts.append(words("First sent in on {date}", date=words.date(article.created_at)))
    if article.request_count:
        facts.append(
            words.plural("One person has asked about it", "{number} people have asked about it", article.request_count)
        )
    return facts


CSS_CLASSES = {
    Verdict.RUMOR: "rumor",
    Verdict.NOT_RUMOR: "true",
    Verdict.OPINIONATED: "opinion",
    Verdict.NOT_ARTICLE: "none",
}
"""The style sheet's names of the verdicts' colours; `tests/bot` holds them equal to `VERDICTS`."""
