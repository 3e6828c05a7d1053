"""How often a change is seen behind a greeting and before a cut end, and how often one is seen that is not there.

    python -m scripts.bench.quality.contradictions SAMPLE_DIR

Near-misses and positives are made from the sample (`made.py`); a tenth of each near-miss is cut off, which takes some
of the changes with it. Needs no encoder.
"""

import random
from collections import Counter
from pathlib import Path

import click

from retrieval.contradiction import find_contradictions
from scripts.bench.quality.made import make_near_misses, make_positives
from scripts.bench.quality.sample import load_sample

GREETING = "大家早安～剛剛群組裡看到的，不知道各位有沒有聽說過："
KEPT = 0.9
MESSAGES = 300


@click.command()
@click.argument("sample_dir", type=click.Path(exists=True, path_type=Path))
def main(sample_dir: Path) -> None:
    """Print, by kind of change, how many are seen, and how many positives are taken for another claim."""
    messages, rng = load_sample(sample_dir).messages, random.Random(5)
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
    print(f"\nmade positives taken for another claim: {wrong} of {len(positives)}")


if __name__ == "__main__":
    main()
