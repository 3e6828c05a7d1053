"""What videos and recordings are measured on: the same from the same seed, and known again after an app had them."""

from pathlib import Path

import numpy as np
import pytest

from bot.media.watching import watch
from retrieval.sounds import SURE_ERROR, SoundIndex
from scripts.bench.recordings.distortions import DISTORTIONS
from scripts.bench.recordings.made import make_music, make_recording, make_speech

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("make", [make_music, make_speech])
def test_sounds_follow_from_their_seed(make: object) -> None:
    one, same, other = (make(np.random.default_rng(seed), 1.0) for seed in (3, 3, 4))  # type: ignore[operator]
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert 0.5 < np.abs(one).max() <= 1


async def test_a_recording_is_known_at_the_lowest_bit_rate_and_another_is_not(tmp_path: Path) -> None:
    known, other, sent = (tmp_path / f"{name}.m4a" for name in ("known", "other", "sent"))
    random = np.random.default_rng(5)
    for path in (known, other):
        make_recording(random, path, is_music=False, seconds=6.0)
    DISTORTIONS["lowest bit rates"].apply(known, sent, has_pictures=False)
    index = SoundIndex()
    for path in (known, other):
        watched = await watch(path)
        assert watched.sound is not None
        index.replace_article(path.stem, [watched.sound])
    heard = (await watch(sent)).sound
    assert heard is not None
    assert [one.article_id for one in index.find(heard)] == ["known"]
    assert [one.article_id for one in index.find(heard, within=0.0)] == []
    assert index.find(heard)[0].error < SURE_ERROR
