"""Draws every bubble the bot sends, and the article page, as a person sees them: `python -m scripts.gallery FOLDER`.

The messages are real ones of the shipped sample, rendered by the bot's own code; `FOLDER` gets an HTML page a language,
and with `--png` a picture of each scene at a phone's width, drawn by headless Chromium (`pip install playwright`).
"""

import asyncio
import dataclasses
import re
from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import jinja2
from sqlalchemy import select
from sqlmodel import col

from bot.article_page import to_page
from bot.bubbles import menu, notes
from bot.bubbles.answer import article_messages
from bot.bubbles.burst import Found, burst_messages
from bot.bubbles.consent import consent_messages, waiting_messages
from bot.bubbles.feedback import voted
from bot.bubbles.group import group_messages
from bot.bubbles.guide import welcome_messages
from bot.bubbles.notice import News, muted, notice_messages, unmuted
from bot.bubbles.view import View
from bot.bubbles.why import Why, why_messages
from bot.buttons import Buttons, Vote
from bot.decide import Answer, Candidate, Candidates, NoMatch, Outcome, best_replies, is_settled
from bot.drafts import draft_of
from bot.fit import clean, units
from bot.flex import Part
from bot.flex_html import FLEX_CSS, message_html
from bot.labels import Reason
from bot.pages import read_style
from bot.render import render
from bot.wording import Wordings, Words, load_wordings
from moderation.intake import RequestReceipt
from retrieval.explain import explain
from retrieval.types import Band, EntryKind, Match
from scripts.import_cofacts import RejectsFile, import_cofacts
from storage.articles import ArticlePage, ArticleSummary, find_article_page, load_article_summaries
from storage.database import Database, open_database
from storage.migrations import migrate
from storage.questions import Progress, Question
from storage.statistics import Waiting
from storage.tables import Article, ArticleReply, Asker, NoticeKind, ReplyState, Verdict

SAMPLE = Path(__file__).parent / "sample"
EVENT_ID = "01FZ74A0TDDPYRVKNK77XKC3ZR"
PUBLIC_URL = "https://chaming.example.tw"
WIDTH = 390
"""CSS pixels across: a phone of today."""

CHAT_CSS = """body{margin:0;background:#8cabd9;font-family:sans-serif}
section{width:390px;padding:12px;box-sizing:border-box;background:#8cabd9}
h2{font-size:13px;color:#1a2a44;margin:0 0 8px}.lm{margin:0 0 10px}
"""

Scene = tuple[str, Sequence[Part]]


@dataclasses.dataclass(frozen=True, slots=True)
class Sample:
    """Answered articles short enough to look at, by the verdict of their best reply, and two special ones."""

    by_verdict: dict[Verdict, list[ArticlePage]]
    disputed: ArticlePage
    longest: ArticlePage


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--sample", type=click.Path(exists=True, file_okay=False, path_type=Path), default=SAMPLE)
@click.option("--png", is_flag=True, help="Draw pictures too, with headless Chromium.")
@click.option("--chromium", default="/usr/bin/chromium", show_default=True, help="Where Chromium is.")
def main(folder: Path, sample: Path, png: bool, chromium: str) -> None:
    """Write the gallery into FOLDER."""
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(_write(folder, sample, chromium if png else None))


async def _write(folder: Path, sample_folder: Path, chromium: str | None) -> None:
    sample = await load_sample(sample_folder)
    wordings = load_wordings()
    written = [
        _save(folder / f"{name}.{language}.html", html)
        for language, words in wordings.items()
        for name, html in _pages(View(words, Buttons("only for pictures"), PUBLIC_URL), wordings, sample)
    ]
    written += [
        _save(folder / f"chat-larger.{language}.html", chat_html(list(scenes(_larger(words), sample))))
        for language, words in wordings.items()
    ]
    if chromium:
        await draw(written, folder, chromium)


def _larger(words: Words) -> View:
    """What somebody sees who has asked for larger text."""
    return View(words, Buttons("only for pictures"), PUBLIC_URL, large=True)


