"""What is said about pictures, videos and recordings: what was read in them, the consent to publish them, and why not.

A picture cannot be shown again inside a bubble before it is public, so what is asked quotes the message that holds it:
LINE shows it in small above the words.
"""

from collections.abc import Sequence

from bot.bubbles.consent import ASK, MAX_IN_BUBBLE
from bot.bubbles.view import View
from bot.buttons import Press
from bot.drafts import Draft
from bot.fit import clean, cut
from bot.flex import QUIET, Part, bubble, button, label, postback, quote, text, text_message, uri
from bot.media.covering import FACE, PrivatePart, promise_of
from bot.media.reading import Reading
from bot.wording import marked
from storage.personal_data import MASK

FACES = marked(
    "I cover the faces that I find. If volunteers need to see one of them, uncover it first with the lowest button."
)

MAX_OFFERS = 12
"""LINE takes 13 quick replies."""
MAX_READ = 300
"""UTF-16 units of what was read that stand above an answer: enough to see that it was read right."""

THIS = {
    "image": marked("This would become public: your picture, as it is above"),
    "video": marked("This would become public: your video, as it is above"),
    "audio": marked("This would become public: your recording, as it is above"),
}
WORDS_IN = {
    "image": marked("… and these words, which I read in it"),
    "video": marked("… and these words, which I heard in it"),
    "audio": marked("… and these words, which I heard in it"),
}
NOT_FOUND = {
    "image": marked(
        "Nobody has checked this picture yet, as far as I can find. "
        "That does not make it true or false: please wait before passing it on."
    ),
    "video": marked(
        "Nobody has checked this video yet, as far as I can find. "
        "That does not make it true or false: please wait before passing it on."
    ),
    "audio": marked(
        "Nobody has checked this recording yet, as far as I can find. "
        "That does not make it true or false: please wait before passing it on."
    ),
}
WHY_NO_WORDS = {
    Reading.MISSING: marked("I cannot read the words in pictures at the moment, so I only compared how it looks."),
    Reading.TOO_SLOW: marked("I could not read the words in it in time, so I only compared how it looks."),
}
WHY_NO_SPEECH = {
    "video": marked(
        "I compared how it looks and sounds, but I cannot follow what is said in it. "
        "If you tell me that in words, or send me its title or link, I can look it up."
    ),
    "audio": marked(
        "I compared how it sounds, but I cannot follow what is said in it. "
        "If you tell me that in words, or send me its title or link, I can look it up."
    ),
}
TYPE_THEM = marked("If there are words in it, you can type or paste them for me.")

ABOUT_THIS = marked("About this one:")

GONE = marked("LINE no longer has it, so I cannot look at it. Please send it to me once more.")
NOT_READY = marked("LINE has not handed it to me yet. Please send it to me once more in a minute.")
TOO_LARGE = {
    "image": marked("This picture is too large for me. A screenshot of it is enough."),
    "video": marked("This video is too large or too long for me. Please send me its title or link, or what is said."),
    "audio": marked("This recording is too large or too long for me. Please tell me in words what is said in it."),
}
UNREADABLE = {
    "image": marked("I could not open this picture. A screenshot of it may work."),
    "video": marked("I could not open this video. Please send me its title or link, or what is said in it."),
    "audio": marked("I could not open this recording. Please tell me in words what is said in it."),
}
TOO_SLOW = marked(
    "I could not look at it in time, because much is going on. Please send it to me once more in a few minutes."
)
CANNOT_WATCH = marked("I cannot watch or listen yet. Please send me its title or link, or what is said in it.")
EXTERNAL = marked("It was sent by an app that keeps it to itself, so I cannot look at it. A screenshot of it may work.")


def what_was_read(view: View, read: str, kind: str = "image") -> Part:
    """Said above an answer that rests on the words in a picture, so that a slip in reading is seen."""
    caption = view.words("I read this in your picture:") if kind == "image" else view.words("I heard this in it:")
    return text_message(f"{caption}\n{cut(clean(read), MAX_READ)}")


