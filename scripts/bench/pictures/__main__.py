"""How well pictures are known again and read.

    python -m scripts.bench.pictures matching [--pictures 240]
    python -m scripts.bench.pictures reading [--texts 25]
    python -m scripts.bench.pictures changed [--texts 25]
    python -m scripts.bench.pictures faces --faces lfw_subset.npy [--pictures 60]

All print tables in Markdown. Texts are real messages of the shipped sample; pictures are made from a seed.
"""

import argparse
import asyncio
import csv
import difflib
import io
import re
import time
import unicodedata
import zipfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from PIL import Image

from bot.media.reading import Reading, TextReader
from retrieval.pictures.hashing import hashes_to_look_up, hashes_to_store
from retrieval.pictures.index import LIKELY, SURE, PictureIndex
from retrieval.pictures.pdq import distance, hash_picture
from scripts.bench.pictures.distortions import DISTORTIONS
from scripts.bench.pictures.faces import measure_faces
from scripts.bench.pictures.made import LOOKS, draw_landscape

SAMPLE = Path(__file__).resolve().parents[2] / "sample" / "articles.csv.zip"
PHOTOS = "landscapes"
FIGURE = re.compile(r"(?<![0-9])[0-9]{1,3}(?![0-9])")
READ_AFTER = (
    "as drawn",
    "sent on: 70 %, JPEG 75 and 60",
    "screenshot of a viewer",
    "to 40 % of its width",
    "watermark",
)


@dataclass(frozen=True, slots=True)
class Made:
    """A picture, and the text it was made from."""

    kind: str
    picture: Image.Image
    text: str = ""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.bench.pictures", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("what", choices=["matching", "reading", "changed", "faces"])
    parser.add_argument("--pictures", type=int, default=240, help="known pictures, and as many unknown ones (240)")
    parser.add_argument("--texts", type=int, default=25, help="texts for each look (25)")
    parser.add_argument("--faces", type=Path, help="a NumPy file: as many grey faces as other patches, 0 to 1")
    options = parser.parse_args()
    if options.what == "faces" and options.faces is None:
        parser.error("faces needs --faces FILE")
    random = np.random.default_rng(20261121)
    if options.what == "matching":
        measure_matching(make_pictures(random, options.pictures), make_pictures(random, options.pictures), random)
    elif options.what == "reading":
        asyncio.run(measure_reading(random, options.texts))
    elif options.what == "changed":
        asyncio.run(measure_changed(options.texts))
    else:
        measure_faces(options.faces, load_texts(), random, options.pictures)


def load_texts(shortest: int = 20, longest: int = 300) -> list[str]:
    """Messages of the sample that fit on a picture."""
    with zipfile.ZipFile(SAMPLE) as archive, archive.open(archive.namelist()[0]) as file:
        rows = csv.DictReader(io.TextIOWrapper(file, "utf-8"))
        return [row["text"] for row in rows if shortest <= len(row["text"] or "") <= longest]