def _pages(view: View, wordings: Wordings, sample: Sample) -> Iterator[tuple[str, str]]:
    yield "chat", chat_html(list(scenes(view, sample)))
    for verdict, found in sample.by_verdict.items():
        yield f"article-{verdict.value.lower()}", article_html(view, wordings, found[0])
    yield "article-disputed", article_html(view, wordings, sample.disputed)


def _save(path: Path, html: str) -> Path:
    path.write_text(html, "utf-8")
    return path.resolve()


async def load_sample(folder: Path) -> Sample:
    """Import the sample into a throw-away database and choose what to show."""
    with TemporaryDirectory() as scratch:
        database = open_database(f"sqlite+aiosqlite:///{scratch}/gallery.db")
        await migrate(database)
        with RejectsFile(Path(scratch) / "rejects.csv") as rejects:
            await import_cofacts(database, folder, rejects)
        pages = await _load_pages(database)
        await database.close()
    short = [page for page in pages if _is_short(page)]
    by_verdict = {verdict: [page for page in short if _best(page) == verdict] for verdict in Verdict}
    return Sample(
        by_verdict={verdict: found for verdict, found in by_verdict.items() if found},
        disputed=next(page for page in pages if not is_settled(best_replies(page.summary))),
        longest=max(pages, key=lambda page: max(units(reply.text) for reply in page.summary.replies)),
    )


async def _load_pages(database: Database) -> list[ArticlePage]:
    async with database.reading() as session:
        ids = await session.scalars(
            select(col(Article.id)).join(ArticleReply, col(ArticleReply.article_id) == col(Article.id)).distinct()
        )
        summaries = await load_article_summaries(session, sorted(ids))
        answered = [summary.article_id for summary in summaries.values() if summary.replies and summary.text]
        pages = [await find_article_page(session, article_id) for article_id in sorted(answered)]
    return [page for page in pages if page]


def _is_short(page: ArticlePage) -> bool:
    """A message and a reply that fit a picture, with a source; not about people, as far as a rule can tell."""
    article = page.summary
    replies = best_replies(article)
    return (
        40 < units(article.text or "") < 260
        and 40 < units(replies[0].text) < 260
        and "http" not in (article.text or "")
        and "http" in (replies[0].reference or "")
        and is_settled(replies)
    )


def _best(page: ArticlePage) -> Verdict:
    return best_replies(page.summary)[0].verdict


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
    yield from _menu(view, pages)
    yield "asked", notes.receipt(view, RequestReceipt(asked.article_id, 4, True), Waiting(120, 5400, 90_000))
    yield from _notices(view, pages, sample.disputed)
    for vote in (Vote.HELPFUL, Vote.NOT_HELPFUL):
        yield f"voted-{vote.value}", voted(view, vote, asked.article_id, asked.replies[0].reply_id)
    yield from _whys(view, pages[0].summary.text or "")
    plain: tuple[Callable[[View], tuple[Part, ...]], ...] = (
        notes.declined, notes.expired, notes.withdrawn, notes.nothing_to_read, notes.sticker, notes.hello_group,
    )  # fmt: skip
    yield "notes", [message for note in plain for message in note(view)]
    yield "media", list(notes.cannot_read(view))
    yield "group", group_messages(view, Answer(_candidate(pages[0].summary, Band.ANSWER, 0.97)))


def _whys(view: View, told: str) -> Iterator[Scene]:
    """Why something was found: by words, where a detail differs, by meaning, asked late, by its link, by its looks."""
    signals = {"cover_q": 0.82, "cover_e": 0.64}
    checked = "菌類不能和茄子一起吃，會產生毒素，台大醫院已經死掉七個人，請小心！"
    for name, reason, sent in (
        (
            "words",
            Reason.LIKE_MESSAGE,
            "聽說香菇跟茄子一起吃會產生毒素，台大醫院已經死掉七個人，是一個當醫生的朋友說的。",
        ),
        ("differs", Reason.LIKE_MESSAGE, "菌類不能和菠菜一起吃，會產生毒素，台大醫院已經死掉三個人，請小心！"),
        (
            "meaning",
            Reason.LIKE_MEANING,
            "Do not eat mushrooms together with eggplant, seven people have died of the poison.",
        ),
    ):
        found = explain(sent, [checked])
        yield f"why-{name}", why_messages(view, Why(reason, 0.93, signals, found, checked))
    yield "why-late", why_messages(view, Why(Reason.LIKE_MESSAGE, 0.93, signals, None, told))
    yield "why-link", why_messages(view, Why(Reason.SAME_LINK, 0.9, {}, None, told, "example.com/news/20200101"))
    yield "why-picture", why_messages(view, Why(Reason.SAME_PICTURE, 0.98, {"picture": 0.97}, None, told))