def not_found(view: View, kind: str, quote_token: str | None, reading: Reading | None = None) -> Part:
    """An honest "not checked yet" that quotes the message, and what was not looked at."""
    said = [view.words(NOT_FOUND[kind])]
    if kind in WHY_NO_SPEECH and reading != Reading.READ:
        said.append(view.words(WHY_NO_SPEECH[kind]))
    elif reading in WHY_NO_WORDS:
        said += [view.words(WHY_NO_WORDS[reading]), view.words(TYPE_THEM)]
    return quoting(text_message("\n".join(said)), quote_token)


def which_picture(view: View, event_ids: Sequence[str]) -> Part:
    """None of several pictures is known: each can be asked about, by its place among them."""
    offers = [
        postback(
            view.words("Picture {number}", number=number),
            view.buttons.encode(Press.OFFER_MEDIA, event_id=event_id),
        )
        for number, event_id in enumerate(event_ids[:MAX_OFFERS], start=1)
    ]
    told = view.words(
        "Nobody has checked these pictures yet, as far as I can find. "
        "That does not make them true or false. Which one shall the volunteers look at?"
    )
    return text_message(told, offers)


def this_picture(view: View, number: int, quote_token: str | None) -> Part:
    """Said above what was found for one of several pictures."""
    return quoting(text_message(view.words("About picture {number}:", number=number)), quote_token)


def others_unknown(view: View, number: int) -> Part:
    return text_message(
        view.words.plural(
            "I found nothing about one other picture. Please send it by itself if you doubt it.",
            "I found nothing about {number} other pictures. Please send the one you doubt by itself.",
            number,
        )
    )


def consent(view: View, kind: str, draft: Draft | None, event_id: str, parts: Sequence[PrivatePart] = ()) -> Part:
    """Everything that would become public of a picture, how much of it is covered, and the question whether it may."""
    covered, mark = len(parts), promise_of(draft.public if draft else None, parts)
    words = [label(view.words(WORDS_IN[kind])), quote(cut(draft.public, MAX_IN_BUBBLE))] if draft else []
    body = [
        text(view.words(ASK), weight="bold", size="lg"),
        label(_this(view, kind, covered)),
        *words,
        *_masked(view, kind, draft, parts),
        text(
            view.words(
                "Anyone will be able to see and reuse it (CC0), with everything that can be seen or heard in it. "
                "Place and time that a camera wrote into it are taken out. "
                "Your name and your LINE account stay private."
            ),
            color=QUIET,
        ),
    ]
    yes = view.buttons.encode(Press.AGREE_MEDIA, event_id=event_id, mark=mark)
    no = view.buttons.encode(Press.DECLINE, event_id=event_id)
    page = [button(uri(view.words("Cover parts, say why"), view.picture_draft_url(event_id)), "link")]
    footer = [
        button(postback(view.words("Yes, please ask"), yes), "primary"),
        button(postback(view.words("No, thank you"), no)),
        *(page if kind == "image" else ()),
    ]
    return view.message(view.words("Not checked yet. Shall I ask the volunteers?"), bubble(body, footer=footer))


def told(view: View, what: str, quote_token: str | None = None) -> tuple[Part, ...]:
    """One plain sentence."""
    return (quoting(text_message(view.words(what)), quote_token),)


def quoting(message: Part, quote_token: str | None) -> Part:
    """The message as an answer to the one that the token stands for."""
    return {**message, "quoteToken": quote_token} if quote_token else message


def _this(view: View, kind: str, covered: int) -> str:
    if not covered:
        return view.words(THIS[kind])
    return view.words.plural(
        "This would become public: your picture, with one part of it covered",
        "This would become public: your picture, with {number} parts of it covered",
        covered,
    )


def _masked(view: View, kind: str, draft: Draft | None, parts: Sequence[PrivatePart]) -> list[Part]:
    """What was taken out of the words, and of the picture: a recording cannot be covered."""
    faces = [text(view.words(FACES), color=QUIET)] if any(part.kind == FACE for part in parts) else []
    if kind == "image" and any(part.kind != FACE for part in parts):
        told = view.words("What may tell who somebody is, I cover in the picture and in its words ({mask}).", mask=MASK)
    elif draft is not None and draft.findings:
        told = view.words(
            "In the words I took out what may tell who somebody is ({mask}); what was sent still shows it.",
            mask=MASK,
        )
    else:
        return faces
    return [text(told, color=QUIET), *faces]