def make_pictures(random: Generator, number: int) -> list[Made]:
    """Half of them landscapes, the other half texts in each look."""
    texts = load_texts()
    made = [Made(PHOTOS, draw_landscape(random)) for _ in range(number // 2)]
    for look in LOOKS:
        chosen = random.choice(len(texts), number // 2 // len(LOOKS), replace=False)
        made += [Made(look.name, look.draw(texts[int(one)], random), texts[int(one)]) for one in chosen]
    return made


def measure_matching(known: Sequence[Made], unknown: Sequence[Made], random: Generator) -> None:
    index, began = PictureIndex(), time.perf_counter()
    hashed = 0
    for number, made in enumerate(known):
        hashes = hashes_to_store(made.picture)
        hashed += len(hashes)
        index.replace_article(str(number), hashes)
    each_ms = (time.perf_counter() - began) / len(known) * 1000
    print(f"{len(known)} known pictures, {hashed} hashes, {each_ms:.0f} ms to hash one for keeping\n")
    print(f"| distortion | landscapes within {SURE} / {LIKELY} | texts | wrong ones within {SURE} / {LIKELY} |")
    print("|---|---|---|---|")
    looked_ms: list[float] = []
    for name, distort in DISTORTIONS.items():
        print(
            _row(
                name, index, [(str(n), made, distort(made.picture, random)) for n, made in enumerate(known)], looked_ms
            )
        )
    strangers = [("", made, DISTORTIONS["sent on: 70 %, JPEG 75 and 60"](made.picture, random)) for made in unknown]
    by_kind = defaultdict(list)
    for _, made, picture in strangers:
        near = index.find(hashes_to_look_up(picture), within=128)
        by_kind[made.kind].append(near[0].distance if near else 256)
    print("\nUnknown pictures, sent on: bits to the nearest of all known ones, and how many are within either radius\n")
    print(f"| kind | nearest | 1 % | median | within {SURE} | within {LIKELY} |")
    print("|---|---|---|---|---|---|")
    for kind, distances in by_kind.items():
        nearest, percentile, median = np.percentile(distances, [0, 1, 50])
        within = [sum(one <= radius for one in distances) for radius in (SURE, LIKELY)]
        print(
            f"| {kind} | {nearest:.0f} | {percentile:.0f} | {median:.0f} "
            f"| {within[0]} | {within[1]} of {len(distances)} |"
        )
    print(f"\nLooking one up, hashing included: p50 {np.median(looked_ms):.0f} ms")


def _row(name: str, index: PictureIndex, sent: Sequence[tuple[str, Made, Image.Image]], looked_ms: list[float]) -> str:
    right: dict[tuple[bool, int], list[bool]] = defaultdict(list)
    wrong = {SURE: 0, LIKELY: 0}
    for article_id, made, picture in sent:
        began = time.perf_counter()
        near = index.find(hashes_to_look_up(picture), within=LIKELY)
        looked_ms.append((time.perf_counter() - began) * 1000)
        for radius in (SURE, LIKELY):
            found = {one.article_id for one in near if one.distance <= radius}
            right[made.kind == PHOTOS, radius].append(article_id in found)
            wrong[radius] += len(found - {article_id})
    cells = [
        " / ".join(f"{np.mean(right[is_photo, radius]):.0%}" for radius in (SURE, LIKELY)) for is_photo in (True, False)
    ]
    return f"| {name} | {cells[0]} | {cells[1]} | {wrong[SURE]} / {wrong[LIKELY]} |"


async def measure_reading(random: Generator, number: int) -> None:
    texts, reader = load_texts(), TextReader(within_s=120)
    print("| look | as it is sent | characters right | of what was read | read at all | p50 s | p95 s |")
    print("|---|---|---|---|---|---|---|")
    for look in LOOKS:
        chosen = [texts[int(one)] for one in random.choice(len(texts), number, replace=False)]
        drawn = [(text[:40] if look.name == "greeting" else text) for text in chosen]
        pictures = [look.draw(text, random) for text in drawn]
        for name in READ_AFTER:
            sent = [DISTORTIONS[name](one, random) if name in DISTORTIONS else one for one in pictures]
            print(await _read_all(look.name, name, reader, drawn, sent))


async def _read_all(
    look: str, name: str, reader: TextReader, texts: Sequence[str], pictures: Sequence[Image.Image]
) -> str:
    recall, precision, seconds, read_at_all = [], [], [], 0
    for text, picture in zip(texts, pictures, strict=True):
        began = time.perf_counter()
        read = await reader.read(picture)
        seconds.append(time.perf_counter() - began)
        read_at_all += read.reading == Reading.READ
        right, truth, got = _in_common(text, read.text)
        recall.append(right / truth)
        if got:
            precision.append(right / got)
    p50, p95 = np.percentile(seconds, [50, 95])
    of_read = f"{np.mean(precision):.3f}" if precision else "–"
    shares = f"{np.mean(recall):.3f} | {of_read} | {read_at_all} of {len(texts)}"
    return f"| {look} | {name} | {shares} | {p50:.1f} | {p95:.1f} |"


async def measure_changed(number: int) -> None:
    """A figure in the text is changed and the picture drawn again: what looks tell of it, and what reading does."""
    texts, reader = [text for text in load_texts() if FIGURE.search(text)][:number], TextReader(within_s=120)
    print("| look | bits that differ: median, most | the same by its looks | the new figure was read |")
    print("|---|---|---|---|")
    for look in LOOKS[:3]:
        bits, read_right = [], 0
        for seed, text in enumerate(texts):
            figures = list(FIGURE.finditer(text))
            old = figures[len(figures) // 2]
            new = str(int(old.group()) + 3)
            changed = text[: old.start()] + new + text[old.end() :]
            pictures = [look.draw(each, np.random.default_rng(seed)) for each in (text, changed)]
            bits.append(distance(*(hash_picture(picture)[0] for picture in pictures)))
            read = _bare((await reader.read(pictures[1])).text)
            read_right += _bare(changed[max(0, old.start() - 2) : old.start() + len(new) + 1]) in read
        same = sum(each <= SURE for each in bits)
        print(f"| {look.name} | {np.median(bits):.0f}, {max(bits)} | {same} of {len(texts)} | {read_right} |")


def _in_common(truth: str, read: str) -> tuple[int, int, int]:
    """Characters in the same order in both, white space aside, and how many there are in each."""
    one, other = _bare(truth), _bare(read)
    blocks = difflib.SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks), len(one), len(other)


def _bare(text: str) -> str:
    return "".join(character for character in unicodedata.normalize("NFKC", text) if not character.isspace())


if __name__ == "__main__":
    main()
