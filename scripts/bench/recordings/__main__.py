"""How well videos and recordings are known again.

    python -m scripts.bench.recordings [--recordings 24]

Made from a seed, in two parts: on the first the thresholds are looked at, on the second the shipped ones are measured.
Prints tables in Markdown.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator

from bot.media.recordings import MIN_FRAMES, MIN_SHARE, match_other_speeds, match_recording
from bot.media.watching import Watched, play_at_other_speeds, watch
from retrieval.pictures.index import SURE, PictureIndex
from retrieval.sounds import SURE_ERROR, Fingerprint, SoundIndex
from scripts.bench.recordings.distortions import DISTORTIONS
from scripts.bench.recordings.made import ffmpeg, make_recording, make_video

SHARES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
ERRORS = (0.10, 0.15, 0.20, 0.25, 0.30, 0.35)
ANOTHER_SOUND = "another sound under it"


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent, and which known one it is; None: none of them."""

    distortion: str
    number: str | None
    watched: Watched
    other_speeds: Sequence[Fingerprint] = ()


class Known:
    """Half music, half speech, indexed as the bot does."""

    def __init__(self, watched: Sequence[Watched]) -> None:
        self.frames, self.sounds = PictureIndex(), SoundIndex()
        for number, one in enumerate(watched):
            self.frames.replace_article(str(number), one.frames.to_keep)
            assert one.sound is not None
            self.sounds.replace_article(str(number), [one.sound])

    def share(self, sent: Sent, *, right: bool) -> float:
        """The largest share of its pictures that lead to the known one, or to any other."""
        shares = [
            near.hits / len(view)
            for view in sent.watched.frames.views
            for near in self.frames.find(view, within=SURE)
            if (near.article_id == sent.number) is right and near.hits >= MIN_FRAMES
        ]
        return max(shares, default=0.0)

    def error(self, sent: Sent, *, right: bool) -> float:
        """The smallest share of bits that differ from the known one, or from any other."""
        assert sent.watched.sound is not None
        found = self.sounds.find(sent.watched.sound, within=0.5)
        return min((one.error for one in found if (one.article_id == sent.number) is right), default=1.0)

    def decide(self, sent: Sent) -> tuple[set[str], set[str]]:
        """The articles that it surely is, and those that are offered, by the shipped rules."""
        near, sure = match_recording(sent.watched.frames, sent.watched.sound, self.frames, self.sounds)
        near = near if near or sure else match_other_speeds(sent.other_speeds, self.sounds)
        return {article_id for article_id, _ in sure}, {one.article_id for one in near}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.bench.recordings", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--recordings", type=int, default=24, help="known ones of each part, and half as many unknown")
    number = parser.parse_args().recordings
    for kind in ("videos", "recordings"):
        for part, seed in (("development", 1), ("test", 2)):
            with tempfile.TemporaryDirectory() as folder:
                known, sent = asyncio.run(
                    _prepare(np.random.default_rng([seed, kind == "videos"]), kind, number, Path(folder))
                )
            print(f"\n### {kind}, {part} part: {number} known, {len(sent)} sent\n")
            (_print_thresholds if part == "development" else _print_shipped)(known, sent, kind)


