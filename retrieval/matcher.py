"""The matcher: a message in, ranked articles out, without ever blocking the event loop.

The lexical leg works in a thread while the encoder runs, and so does all scoring; see `retrieval.ranker` for what is
done, and `retrieval.index` for what is searched.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from retrieval.calibration import Calibration, load_calibration
from retrieval.index import MatchingIndex
from retrieval.late_interaction import TokenText
from retrieval.message import Message, read_message
from retrieval.ranker import Ranker, Scored, SearchableIndex
from retrieval.second_look import EncodedTokens, EncodeTokens, TokenCache, to_token_text
from retrieval.types import Match

EncodeOne = Callable[[str], Awaitable[EncodedTokens]]
"""`BatchingEncoder(encoder.encode_tokens).encode`: one text to its vector and its tokens' vectors."""


class Matcher:
    """Matches messages against one index.

    Raises `CalibrationError` when the shipped calibration belongs to another encoder than the index.
    """

    def __init__(self, index: MatchingIndex, encode: EncodeOne, calibration: Calibration | None = None) -> None:
        self._ranker = Ranker(index, calibration or load_calibration(index.model_id))
        self._encode = encode
        self._tokens = TokenCache()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="matcher")

    async def match(self, text: str, *, limit: int = 10) -> list[Match]:
        """Return the articles that may make the same claim, best first, at most `limit`. Takes any text."""
        in_thread, thread = asyncio.get_running_loop().run_in_executor, self._thread
        message = await in_thread(thread, read_message, text)
        lexical = in_thread(thread, self._ranker.propose_by_words, message)
        encoded = await asyncio.gather(*(self._encode(passage.text) for passage in message.passages))
        vectors = [one.vector for one in encoded]
        scored = await in_thread(thread, self._ranker.first_look, message, vectors, await lexical)
        doubtful = await in_thread(thread, self._ranker.doubtful, message, scored)
        stretches = await asyncio.gather(*(self._tokens_of(stretch) for _, stretch in doubtful))

        def finish() -> list[Match]:
            again = _look_again(self._ranker, message, encoded, scored, doubtful, stretches)
            return self._ranker.judge(message, again, limit)

        return await in_thread(thread, finish)

    async def _tokens_of(self, text: str) -> TokenText:
        known = self._tokens.find(text)
        return known or self._tokens.keep(text, to_token_text(text, await self._encode(text)))

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False, cancel_futures=True)


class BlockingMatcher:
    """Does the same in the caller's thread: for the command line and for measuring."""

    def __init__(self, index: SearchableIndex, encode: EncodeTokens, calibration: Calibration) -> None:
        self._ranker = Ranker(index, calibration)
        self._encode = encode
        self._tokens = TokenCache()

    def match(self, text: str, *, limit: int = 10) -> list[Match]:
        """Return the articles that may make the same claim, best first, at most `limit`."""
        message = read_message(text)
        encoded = self._encode([passage.text for passage in message.passages])
        lexical = self._ranker.propose_by_words(message)
        scored = self._ranker.first_look(message, [one.vector for one in encoded], lexical)
        doubtful = self._ranker.doubtful(message, scored)
        stretches = [self._tokens.get(stretch, self._encode) for _, stretch in doubtful]
        return self._ranker.judge(
            message, _look_again(self._ranker, message, encoded, scored, doubtful, stretches), limit
        )


def _look_again(
    ranker: Ranker,
    message: Message,
    encoded: Sequence[EncodedTokens],
    scored: Sequence[Scored],
    doubtful: Sequence[tuple[int, str]],
    stretches: Sequence[TokenText],
) -> Sequence[Scored]:
    if not doubtful:
        return scored
    passages = {place: scored[place].passage for place, _ in doubtful}
    queries = {n: to_token_text(message.passages[n].text, encoded[n]) for n in set(passages.values())}
    looked_at = [
        (place, queries[passages[place]], stretch) for (place, _), stretch in zip(doubtful, stretches, strict=True)
    ]
    return ranker.second_look(scored, looked_at)