def _menu(view: View, pages: Sequence[ArticlePage]) -> Iterator[Scene]:
    """What people ask of the bot itself."""
    moment = pages[0].summary.created_at
    questions = [
        Question(page.summary.article_id, page.summary.text, moment, progress)
        for page, progress in zip([*pages, *pages], Progress, strict=False)
    ]
    yield "help", menu.help_messages(view)
    yield "settings", menu.settings_messages(view, Asker(id="asker", large_text=view.large))
    yield "language", menu.language_messages(view)
    yield "questions", menu.questions_messages(view, questions)
    yield "my-data", menu.data_messages(view, f"{PUBLIC_URL}/my-data/token")
    yield "forget", [*menu.confirm_forgetting(view), *menu.forgotten(view)]
    yield "asked-before", notes.asked_before(view, pages[0].summary.article_id, questions[1])


def _notices(view: View, pages: Sequence[ArticlePage], disputed: ArticlePage) -> Iterator[Scene]:
    """What people are told later."""

    def news(kind: NoticeKind, page: ArticlePage, **fields: Any) -> News:
        return News(kind, dataclasses.replace(page.summary, **fields), page.summary.text or "")

    answered = news(NoticeKind.ANSWERED, pages[0])
    corrected = news(NoticeKind.CORRECTED, pages[-1])
    yield "notice-answered", notice_messages(view, [answered])
    yield "notice-corrected", notice_messages(view, [corrected])
    yield "notice-withdrawn", notice_messages(view, [news(NoticeKind.WITHDRAWN, pages[1], replies=())])
    yield "notice-several", notice_messages(view, [corrected, answered, news(NoticeKind.ANSWERED, disputed)])
    yield "notice-stopped", [*muted(view, pages[0].summary.article_id), *muted(view, None), *unmuted(view)]


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


def chat_html(shown: Sequence[Scene]) -> str:
    """One page with all scenes below one another, each as wide as a phone."""
    sections = [
        f'<section id="{escape(name)}"><h2>{escape(name)}</h2>{"".join(map(message_html, messages))}</section>'
        for name, messages in shown
    ]
    return f'<!doctype html><meta charset="utf-8"><style>{CHAT_CSS}{FLEX_CSS}</style>{"".join(sections)}'


def article_html(view: View, wordings: Wordings, page: ArticlePage) -> str:
    """The public page, by its own template."""
    environment = jinja2.Environment(loader=jinja2.PackageLoader("bot"), autoescape=True, trim_blocks=True)
    return environment.get_template("article.html").render(
        words=view.words, wordings=wordings, style=read_style(), page=to_page(view, page)
    )


async def draw(pages: Sequence[Path], folder: Path, chromium: str) -> None:
    """A picture of each scene and of each article page, beside the HTML."""
    from playwright.async_api import async_playwright  # a developer's tool, not needed for the HTML

    async with async_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking"]
        browser = await playwright.chromium.launch(executable_path=chromium, args=arguments)
        page = await browser.new_page(viewport={"width": WIDTH, "height": 844}, device_scale_factor=2)
        for html in pages:
            await page.goto(html.as_uri())
            sections = await page.locator("section[id]").all()
            for section in sections:
                name = await section.get_attribute("id")
                await section.screenshot(path=folder / f"{html.stem}.{name}.png")
            if not sections:
                await page.screenshot(path=folder / f"{html.stem}.png", full_page=True)
        await browser.close()


if __name__ == "__main__":
    main()