async def _prepare(random: Generator, kind: str, number: int, folder: Path) -> tuple[Known, list[Sent]]:
    make, ending = (make_video, "mp4") if kind == "videos" else (make_recording, "m4a")
    paths = [folder / f"{each}.{ending}" for each in range(number + number // 2)]
    for each, path in enumerate(paths):
        make(random, path, is_music=each % 2 == 0)
    sent = []
    for each, path in enumerate(paths):
        is_known = each < number
        for name, copy in _distorted(path, paths[(each + 2) % number], folder, kind == "videos", is_known):
            watched, speeds = await watch(copy), await play_at_other_speeds(copy)
            sent.append(Sent(name, str(each) if is_known else None, watched, speeds))
    return Known([await watch(path, for_keeping=True) for path in paths[:number]]), sent


def _distorted(path: Path, other: Path, folder: Path, has_pictures: bool, is_known: bool) -> Iterator[tuple[str, Path]]:
    """Copies of a known one; of an unknown one only what every app does."""
    copy = folder / f"sent{path.suffix}"
    for name, distortion in DISTORTIONS.items() if is_known else [("encoded anew", DISTORTIONS["encoded anew"])]:
        if has_pictures or distortion.sound != "anull" or distortion.cut or name == "encoded anew":
            distortion.apply(path, copy, has_pictures=has_pictures)
            yield name, copy
    if has_pictures and is_known:
        ffmpeg("-i", str(path), "-i", str(other), *("-map", "0:v", "-map", "1:a", "-c", "copy"), str(copy))
        yield ANOTHER_SOUND, copy


def _print_thresholds(known: Known, sent: Sequence[Sent], kind: str) -> None:
    """Recall, and how often another one would be taken for it, for each threshold alone."""
    ours = [one for one in sent if one.number is not None and one.distortion != ANOTHER_SOUND]
    heard = [one for one in sent if one.distortion != ANOTHER_SOUND]
    print("| threshold | right ones within it | another one within it, of all sent |\n|---|---|---|")
    if kind == "videos":
        right, wrong = [known.share(one, right=True) for one in ours], [known.share(one, right=False) for one in sent]
        for share in SHARES:
            within = f"{np.mean(np.array(right) >= share):.1%} | {np.sum(np.array(wrong) >= share)}"
            print(f"| pictures ≥ {share:.0%} | {within} |")
    right, wrong = [known.error(one, right=True) for one in ours], [known.error(one, right=False) for one in heard]
    for error in ERRORS:
        within = f"{np.mean(np.array(right) <= error):.1%} | {np.sum(np.array(wrong) <= error)}"
        print(f"| bits of the sound ≤ {error:.0%} | {within} |")


def _print_shipped(known: Known, sent: Sequence[Sent], kind: str) -> None:
    print(f"Shipped: pictures ≥ {MIN_SHARE:.0%}, sound ≤ {SURE_ERROR:.0%} of the bits\n")
    print("| distortion | sure, and right | sure or offered | sure of another | another offered | pictures | sound |")
    print("|---|---|---|---|---|---|---|")
    names = list(dict.fromkeys(one.distortion for one in sent if one.number is not None))
    groups = [(name, [one for one in sent if one.distortion == name and one.number is not None]) for name in names]
    for name, group in [*groups, ("**unknown, encoded anew**", [one for one in sent if one.number is None])]:
        print(_row(known, name, group, kind))
    answers = [(one, *known.decide(one)) for one in sent]
    told = sum(len(sure) for _, sure, _ in answers)
    right = sum(one.number in sure for one, sure, _ in answers)
    ours = sum(one.number is not None and one.distortion != ANOTHER_SOUND for one in sent)
    print(
        f"\nSure answers: precision {right / max(1, told):.3f} ({right} of {told}), recall {right / ours:.3f} of {ours}"
    )


def _row(known: Known, name: str, group: Sequence[Sent], kind: str) -> str:
    decided = [(one.number, *known.decide(one)) for one in group]
    sure = np.mean([number in sure for number, sure, _ in decided])
    found = np.mean([number in sure | near for number, sure, near in decided])
    wrong = sum(len(sure - {number}) for number, sure, _ in decided)
    offered = sum(len(near - {number}) for number, _, near in decided)
    is_known = group[0].number is not None
    share = f"{np.median([known.share(one, right=is_known) for one in group]):.0%}" if kind == "videos" else "–"
    error = f"{np.median([known.error(one, right=is_known) for one in group]):.0%}"
    recall = f"{sure:.0%} | {found:.0%}" if is_known else "– | –"
    return f"| {name} | {recall} | {wrong} | {offered} | {share} | {error} |"


if __name__ == "__main__":
    main()
