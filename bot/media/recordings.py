"""Whether a video or recording is one that is known: by its pictures and its sound. Pure rules over the indexes.

A recording is known by its sound. A video is only when its pictures and its sound agree: the same song lies under many
videos, and the same pictures are shown with another voice.
"""

from collections.abc import Sequence

from bot.media.frames import Frames
from retrieval.pictures.index import SURE, Near, PictureIndex
from retrieval.pictures.pdq import BITS
from retrieval.sounds import Fingerprint, SoundIndex, is_too_short

MIN_SHARE = 0.6
"""Of the different pictures in what was sent, found in the known video: a part of it is still it."""

MIN_FRAMES = 3
DOUBTFUL = SURE + 1
"""The distance that a video is given whose pictures or sound alone agree: near enough to be offered."""


def match_recording(
    frames: Frames, sound: Fingerprint | None, known_frames: PictureIndex, known_sounds: SoundIndex
) -> tuple[list[Near], list[tuple[str, float]]]:
    """Articles that may be it, with how near; and those that surely are, with the share of bits that differ."""
    heard = known_sounds.find(sound) if sound is not None and len(sound) else []
    if not frames.views:
        return [], [(one.article_id, one.error) for one in heard]
    is_mute = sound is None or is_too_short(sound)
    with_this_sound = {one.article_id for one in heard}
    seen = _find_seen(frames, known_frames)
    sure = [(near.article_id, near.distance / BITS) for near in seen if is_mute or near.article_id in with_this_sound]
    settled = {article_id for article_id, _ in sure}
    alike = {near.article_id for near in seen} | with_this_sound
    return [Near(article_id, DOUBTFUL) for article_id in sorted(alike - settled)], sure


def match_other_speeds(sounds: Sequence[Fingerprint], known: SoundIndex) -> list[Near]:
    """Articles with the same sound at another speed: offered, since it was changed on purpose."""
    found = {one.article_id for sound in sounds if len(sound) for one in known.find(sound)}
    return [Near(article_id, DOUBTFUL) for article_id in sorted(found)]


def _find_seen(frames: Frames, known: PictureIndex) -> list[Near]:
    """Articles with the same pictures in one of the ways to see them, each once, by the way that is nearest.

    A way that shows fewer different pictures than another, such as a template's photo without its captions, is judged
    by how many there are.
    """
    seen: dict[str, Near] = {}
    different = max(map(len, frames.views))
    for view in frames.views:
        for near in known.find(view, within=SURE):
            if _is_enough(near, different):
                seen[near.article_id] = min(near, seen.get(near.article_id, near), key=lambda each: each.distance)
    return list(seen.values())


def _is_enough(near: Near, frames: int) -> bool:
    return near.hits >= min(MIN_FRAMES, frames) and near.hits >= MIN_SHARE * frames
