"""The matcher: a message in, ranked articles out, without ever blocking the event loop for long.

While the encoder runs, a thread does all that needs no vector: the lexical leg, and what its proposals share with the
message. All scoring is done there too; see `retrieval.ranker` for what is done, and `retrieval.index` for what is
searched.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from retrieval.calibration import Calibration, load_calibration
from retrieval.index import MatchingIndex
from retrieval.late_interaction import TokenText
from retrieval.message import Message, read_message
from retrieval.normalise import key_hash
from retrieval.ranker import Ranker, Scored, SearchableIndex
from retrieval.second_look import EncodedTokens, EncodeTokens, TokenCache, to_token_text
from retrieval.texts import well_formed
from retrieval.types import Match

EncodeOne = Callable[[str], Awaitable[EncodedTokens]]
"""`BatchingEncoder(encoder.encode_tokens).encode`: one text to its vector and its tokens' vectors."""

READ_AT_ONCE = 500
"""Characters of a message that is read where it arrives, in half a millisecond; a longer one is read in the thread."""


class Matcher:
    """Matches messages against one index.

    Raises `CalibrationError` when the shipped calibration belongs to another encoder than the index.
    """

    def __init__(self, index: MatchingIndex, encode: EncodeOne, calibration: Calibration | None = None) -> None:
        self._ranker = Ranker(index, calibration or load_calibration(index.model_id))
        self._encode = encode
        self._tokens = TokenCache()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="matcher")

    def match_words(self, text: str, *, limit: int = 10) -> list[Match]:
        """Return the articles that say the very same, decoration aside. Takes no encoder and next to no time."""
        found = self._ranker.same_words(key_hash(well_formed(text)))
        return self._ranker.judge(read_message(text), found, limit) if found else []

    async def match(self, text: str, *, limit: int = 10) -> list[Match]:
        """Return the articles that may make the same claim, best first, at most `limit`. Takes any text."""
        in_thread, thread = asyncio.get_running_loop().run_in_executor, self._thread
        is_short = len(text) <= READ_AT_ONCE
        message = read_message(text) if is_short else await in_thread(thread, read_message, text)
        proposed = in_thread(thread, self._ranker.propose_by_words, message)
        encoded = await asyncio.gather(*(self._encode(passage.text) for passage in message.passages))
        vectors = [one.vector for one in encoded]
        words = await proposed

        def look() -> tuple[list[Scored], tuple[int, str] | None, list[Match]]:
            scored = self._ranker.first_look(message, vectors, words)
            doubtful = self._ranker.doubtful(message, scored)
            known = self._tokens.find(doubtful[1]) if doubtful else None
            if doubtful and known is None:
                return scored, doubtful, []
            if doubtful and known:
                scored = _look_again(self._ranker, message, encoded, scored, doubtful[0], known)
            return scored, None, self._ranker.judge(message, scored, limit)

        scored, doubtful, matches = await in_thread(thread, look)
        if doubtful is None:
            return matches
        place, stretch = doubtful
        tokens = await self._encode(stretch)

        def finish() -> list[Match]:
            kept = self._tokens.keep(stretch, to_token_text(stretch, tokens))
            again = _look_again(self._ranker, message, encoded, scored, place, kept)
            return self._ranker.judge(message, again, limit)

        return await in_thread(thread, finish)

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
        proposed = self._ranker.propose_by_words(message)
        scored = self._ranker.first_look(message, [one.vector for one in encoded], proposed)
        if doubtful := self._ranker.doubtful(message, scored):
            place, stretch = doubtful
            tokens = self._tokens.get(stretch, self._encode)
            scored = _look_again(self._ranker, message, encoded, scored, place, tokens)
        return self._ranker.judge(message, scored, limit)


def _look_again(
    ranker: Ranker,
    message: Message,
    encoded: Sequence[EncodedTokens],
    scored: Sequence[Scored],
    place: int,
    stretch: TokenText,
) -> list[Scored]:
    number = scored[place].passage
    query = to_token_text(message.passages[number].text, encoded[number])
    return ranker.second_look(scored, place, query, stretch)
