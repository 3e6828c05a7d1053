"""What a group has just said, for as long as a setting allows: so that a quoted message can be looked up.

LINE tells a bot which message is quoted, never what it says. Of a picture or recording only the kind is remembered:
LINE hands it out by its id. The buffer is in this process' memory alone and never on disk; with several processes a
message may be in another's, and then the bot explains how to ask. Off by default, since people in a group have not
agreed to anything: `GROUP_BUFFER_MINUTES` turns it on, ten minutes at most.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

MAX_MESSAGES = 5_000
"""Of all groups together; at 5,000 characters each that is 25 MB at worst, and about 1 MB of what people write."""


@dataclass(frozen=True, slots=True)
class SentMedia:
    """A picture, video or recording, and nothing of what is in it."""

    kind: Literal["image", "video", "audio"]


class GroupBuffer:
    """What groups sent, by chat and message id."""

    def __init__(self, minutes: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._keep_s = minutes * 60
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str], tuple[float, str | SentMedia]] = OrderedDict()

    @property
    def is_on(self) -> bool:
        return self._keep_s > 0

    def remember(self, chat: str, message_id: str, sent: str | SentMedia) -> None:
        """Keep a text, or its new words, or that there was a picture, for a while."""
        if not self.is_on:
            return
        self._forget_old()
        self._kept.pop((chat, message_id), None)
        self._kept[chat, message_id] = (self._clock() + self._keep_s, sent)
        while len(self._kept) > MAX_MESSAGES:
            self._kept.popitem(last=False)

    def find(self, chat: str, message_id: str) -> str | SentMedia | None:
        self._forget_old()
        kept = self._kept.get((chat, message_id))
        return kept[1] if kept else None

    def forget(self, chat: str, message_id: str) -> None:
        """Somebody took the message back."""
        self._kept.pop((chat, message_id), None)

    def forget_chat(self, chat: str) -> None:
        """The bot has left."""
        for key in [key for key in self._kept if key[0] == chat]:
            del self._kept[key]

    def _forget_old(self) -> None:
        now = self._clock()
        while self._kept and next(iter(self._kept.values()))[0] <= now:
            self._kept.popitem(last=False)
