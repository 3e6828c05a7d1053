"""The language of people who have not chosen one: LINE knows what theirs is set to.

Whoever adds the bot is welcomed in it: the welcome waits a moment for LINE. Where a message is the first that is heard
of somebody, it is answered at once, and LINE is asked afterwards. What was learned is stored as if they had chosen it,
so LINE is asked once, and the menu changes it; what they chose themselves is never touched.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.line_client import LineClient
from bot.line_errors import LineError
from bot.logs import class_name
from bot.rich_menu import show_rich_menu
from bot.wording import DEFAULT_LANGUAGE, choose_for_line
from storage.askers import learn_language
from storage.database import Database

WAIT_S = 1.0
"""How long a welcome waits for LINE."""
LATER_S = 1.0
"""How long after a first message LINE is asked: its answer is on its way by then."""
AT_ONCE = 2
MAX_PENDING = 100
"""First messages beyond these, in a flood, teach nothing; the next one of the same person may."""
ASK_AGAIN_S = 3600.0
MAX_ASKED = 10_000

log = structlog.get_logger()


class Newcomers:
    """Asks LINE for a person's language, once an hour at most where it did not tell."""

    def __init__(self, database: Database, line: LineClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._line = line
        self._clock = clock
        self._asked: OrderedDict[str, float] = OrderedDict()
        self._pending: dict[str, asyncio.Task[None]] = {}
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def learn(self, asker_id: str, user_id: str) -> str | None:
        """The language LINE tells, stored where the person has chosen none; None where it does not tell in time."""
        if self._was_asked(asker_id):
            return None
        self._asked[asker_id] = self._clock()
        self._asked.move_to_end(asker_id)
        while len(self._asked) > MAX_ASKED:
            self._asked.popitem(last=False)
        try:
            async with asyncio.timeout(WAIT_S):
                profile = await self._line.get_profile(user_id)
        except (LineError, TimeoutError) as error:  # a courtesy: the menu has all languages
            log.info("language_not_learned", error=error.code if isinstance(error, LineError) else "timeout")
            return None
        language = choose_for_line(profile.language)
        if language is not None:
            async with self._database.transaction() as session:
                await learn_language(session, asker_id, language)
        return language

    def learn_later(self, asker_id: str, user_id: str | None) -> None:
        """Do the same once the answer is out, and show them the menu in that language."""
        is_full = asker_id in self._pending or len(self._pending) >= MAX_PENDING
        if user_id is None or is_full or self._was_asked(asker_id):
            return
        task = asyncio.create_task(self._learn_later(asker_id, user_id))
        self._pending[asker_id] = task
        task.add_done_callback(lambda _: self._pending.pop(asker_id, None))

    def forget(self, asker_id: str) -> None:
        """Whoever has everything deleted is not written down a moment later."""
        self._asked.pop(asker_id, None)
        if task := self._pending.get(asker_id):
            task.cancel()

    async def close(self) -> None:
        tasks = list(self._pending.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _learn_later(self, asker_id: str, user_id: str) -> None:
        await asyncio.sleep(LATER_S)
        try:
            async with self._gate:
                language = await self.learn(asker_id, user_id)
                if language is not None and language != DEFAULT_LANGUAGE:
                    await show_rich_menu(self._line, user_id, language)
        except SQLAlchemyError as error:
            log.warning("language_not_stored", error=class_name(error))

    def _was_asked(self, asker_id: str) -> bool:
        return self._clock() - self._asked.get(asker_id, float("-inf")) < ASK_AGAIN_S
