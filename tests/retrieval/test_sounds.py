"""Recordings are known again by their fingerprints, wherever they begin and however noisy they have become."""

import numpy as np
from numpy.typing import NDArray

from retrieval.sounds import SoundIndex

random = np.random.default_rng(11)


def recording(length: int = 200) -> NDArray[np.uint32]:
    return random.integers(0, 2**32, length, dtype=np.uint32)


def noisy(fingerprint: NDArray[np.uint32], share: float) -> NDArray[np.uint32]:
    """The same with this share of its bits turned over."""
    flips = np.packbits(random.random((len(fingerprint), 32)) < share, axis=1).view(np.uint32).ravel()
    return fingerprint ^ flips


def test_it_knows_a_recording_again_that_was_cut_and_encoded_anew() -> None:
    index, known = SoundIndex(), recording()
    index.replace_article("A", [recording(), known])
    index.replace_article("B", [recording()])
    [heard] = index.find(noisy(known[60:150], 0.05))
    assert heard.article_id == "A"
    assert heard.overlap == 90
    assert heard.error < 0.1


def test_it_does_not_know_another_recording() -> None:
    index = SoundIndex()
    for number in range(20):
        index.replace_article(str(number), [recording(400)])
    assert index.find(recording(400)) == []


def test_it_does_not_take_a_jingle_for_the_whole() -> None:
    index, jingle = SoundIndex(), recording(16)
    index.replace_article("A", [np.concatenate([jingle, recording(100)])])
    assert index.find(np.concatenate([jingle, recording(100)])) == []


def test_it_forgets_an_articles_old_recordings() -> None:
    index, old, new = SoundIndex(), recording(), recording()
    index.replace_article("A", [old])
    index.replace_article("A", [new])
    assert index.find(old) == []
    assert [heard.article_id for heard in index.find(new)] == ["A"]
    index.replace_article("A", [])
    assert index.find(new) == []
    assert len(index) == 0
