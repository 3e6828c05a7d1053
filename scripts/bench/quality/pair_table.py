"""Pairs: ours against what the legs say about two texts alone, on the pairs read by eye and on the labelled pairs.

A rival gets the threshold that is best on these very pairs; ours keeps the shipped one.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import regex
from numpy.typing import NDArray

from retrieval.calibration import Calibration
from retrieval.evaluate import Pair, area_under_roc, load_folder, measure_pairs
from retrieval.message import text_to_encode
from retrieval.normalise import bigrams, matching_key
from retrieval.pairs import judge_pair
from scripts.bench.quality.cached_encoder import CachedEncoder
from scripts.bench.quality.examples import (
    Clusters,
    english_cluster,
    english_rows,
    fold_of,
    question_rows,
    read_later,
    read_pairs,
    written_rows,
)
from scripts.bench.quality.held_out import Encoders
from scripts.bench.quality.sample import Sample

FRAMES = (
    "老公轉給我看說{}，到底真的假的",
    "有個群組說{}，想確認一下",
    "這個是真的嗎：{}",
    "{}這說法正確嗎？",
    "昨天同事跟我說{}耶 是謠言嗎",
    "想問{}是真的嗎",
    "{}\n請問是真的嗎？",
    "聽人家講{}，求證",
    "請問網路上這則消息「{}」可信嗎？謝謝大家",
    "小孩學校群組在傳{}，有人知道真假嗎",
)
"""How people ask about a rumour: half of such a question says nothing of it."""
_OWN_FRAME = regex.compile("^(?:聽說|網路說|請問)|(?:是真的嗎|，是不是謠言|是真的)?[嗎？]*$")


@dataclass(frozen=True)
class PairSet:
    """Labelled pairs, and the fold each belongs to."""

    name: str
    pairs: Sequence[Pair]
    folds: Sequence[int]


def load_pair_sets(sample: Sample, clusters: Clusters, labelled: Path | None) -> Iterator[PairSet]:
    """Yield the sets there are."""
    for name, rows in (("pairs read by eye", read_pairs()), ("pairs read later", read_later())):
        pairs = [Pair(row["pair_id"], row["text_a"], row["text_b"], row["same_claim"]) for row in rows]
        yield PairSet(name, pairs, [fold_of(clusters, row["source_a"]) for row in rows])
    for style in ("question", "title", "retold"):
        yield _written(style, sample, clusters)
    english = [
        (Pair(row["claim_id"], row[name], row["claim"], name == "message"), fold_of(clusters, english_cluster(row)))
        for row in english_rows()
        for name in ("message", "near_miss")
    ]
    yield PairSet("English pairs", [pair for pair, _ in english], [fold for _, fold in english])
    for name in ("first", "second"):
        asked = [row for row in question_rows() if row["set"] == name]
        made = [
            Pair("", text, r["report"], kind == "same") for r in asked for kind in ("same", "near") for text in r[kind]
        ]
        yield PairSet(f"questions, {name} set", made, [0] * len(made))
        yield PairSet(f"questions in frames, {name} set", in_frames(made), [0] * len(made))
    if labelled:
        theirs = list(load_folder(labelled).pairs)
        yield PairSet("labelled pairs", theirs, [fold_of(clusters, f"labelled:{p.text_a[:12]}") for p in theirs])


def _written(style: str, sample: Sample, clusters: Clusters) -> PairSet:
    """Return what was written in one style, each text beside its message."""
    pairs, folds = [], []
    for row in written_rows():
        for side in ("same", "near"):
            pairs.append(Pair("", row[side][style], sample.messages[row["article"]], side == "same"))
            folds.append(fold_of(clusters, row["article"]))
    return PairSet(f"written {style}s", pairs, folds)


def in_frames(pairs: Sequence[Pair], seed: int = 2) -> list[Pair]:
    """Return the same pairs with each question in one of `FRAMES` instead of what frames it there."""
    rng = random.Random(seed)
    return [replace(pair, text_a=rng.choice(FRAMES).format(_OWN_FRAME.sub("", pair.text_a))) for pair in pairs]


def best_accuracy(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    """Return the accuracy at the threshold that suits these labels best."""
    return max(float(((scores >= threshold) == labels).mean()) for threshold in [*scores, np.inf])


def _dice(pair: Pair) -> float:
    one, other = (frozenset(bigrams(matching_key(text_to_encode(text)))) for text in (pair.text_a, pair.text_b))
    return 2 * len(one & other) / max(1, len(one) + len(other))


def show_pairs(
    chosen: PairSet, encoders: Encoders, bare: CachedEncoder, calibrations: Mapping[int, Calibration]
) -> list[tuple[float, bool]]:
    """Print one set's rows, and return what was said of each pair and whether it is the same claim."""
    labels = np.array([pair.same_claim for pair in chosen.pairs])

    def cosine(pair: Pair) -> float:
        one, other = bare.encode([text_to_encode(pair.text_a), text_to_encode(pair.text_b)])
        return float(one @ other)

    rivals: dict[str, Callable[[Pair], float]] = {
        "dense": cosine,
        "lexical (Dice)": _dice,
        "naive sum": lambda pair: cosine(pair) + _dice(pair),
    }
    print(f"\n{chosen.name} ({len(labels)} pairs, {int(labels.sum())} of them the same claim)\n")
    print("| method | AUROC | accuracy | false accepts | recall |\n|---|---|---|---|---|")
    for name, score in rivals.items():
        scores = np.array([score(pair) for pair in chosen.pairs])
        print(f"| {name} | {area_under_roc(scores, labels):.3f} | {best_accuracy(scores, labels):.3f} (best) | | |")
    judged = [
        (pair, judge_pair(pair.text_a, pair.text_b, encoders.of_fold[fold].encode, calibrations[fold]))
        for pair, fold in zip(chosen.pairs, chosen.folds, strict=True)
    ]
    encoders.commit()
    bare.commit()
    for threshold in sorted({calibrations[0].pair, 0.5, 0.6, 0.7}):
        r = measure_pairs(judged, threshold)
        print(
            f"| ours at {threshold:.2f} | {r['auroc']:.3f} | {r['accuracy']:.3f} | {r['false_accept_rate']:.3f} | "
            f"{r['recall']:.3f} |"
        )
    return [(verdict.probability, pair.same_claim) for pair, verdict in judged]
