"""The short plain sentences: what the bot says when there is nothing to show."""

from bot.bubbles.view import View
from bot.flex import Part, text_message
from bot.labels import Reason, how_sure, why_found
from moderation.intake import RequestReceipt


def nothing_to_read(view: View) -> tuple[Part, ...]:
    return _said(
        view.words("I could not find any words to look up in it. Please send me the text or the link of the message.")
    )


def expired(view: View) -> tuple[Part, ...]:
    """A button whose message is erased by now, or that is not ours."""
    return _said(view.words("This button is too old to be used. Please forward the message to me once more."))


def withdrawn(view: View) -> tuple[Part, ...]:
    return _said(view.words("This check has been withdrawn and is no longer shown."))


def declined(view: View) -> tuple[Part, ...]:
    return _said(view.words("All right. Nothing was published, and your message is erased here."))


def cannot_publish(view: View) -> tuple[Part, ...]:
    return _said(view.words("This message cannot be published here."))


def wrong_match(view: View) -> tuple[Part, ...]:
    """Said before asking whether the volunteers should look at the message."""
    return _said(view.words("Thank you for telling me. Then it has not been checked yet, as far as I can find."))


def wrong_match_unknown(view: View) -> tuple[Part, ...]:
    return _said(view.words("Thank you for telling me. Volunteers can look at the page and correct it."))


def receipt(view: View, request: RequestReceipt) -> tuple[Part, ...]:
    """The volunteers were asked: the person's place among those who ask, and where the answer will stand."""
    if not request.is_new:
        return asked_before(view, request.article_id)
    thanks = view.words.plural(
        "Thank you! The volunteers can see it now. You are the first to ask.",
        "Thank you! The volunteers can see it now. You are number {number} to ask.",
        request.nth,
    )
    look = view.words("I will tell you when volunteers have answered. You can also look here:")
    return _said(f"{thanks}\n{look}\n{view.article_url(request.article_id)}")


def asked_before(view: View, article_id: str) -> tuple[Part, ...]:
    """How the person's earlier question stands."""
    waiting = view.words("You have asked about this message already. Volunteers have not answered yet.")
    look = view.words("Send me the message again later to see the answer, or look here:")
    return _said(f"{waiting}\n{look}\n{view.article_url(article_id)}")


def why(view: View, reason: Reason, probability: float) -> tuple[Part, ...]:
    """How the answer was found, without jargon."""
    words = view.words
    how = words(
        "I compare your message with all that volunteers have checked: its words, its links and what it means. "
        "Numbers, dates and words like “not” must agree. I can be wrong, so please compare for yourself."
    )
    return _said(f"{why_found(words, reason)}\n{how_sure(words, probability)}\n\n{how}")


def sticker(view: View) -> tuple[Part, ...]:
    return _said(view.words("Thank you! If a message makes you doubt, forward it to me and I will look it up."))


def cannot_read(view: View, kind: str) -> tuple[Part, ...]:
    """What the bot cannot do today, and what would help instead."""
    words = view.words
    if kind == "image":
        return _said(words("I cannot read pictures yet. If there are words in it, please type or paste them for me."))
    if kind in {"video", "audio"}:
        return _said(words("I cannot watch or listen yet. Please send me its title or link, or what is said in it."))
    return _said(words("I cannot read this kind of message yet. Please send me text or a link."))


def hello_group(view: View) -> tuple[Part, ...]:
    return _said(
        view.words(
            "Hello, I am 查明. I stay silent here and keep nothing you say. Mention me with @ together with a message "
            "to look it up. I speak up by myself only when a message is surely known to be false."
        )
    )


def how_to_ask_in_group(view: View) -> tuple[Part, ...]:
    return _said(view.words("Please put the message you want to look up in the same text as @me."))


def _said(text: str) -> tuple[Part, ...]:
    return (text_message(text),)
