"""The one reply to several messages: what was found for each, side by side."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.bubbles.know_more import leads_to_knowing_more
from bot.bubbles.view import MAX_CAROUSEL_BYTES, View, fitted
from bot.buttons import Press
from bot.decide import Answer, Candidates, Outcome
from bot.fit import clean, cut, json_bytes, one_line, split
from bot.flex import (
    MAX_LABEL,
    MAX_MESSAGE_TEXT,
    Part,
    bubble,
    button,
    carousel,
    label,
    postback,
    quote,
    text,
    text_message,
)
from bot.labels import VERDICTS, verdict_label
from bot.outcome import MAX_MESSAGES

MAX_QUOTE = 120
MAX_REPLY = 120
MAX_BUBBLES = 12
MAX_QUICK_REPLIES = 13


@dataclass(frozen=True, slots=True)
class Found:
    """One of the messages, and what was found for it. Its view's buttons name the decision."""

    event_id: str
    text: str
    outcome: Outcome
    view: View


def burst_messages(view: View, found: Sequence[Found]) -> tuple[Part, ...]:
    """The question whether they came together, and a bubble for each."""
    told = view.words(
        "I looked up your {number} messages one by one; swipe to see each. Did they come to you as one message?",
        number=len(found),
    )
    container = fitted(lambda limit: carousel([_bubble(one, limit) for one in found]), MAX_CAROUSEL_BYTES)
    heading = view.words("I looked up your {number} messages.", number=len(found))
    message = view.message(heading, container)
    message["quickReply"] = {"items": [{"type": "action", "action": action} for action in _together(view, found)]}
    return (text_message(told), message)


def apart(view: View) -> tuple[Part, ...]:
    return (text_message(view.words("All right. Please look at each of them above.")),)


def merged(replies: Sequence[Sequence[Mapping[str, Any]]]) -> tuple[Mapping[str, Any], ...]:
    """Several replies as one: as they are while there is room, else all bubbles in one carousel behind all words.

    What stands below the last of them would not tell which article it leads to, so no link to one is among it. Of two
    that read alike, say "I want to know too", each has the number of the reply that it belongs to.
    """
    answered = [reply for reply in replies if reply]
    offers = [_offers([reply]) for reply in answered]
    if len(answered) > 1:
        offers = [[item for item in items if not leads_to_knowing_more(item["action"])] for items in offers]
        answered, offers = _told_apart(answered, offers)
    return _offering([message for reply in answered for message in reply], [item for items in offers for item in items])


