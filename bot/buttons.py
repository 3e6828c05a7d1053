"""What a button carries: signed, versioned, self-contained postback data of at most 300 characters.

Nothing is remembered on our side, so a button works after a restart, a deploy and a month. A press says what is wanted
(`Press`) and about what (ids); whoever handles it looks up how things stand by then, so pressing twice is harmless.
The text is `1.<JSON>.<signature>`: readable in a debugger, useless without the secret key.
"""

import hashlib
import json
from copy import copy
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Self

from itsdangerous import BadData, BadSignature, Signer, URLSafeTimedSerializer

from bot.fit import units

MAX_DATA_CHARACTERS = 300
"""LINE's limit on a postback action's `data`."""

VERSION = "1"


class Press(StrEnum):
    """What a button asks for. The values are short because they travel, and never change meaning."""

    CHOOSE = "choose"
    """This candidate is my message: show its answer."""
    NONE_OF_THESE = "none"
    """None of the candidates is, or the answer was about something else: offer to ask the volunteers."""
    WHY = "why"
    """Why was this answer found for my message?"""
    MORE_REPLIES = "more"
    """Show the article's next replies."""
    AGREE = "yes"
    """Publish my message as shown, and ask the volunteers."""
    AGREE_MEDIA = "show"
    """Publish my picture, and the words read in it, as shown."""
    OFFER_MEDIA = "pick"
    """Of several pictures, this one: ask whether it may be published."""
    JOIN = "join"
    """The message is public already: count me among those who wait for an answer."""
    DECLINE = "no"
    """Publish nothing."""
    TOGGLE = "cut"
    """Show the consent again, with something put back or taken out."""
    WORDING = "words"
    """My words for a message that is known: ask whether they may be kept."""
    TAKE_BACK = "undo"
    """Take back what I asked about this article."""
    SEEN = "seen"
    """Where I saw the message: `kind` is a `SeenWhere`."""
    LOOK = "look"
    """What was found for this one of several messages."""
    TOGETHER = "whole"
    """Whether several messages are one: `kind` is `yes` or `no`."""
    LINK_TITLE = "title"
    """Look once more, by the title of the page that the message links to."""
    MENU = "menu"
    """What the menu offers: `kind` is a `MenuItem`."""
    SET = "set"
    """Change a setting: `kind` says which and to what."""
    FORGET = "forget"
    """Delete everything about me: `kind` is `ask`, and `sure` once that was confirmed."""
    MUTE = "mute"
    """Tell me nothing more about this article; without one, about any."""
    UNMUTE = "unmute"
    """Do tell me."""
    VOTE = "vote"
    """Whether this reply helped me: `kind` is a `Vote`."""
    VOTE_REASON = "because"
    """Why it did not: `kind` is a `FeedbackReason`."""


class Vote(StrEnum):
    """What somebody says of a reply. The values travel, and never change meaning."""

    HELPFUL = "up"
    NOT_HELPFUL = "down"
    NONE = "none"
    """I have nothing to say of it any more."""


@dataclass(frozen=True, slots=True)
class Action:
    """A press, verified: it was written by us and by nobody else."""

    press: Press
    article_id: str | None = None
    event_id: str | None = None
    """The inbox event that held the asker's message."""
    probability: float | None = None
    """What the match was worth when the button was made."""
    kind: str | None = None
    """What the match rests on (`bot.labels.Reason`), what a vote says, or why."""
    offset: int = 0
    """How many of the article's replies have been shown."""
    decision_id: str | None = None
    """The `MatchDecision` behind the message that the button stood in."""
    reply_id: str | None = None
    kept: int = 0
    """Which findings are to stay in what becomes public (`bot.drafts.Draft.kept`)."""
    mark: str | None = None
    """The mark of the text that was shown."""


class Buttons:
    """Writes and reads postback data under one secret key."""

    def __init__(self, secret_key: str) -> None:
        signer = partial(Signer, salt="chaming.buttons", digest_method=hashlib.sha256)
        key = signer(secret_key, key_derivation="hmac").derive_key()  # once: a signer would do it for every button
        self._signer = signer(key, key_derivation="none")
        self._links = URLSafeTimedSerializer(
            secret_key, salt="chaming.links", signer_kwargs={"digest_method": hashlib.sha256}
        )
        self._decision_id: str | None = None

    def about(self, decision_id: str | None) -> Self:
        """A maker whose buttons all name this decision, so that a press is known to be about it."""
        bound = copy(self)
        bound._decision_id = decision_id
        return bound

    def encode(
        self,
        press: Press,
        *,
        article_id: str | None = None,
        reply_id: str | None = None,
        event_id: str | None = None,
        probability: float | None = None,
        kind: str | None = None,
        offset: int = 0,
        kept: int = 0,
        mark: str | None = None,
    ) -> str:
        """Return postback data; raise ValueError when the ids are too long for LINE."""
        fields = {
            "a": article_id,
            "r": reply_id,
            "e": event_id,
            "p": None if probability is None else round(probability, 3),
            "k": kind,
            "o": offset or None,
            "d": self._decision_id,
            "c": kept or None,
            "h": mark,
        }
        payload = [press.value, {name: value for name, value in fields.items() if value is not None}]
        text = f"{VERSION}.{json.dumps(payload, ensure_ascii=False, separators=(',', ':'))}"
        data = self._signer.sign(text).decode()
        if units(data) > MAX_DATA_CHARACTERS:
            raise ValueError(f"a {press.value!r} button needs {len(data)} characters, LINE takes {MAX_DATA_CHARACTERS}")
        return data

    def decode(self, data: str) -> Action | None:
        """Return what the button says, or None when it is not ours, was changed, or is of a version unknown here."""
        try:
            version, _, payload = self._signer.unsign(data).decode().partition(".")
        except (BadSignature, UnicodeError):
            return None
        return _to_action(payload) if version == VERSION else None

    def sign_link(self, purpose: str, subject: str) -> str:
        """A token for a page of one person's: whoever has the link has the page, for as long as it is honoured."""
        return self._links.dumps([purpose, subject, self._decision_id])

    def read_link(self, purpose: str, token: str, *, max_age_s: int) -> tuple[str, str | None] | None:
        """Subject and decision of a token made for this purpose; None when it is not ours, or too old."""
        try:
            made_for, subject, decision_id = self._links.loads(token, max_age=max_age_s)
        except (BadData, ValueError, TypeError):
            return None
        return (subject, decision_id) if made_for == purpose else None


def _to_action(payload: str) -> Action | None:
    """Read a signed payload; a later release may have signed presses and fields that this one does not know."""
    try:
        press, fields = json.loads(payload)
        return Action(
            Press(press),
            article_id=fields.get("a"),
            event_id=fields.get("e"),
            probability=fields.get("p"),
            kind=fields.get("k"),
            offset=fields.get("o", 0),
            decision_id=fields.get("d"),
            reply_id=fields.get("r"),
            kept=fields.get("c", 0),
            mark=fields.get("h"),
        )
    except (ValueError, TypeError, AttributeError):
        return None
