"""Scenes beside the answer itself: why it was found, the menu, what is told later, pictures and recordings."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from bot.bubbles import media, menu, notes
from bot.bubbles.notice import News, muted, notice_messages, unmuted
from bot.bubbles.view import View
from bot.bubbles.why import Why, why_messages
from bot.drafts import draft_of
from bot.flex import Part
from bot.labels import Reason
from bot.media.covering import FACE, PrivatePart
from bot.media.reading import Reading
from retrieval.explain import explain
from storage.articles import ArticlePage
from storage.personal_data import Kind
from storage.questions import Progress, Question
from storage.tables import Asker, NoticeKind, Verdict

PUBLIC_URL = "https://chaming.example.tw"
EVENT_ID = "01FZ74A0TDDPYRVKNK77XKC3ZR"

Scene = tuple[str, Sequence[Part]]


def media_scenes(view: View, read: str) -> Iterator[Scene]:
    """Pictures, videos and recordings: what was read or heard, what would become public, and why not."""
    personal = draft_of(f"{read}\n請打0912-345-678找王小明先生")
    found = ((Kind.PHONE, "0912-345-678"), (Kind.NAME, "王小明"), (FACE, ""))
    covered = [PrivatePart(kind, told, ()) for kind, told in found]
    for kind in ("image", "video", "audio"):
        yield f"{kind}-read", [media.what_was_read(view, read, kind)]
        yield (
            f"{kind}-unknown",
            [
                media.not_found(view, kind, None, Reading.READ),
                media.consent(view, kind, personal, EVENT_ID, covered if kind == "image" else ()),
            ],
        )
        yield f"{kind}-unread", [media.not_found(view, kind, None, Reading.MISSING)]
        refused = (media.TOO_LARGE[kind], media.UNREADABLE[kind])
        yield f"{kind}-refused", [message for why in refused for message in media.told(view, why)]
    yield (
        "pictures",
        [
            media.which_picture(view, [EVENT_ID] * 3),
            media.this_picture(view, 2, None),
            media.others_unknown(view, 2),
        ],
    )
    reasons = (media.GONE, media.NOT_READY, media.TOO_SLOW, media.CANNOT_WATCH, media.EXTERNAL)
    yield "media-refused", [*(message for why in reasons for message in media.told(view, why))]
    yield "media-in-group", list(notes.cannot_read(view))


def why_scenes(view: View, told: str) -> Iterator[Scene]:
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


def menu_scenes(view: View, pages: Sequence[ArticlePage]) -> Iterator[Scene]:
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


def notice_scenes(view: View, pages: Sequence[ArticlePage], disputed: ArticlePage) -> Iterator[Scene]:
    """What people are told later."""

    def news(kind: NoticeKind, page: ArticlePage, before: Verdict | None = None, **fields: Any) -> News:
        return News(kind, dataclasses.replace(page.summary, **fields), page.summary.text or "", before)

    answered = news(NoticeKind.ANSWERED, pages[0])
    corrected = news(NoticeKind.CORRECTED, pages[-1])
    yield "notice-answered", notice_messages(view, [answered])
    yield "notice-corrected", notice_messages(view, [corrected])
    changed = next(verdict for verdict in Verdict if verdict != answered.now)
    yield "notice-changed", notice_messages(view, [news(NoticeKind.WITHDRAWN, pages[0], changed)])
    yield "notice-withdrawn", notice_messages(view, [news(NoticeKind.WITHDRAWN, pages[1], replies=())])
    yield "notice-several", notice_messages(view, [corrected, answered, news(NoticeKind.ANSWERED, disputed)])
    yield "notice-stopped", [*muted(view, pages[0].summary.article_id), *muted(view, None), *unmuted(view)]