def said_first(told: Sequence[Mapping[str, Any]], reply: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """One reply behind what is more urgent, with all that it offers."""
    return _offering([*told, *reply], _offers([told, reply]))


def _told_apart(
    replies: Sequence[Sequence[Mapping[str, Any]]], offers: Sequence[list[Part]]
) -> tuple[list[Sequence[Mapping[str, Any]]], list[list[Part]]]:
    """The replies and what each offers, numbered where an offer reads like another one's and does something else."""
    meant: defaultdict[str, set[str]] = defaultdict(set)
    for item in (item for items in offers for item in items):
        meant[item["action"]["label"]].add(_does(item))
    numbered = [any(len(meant[item["action"]["label"]]) > 1 for item in items) for items in offers]
    shown = [
        [_numbered(reply[0], _sign(place)), *reply[1:]] if numbered[place] else reply
        for place, reply in enumerate(replies)
    ]
    items_shown = [
        [
            _with_label(item, f"{_sign(place)}{item['action']['label']}")
            if len(meant[item["action"]["label"]]) > 1
            else item
            for item in items
        ]
        for place, items in enumerate(offers)
    ]
    return shown, items_shown


def _sign(place: int) -> str:
    """①, ②, …: a burst is never longer than there are such signs."""
    return chr(ord("①") + place)


def _does(item: Part) -> str:
    action = item["action"]
    return str(action.get("data", action.get("uri")))


def _with_label(item: Part, words: str) -> Part:
    caption = cut(words, MAX_LABEL)
    said = {"displayText": caption} if "displayText" in item["action"] else {}
    return {**item, "action": {**item["action"], "label": caption, **said}}


def _numbered(message: Mapping[str, Any], sign: str) -> Mapping[str, Any]:
    """The message with its number before its words, or at the top of its bubbles."""
    if message["type"] == "text":
        return {**message, "text": cut(f"{sign} {message['text']}", MAX_MESSAGE_TEXT)}
    if message["type"] != "flex":
        return message
    bubbles = [_numbered_bubble(one, sign) for one in _bubbles(message)]
    return {**message, "contents": bubbles[0] if len(bubbles) == 1 else carousel(bubbles)}


def _numbered_bubble(one: Part, sign: str) -> Part:
    body = one.get("body")
    return {**one, "body": {**body, "contents": [label(sign), *body["contents"]]}} if body else one


def _offers(replies: Sequence[Sequence[Mapping[str, Any]]]) -> list[Part]:
    return [item for reply in replies for one in reply for item in one.get("quickReply", {}).get("items", [])]


def _offering(messages: Sequence[Mapping[str, Any]], items: Sequence[Part]) -> tuple[Mapping[str, Any], ...]:
    """LINE shows what can be pressed below the last message only, so all of it has to stand there."""
    if not messages:
        return ()
    *before, last = [{name: value for name, value in one.items() if name != "quickReply"} for one in _in_few(messages)]
    each = list({_does(item): item for item in items}.values())
    return (*before, {**last, "quickReply": {"items": each[:MAX_QUICK_REPLIES]}} if each else last)


def _in_few(messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """As many messages as LINE takes."""
    if len(messages) <= MAX_MESSAGES:
        return list(messages)
    bubbles = [bubble for message in messages if message["type"] == "flex" for bubble in _bubbles(message)]
    words = list(dict.fromkeys(message["text"] for message in messages if message["type"] == "text"))
    told = [text_message(part) for part in split("\n\n".join(words), MAX_MESSAGE_TEXT)]
    drawn = [message for message in messages if message["type"] not in {"flex", "text"}]
    alt_text = next((message["altText"] for message in messages if message["type"] == "flex"), "")
    shown = [{"type": "flex", "altText": alt_text, "contents": part} for part in _carousels(bubbles)]
    return [*told, *drawn, *shown][:MAX_MESSAGES]


def _bubbles(message: Mapping[str, Any]) -> list[Part]:
    contents = message["contents"]
    return list(contents["contents"]) if contents["type"] == "carousel" else [contents]


def _carousels(bubbles: Sequence[Part]) -> list[Part]:
    """As many in each as LINE takes."""
    groups: list[list[Part]] = []
    for one in bubbles:
        if groups and len(groups[-1]) < MAX_BUBBLES and json_bytes(carousel([*groups[-1], one])) <= MAX_CAROUSEL_BYTES:
            groups[-1].append(one)
        else:
            groups.append([one])
    return [carousel(group) for group in groups]


def _bubble(found: Found, limit: int) -> Part:
    view = found.view
    asked = cut(one_line(clean(found.text)), min(limit, MAX_QUOTE))
    told, action = _told(found, min(limit, MAX_REPLY))
    return bubble([label(view.words("Your message")), quote(asked, lines=3), *told], footer=[button(action, "primary")])


def _told(found: Found, limit: int) -> tuple[list[Part], Part]:
    """What was found, in a line or two, and the way to all of it."""
    view, outcome = found.view, found.outcome
    if isinstance(outcome, Answer):
        best = outcome.candidate.replies[0]
        verdict = f"{VERDICTS[best.verdict].sign} {verdict_label(view.words, best.verdict)}"
        data = view.buttons.encode(Press.CHOOSE, article_id=outcome.candidate.article.article_id)
        said = [text(verdict, weight="bold", size="lg"), text(cut(one_line(clean(best.text)), limit))]
        return said, postback(view.words("See the check"), data)
    look = view.buttons.encode(Press.LOOK, event_id=found.event_id)
    if isinstance(outcome, Candidates):
        similar = view.words("I am not sure. There are similar messages that were checked.")
        return [text(similar)], postback(view.words("See similar ones"), look)
    if outcome.unanswered:
        waiting = view.words("Others have asked about it. It has not been checked yet.")
        return [text(waiting)], postback(view.words("I want to know too"), look)
    return [text(view.words("Nobody has checked it yet, as far as I can find."))], postback(
        view.words("Ask the volunteers"), look
    )


def _together(view: View, found: Sequence[Found]) -> list[Part]:
    ids = ",".join(one.event_id for one in found)
    try:
        yes = view.buttons.encode(Press.TOGETHER, event_id=ids, kind="yes")
    except ValueError:  # ids of another kind than LINE's own are too long for a button
        return []
    no = view.buttons.encode(Press.TOGETHER, kind="no")
    return [postback(view.words("Yes, one message"), yes), postback(view.words("No, separate ones"), no)]
