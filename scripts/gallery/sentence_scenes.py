"""Scenes of a sentence or two: what is said to a press, to small talk, in a group, and to what cannot be done."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bot.bubbles import burst, menu, notes
from bot.bubbles.consent import MAX_PUBLISHED, consent_messages, waiting_messages
from bot.bubbles.feedback import thanks_for_reason
from bot.bubbles.links import offer_title
from bot.bubbles.talk import nothing_asked_about, small_talk, too_short
from bot.bubbles.view import View
from bot.drafts import draft_of
from bot.flex import Part
from bot.menu import MenuItem
from bot.small_talk import SmallTalk
from scripts.gallery.more_scenes import EVENT_ID, Scene
from storage.articles import ArticleSummary
from storage.tables import Asker

Note = Callable[[View], tuple[Part, ...]]

NOTES: Mapping[str, Sequence[Note]] = {
    "notes": (notes.declined, notes.expired, notes.withdrawn, notes.nothing_to_read, notes.sticker),
    "notes-asking": (
        notes.wrong_match, notes.wrong_match_unknown, notes.cannot_publish, notes.too_many_questions,
        notes.too_late_to_take_back,
    ),
    "notes-thanks": (notes.noted, notes.nothing_to_note, notes.wording_kept, notes.wording_not_kept, burst.apart),
    "notes-group": (
        notes.hello_group, notes.how_to_ask_in_group, notes.cannot_see_quoted, notes.cannot_read, notes.goodbye,
    ),
}  # fmt: skip


def sentence_scenes(view: View, article: ArticleSummary) -> Iterator[Scene]:
    for name, shown in NOTES.items():
        yield name, [message for note in shown for message in note(view)]
    yield "small-talk", [message for talk in list(SmallTalk)[:5] for message in small_talk(view, talk)]
    yield "volunteering", small_talk(view, SmallTalk.VOLUNTEERING)
    yield (
        "nothing-asked-about",
        [
            message
            for quotes in (False, True)
            for message in nothing_asked_about(view, EVENT_ID, quotes=quotes, has_similar=quotes)
        ],
    )
    yield "too-short", too_short(view, EVENT_ID)
    yield "too-much", notes.too_much(view)
    yield "taken-back", [message for was_there in (True, False) for message in notes.taken_back(view, was_there)]
    yield "link", _link(view)
    yield "wording", waiting_messages(view, article, EVENT_ID)
    yield "consent-too-long", consent_messages(view, draft_of("長" * (MAX_PUBLISHED + 1)), EVENT_ID)
    yield "reason-given", thanks_for_reason(view, article.article_id, article.replies[0].reply_id)
    remarks = (MenuItem.WHY, MenuItem.COMMENT)
    yield "remark", [message for item in remarks for message in menu.how_to_remark(view, item)]
    yield "set", menu.set_messages(view, Asker(id="asker", large_text=view.large))


def merged_scene(replies: Sequence[Sequence[Mapping[str, Any]]]) -> Iterator[Scene]:
    """Different kinds of messages that came at once: more than LINE takes one by one."""
    yield "several-kinds", [dict(message) for message in burst.merged(replies)]


def _link(view: View) -> list[Part]:
    *before, last = consent_messages(view, draft_of("https://example.com/news/20200101"), EVENT_ID)
    told = (*notes.no_title(view), *notes.title_unknown(view, "檸檬水可以治癌症？醫師這樣說"))
    return [*before, offer_title(view, last, EVENT_ID), *told]
