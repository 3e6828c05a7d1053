"""How often a change is seen behind a greeting and before a cut end, and how often one is seen that is not there.

    python -m scripts.bench.quality.contradictions SAMPLE_DIR

Near-misses and positives are made from the sample (`made.py`); a tenth of each near-miss is cut off, which takes some
of the changes with it. Then the texts written to make a message's claim, and those near it (`written.jsonl`), by how
they are written and by folds: the rules were mended with folds 0 to 2 at hand. Needs no encoder.
"""

import random
from collections import Counter
from pathlib import Path

import click

from retrieval.contradiction import find_contradictions
from retrieval.intervals import wilson
from scripts.bench.quality.examples import find_clusters, fold_of, written_rows
from scripts.bench.quality.made import make_near_misses, make_positives
from scripts.bench.quality.sample import Sample, load_sample

GREETING = "大家早安～剛剛群組裡看到的，不知道各位有沒有聽說過："
KEPT = 0.9
MESSAGES = 300
FOLDS = ((0, 1, 2), (3, 4))


@click.command()
@click.argument("sample_dir", type=click.Path(exists=True, path_type=Path))
def main(sample_dir: Path) -> None:
    """Print, by kind of change, how many are seen, and how many positives are taken for another claim."""
    sample = load_sample(sample_dir)
    messages, rng = sample.messages, random.Random(5)
    ids = sorted(messages)
    chosen = [messages[article_id] for article_id in rng.sample(ids, MESSAGES)]
    made, seen = Counter[str](), Counter[str]()
    for text in chosen:
        for miss in make_near_misses(text, rng):
            made[miss.kind] += 1
            seen[miss.kind] += bool(find_contradictions(GREETING + miss.text[: int(len(miss.text) * KEPT)], text))
    print(f"| change | seen | of |\n|---|---|---|\n| all | {seen.total()} | {made.total()} |")
    for kind, count in sorted(made.items()):
        print(f"| {kind} | {seen[kind]} | {count} |")
    positives = [(one.text, text) for text in chosen for one in make_positives(text, messages[rng.choice(ids)], rng)]
    wrong = sum(bool(find_contradictions(one, text)) for one, text in positives)
    print(f"\nmade positives taken for another claim: {wrong} of {len(positives)}\n")
    print_written(sample)


def print_written(sample: Sample) -> None:
    """Print how many written texts are taken for another claim than that of their message, and of their title the near
    questions."""
    clusters = find_clusters(sample)
    made, seen = Counter[tuple[str, int]](), Counter[tuple[str, int]]()
    for row in (row for row in written_rows() if row["article"] in sample.messages):
        message, part = sample.messages[row["article"]], fold_of(clusters, row["article"]) in FOLDS[1]
        pairs = [(kind, style, message, text) for kind in ("same", "near") for style, text in row[kind].items()]
        pairs += [(kind, "title-question", row["same"]["title"], row[kind]["question"]) for kind in ("same", "near")]
        for kind, style, one, other in pairs:
            made[f"{kind} {style}", part] += 1
            seen[f"{kind} {style}", part] += bool(find_contradictions(one, other))
    print("| written | " + " | ".join(f"folds {', '.join(map(str, folds))}" for folds in FOLDS) + " |\n|---|---|---|")
    for name in sorted({name for name, _ in made}):
        print(f"| {name} | " + " | ".join(_share(seen[name, part], made[name, part]) for part in (False, True)) + " |")


def _share(seen: int, made: int) -> str:
    low, high = wilson(seen, made)
    return f"{seen} of {made} [{low:.3f}, {high:.3f}]"


if __name__ == "__main__":
    main()
