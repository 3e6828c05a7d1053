"""The matcher: a message in, ranked articles out, without ever blocking the event loop for long.

A thread does all that needs no vector: the lexical leg and what its proposals share with the message, before the
encoder runs where that may be enough, and what contradicts the message in the best of them, while it runs. Scoring is
done there too; see `retrieval.ranker` for what is done, and `retrieval.index` for what is searched.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from retrieval.calibration import Calibration, load_calibration
from retrieval.index import MatchingIndex
from retrieval.message import read_message
from retrieval.normalise import key_hash
from retrieval.ranker import ByWords, Ranker, SearchableIndex
from retrieval.texts import well_formed
from retrieval.types import Encode, Match, TellCopies, Vector

EncodeOne = Callable[[str], Awaitable[Vector]]
"""`BatchingEncoder(encoder.encode).encode`: one text to its vector."""

READ_AT_ONCE = 500
"""Characters of a message that is read where it arrives, in half a millisecond; a longer one is read in the thread."""


class Matcher:
    """Matches messages against one index.

    Raises `CalibrationError` when the shipped calibration belongs to another encoder than the index.
    """

    def __init__(self, index: MatchingIndex, encode: EncodeOne, calibration: Calibration | None = None) -> None:
        self._ranker = Ranker(index, calibration or load_calibration(index.model_id))
        self._encode = encode
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="matcher")

    def match_words(self, text: str, *, limit: int = 10) -> list[Match]:
        """Return the articles that say the very same, decoration aside. Takes no encoder and next to no time."""
        found = self._ranker.same_words(key_hash(well_formed(text)))
        return self._ranker.judge(read_message(text), found, limit) if found else []

    async def match(self, text: str, *, limit: int = 10, tell_copies: TellCopies | None = None) -> list[Match]:
        """Return the articles that may make the same claim, best first, at most `limit`. Takes any text.

        `tell_copies` is given the answers that need no encoder, the articles whose near copy the text is; mostly there
        are none. A text that may have any is encoded once it returns, and not at all if the match is stopped by then.
        """
        in_thread, thread = asyncio.get_running_loop().run_in_executor, self._thread
        is_short = len(text) <= READ_AT_ONCE
        message = read_message(text) if is_short else await in_thread(thread, read_message, text)

        def find_words() -> tuple[ByWords, list[Match]]:
            words = self._ranker.propose_by_words(message)
            copies = self._ranker.near_copies(message, words) if tell_copies else []
            return words, self._ranker.judge(message, copies, limit) if copies else []

        async def propose() -> ByWords:
            words, copies = await in_thread(thread, find_words)
            if tell_copies:
                await tell_copies(copies)
            return words

        proposed = await propose() if tell_copies and len(message.passages) == 1 else None
        encoding = asyncio.gather(*(self._encode(passage.text) for passage in message.passages))

        async def check_ahead() -> ByWords:
            words = proposed or await propose()
            if not encoding.done():
                await in_thread(thread, partial(self._ranker.check_ahead, message, words, until=encoding.done))
            return words

        vectors, words = await asyncio.gather(encoding, check_ahead())

        def look() -> list[Match]:
            return self._ranker.judge(message, self._ranker.look(message, vectors, words), limit)

        return await in_thread(thread, look)

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False, cancel_futures=True)


class BlockingMatcher:
    """Does the same in the caller's thread: for the command line and for measuring."""

    def __init__(self, index: SearchableIndex, encode: Encode, calibration: Calibration) -> None:
        self._ranker = Ranker(index, calibration)
        self._encode = encode

    def match(self, text: str, *, limit: int = 10) -> list[Match]:
        """Return the articles that may make the same claim, best first, at most `limit`."""
        message = read_message(text)
        vectors = self._encode([passage.text for passage in message.passages])
        scored = self._ranker.look(message, list(vectors), self._ranker.propose_by_words(message))
        return self._ranker.judge(message, scored, limit)
