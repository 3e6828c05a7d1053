"""Recordings are known again by their fingerprints, wherever they begin and however noisy they have become."""

import numpy as np
from numpy.typing import NDArray

from retrieval.sounds import MIN_OVERLAP, SILENCE, SoundIndex, is_too_short

random = np.random.default_rng(11)


def recording(length: int = 200) -> NDArray[np.uint32]:
    return random.integers(0, 2**32, length, dtype=np.uint32)


def silence(length: int) -> NDArray[np.uint32]:
    return np.full(length, SILENCE)


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


def test_a_silent_end_is_not_taken_for_a_silent_beginning() -> None:
    index = SoundIndex()
    index.replace_article("A", [np.concatenate([silence(30), recording()])])
    assert index.find(np.concatenate([recording(), silence(30)])) == []
    assert index.find(silence(100)) == []


def test_a_few_numbers_beside_silence_are_too_few() -> None:
    index, jingle = SoundIndex(), recording(16)
    index.replace_article("A", [np.concatenate([silence(30), jingle, recording()])])
    assert index.find(np.concatenate([recording(), silence(30), jingle])) == []


def test_it_knows_a_recording_again_that_begins_with_silence() -> None:
    index, known = SoundIndex(), recording()
    index.replace_article("A", [np.concatenate([silence(40), known, silence(10)])])
    index.replace_article("B", [np.concatenate([silence(60), recording()])])
    [heard] = index.find(np.concatenate([silence(50), noisy(known, 0.05), silence(90)]))
    assert heard.article_id == "A"
    assert heard.overlap == len(known)
    assert heard.error < 0.1
    [without] = index.find(known)
    assert without.article_id == "A"


def test_it_forgets_recordings_with_silence_in_them() -> None:
    index, old = SoundIndex(), np.concatenate([silence(30), recording()])
    index.replace_article("A", [old])
    index.replace_article("A", [recording()])
    assert index.find(old) == []


def test_only_what_can_be_heard_makes_a_recording_long_enough() -> None:
    assert is_too_short(np.concatenate([silence(100), recording(MIN_OVERLAP - 1)]))
    assert not is_too_short(np.concatenate([silence(100), recording(MIN_OVERLAP)]))


def test_a_recording_that_begins_with_a_hum_is_known_beside_many_that_are_nothing_else() -> None:
    """Each number of a hum is at every place of every hum: the rare ones are asked first."""
    index, hum, known = SoundIndex(), np.full(200, 123_456_789, np.uint32), recording(100)
    for number in range(200):
        index.replace_article(str(number), [hum])
    index.replace_article("A", [np.concatenate([hum, known])])
    assert [heard.article_id for heard in index.find(np.concatenate([hum[:50], noisy(known, 0.02)]))][:1] == ["A"]
