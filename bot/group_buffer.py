"""What a group has just said, for as long as a setting allows: so that a quoted message can be looked up.

LINE tells a bot which message is quoted, never what it says. The buffer is in this process' memory alone and never on
disk; with several processes a message may be in another's, and then the bot explains how to ask. Off by default, since
people in a group have not agreed to anything: `GROUP_BUFFER_MINUTES` turns it on, ten minutes at most.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

MAX_MESSAGES = 5_000
"""Of all groups together; at 5,000 characters each that is 25 MB at worst, and about 1 MB of what people write."""


class GroupBuffer:
    """The texts of groups, by chat and message id."""

    def __init__(self, minutes: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._keep_s = minutes * 60
        self._clock = clock
        self._texts: OrderedDict[tuple[str, str], tuple[float, str]] = OrderedDict()

    @property
    def is_on(self) -> bool:
        return self._keep_s > 0

    def remember(self, chat: str, message_id: str, text: str) -> None:
        """Keep a text, or its new words, for a while."""
        if not self.is_on:
            return
        self._forget_old()
        self._texts.pop((chat, message_id), None)
        self._texts[chat, message_id] = (self._clock() + self._keep_s, text)
        while len(self._texts) > MAX_MESSAGES:
            self._texts.popitem(last=False)

    def find(self, chat: str, message_id: str) -> str | None:
        self._forget_old()
        kept = self._texts.get((chat, message_id))
        return kept[1] if kept else None

    def forget(self, chat: str, message_id: str) -> None:
        """Somebody took the message back."""
        self._texts.pop((chat, message_id), None)

    def forget_chat(self, chat: str) -> None:
        """The bot has left."""
        for key in [key for key in self._texts if key[0] == chat]:
            del self._texts[key]

    def _forget_old(self) -> None:
        now = self._clock()
        while self._texts and next(iter(self._texts.values()))[0] <= now:
            self._texts.popitem(last=False)
