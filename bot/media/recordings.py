"""Whether a video or recording is one that is known: by its pictures and its sound. Pure rules over the indexes.

A recording is known by its sound. A video is only when its pictures and its sound agree: the same song lies under many
videos, and the same pictures are shown with another voice.
"""

from collections.abc import Sequence

from retrieval.pictures.index import SURE, Near, PictureIndex
from retrieval.sounds import MIN_OVERLAP, Fingerprint, Heard, SoundIndex

MIN_SHARE = 0.6
"""Of the different pictures in what was sent, found in the known video: a part of it is still it."""

MIN_FRAMES = 3
DOUBTFUL = SURE + 1
"""The distance that a video is given whose pictures or sound alone agree: near enough to be offered."""


def match_recording(
    frames: Sequence[bytes], sound: Fingerprint | None, known_frames: PictureIndex, known_sounds: SoundIndex
) -> tuple[list[Near], list[tuple[str, float]]]:
    """The articles with the same pictures, and those with the same sound (and how much of it differs)."""
    heard = known_sounds.find(sound) if sound is not None and len(sound) else []
    if not frames:
        return [], [(one.article_id, one.error) for one in heard]
    seen = [near for near in known_frames.find(frames, within=SURE) if _is_enough(near, len(frames))]
    return [_judge(near, heard, sound) for near in seen] + _only_heard(seen, heard), []


def _is_enough(near: Near, frames: int) -> bool:
    return near.hits >= min(MIN_FRAMES, frames) and near.hits >= MIN_SHARE * frames


def _judge(near: Near, heard: Sequence[Heard], sound: Fingerprint | None) -> Near:
    is_too_short = sound is None or len(sound) < MIN_OVERLAP  # to be told from another
    agrees = is_too_short or any(one.article_id == near.article_id for one in heard)
    return near if agrees else Near(near.article_id, max(near.distance, DOUBTFUL), near.hits)


def _only_heard(seen: Sequence[Near], heard: Sequence[Heard]) -> list[Near]:
    known = {near.article_id for near in seen}
    return [Near(one.article_id, DOUBTFUL) for one in heard if one.article_id not in known]
