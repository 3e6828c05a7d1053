"""The matcher: a message in, ranked articles out, without ever blocking the event loop.

The lexical leg works in a thread while the encoder runs, and so does the final ranking; see `retrieval.ranker` for
what is done, and `retrieval.index` for what is searched.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from retrieval.calibration import Calibration, load_calibration
from retrieval.index import MatchingIndex
from retrieval.message import read_message
from retrieval.ranker import Ranker, Vector
from retrieval.types import Match

EncodeOne = Callable[[str], Awaitable[Vector]]


class Matcher:
    """Matches messages against one index. `encode` turns one passage into its vector without blocking the event loop.

    Raises `CalibrationError` when the shipped calibration belongs to another encoder than the index.
    """

    def __init__(self, index: MatchingIndex, encode: EncodeOne, calibration: Calibration | None = None) -> None:
        self._ranker = Ranker(index, calibration or load_calibration(index.model_id))
        self._encode = encode
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="matcher")

    async def match(self, text: str, *, limit: int = 10) -> list[Match]:
        """Return the articles that may make the same claim, best first, at most `limit`. Takes any text."""
        loop = asyncio.get_running_loop()
        message = await loop.run_in_executor(self._thread, read_message, text)
        lexical = loop.run_in_executor(self._thread, self._ranker.propose_by_words, message)
        vectors = await asyncio.gather(*(self._encode(passage.text) for passage in message.passages))
        proposals = await lexical
        return await loop.run_in_executor(
            self._thread, lambda: self._ranker.rank(message, vectors, proposals, limit=limit)
        )

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False, cancel_futures=True)
