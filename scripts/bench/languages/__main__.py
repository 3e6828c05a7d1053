"""One table: messages in six languages against the shipped sample, as it is matched today.

python -m scripts.bench.languages [--cache FILE]
"""

from pathlib import Path

import click

from bot.settings import load_settings
from retrieval.calibration import find_calibration
from retrieval.matcher import BlockingMatcher
from retrieval.model_manifest import model_folder
from retrieval.types import Encoder
from scripts.bench.languages.measure import build_index, load_rows, match_all, to_table
from scripts.bench.quality.cached_encoder import CachedEncoder
from scripts.bench.quality.sample import load_sample
from scripts.evaluate import open_prepared
from scripts.labelled_sets import SAMPLE


@click.command()
@click.option("--cache", type=click.Path(dir_okay=False, path_type=Path), help="Keep vectors here between two runs.")
@click.option("--misses", is_flag=True, help="Say which messages were answered wrongly or not found.")
def main(cache: Path | None, misses: bool) -> None:
    """Print the table."""
    settings = load_settings()
    opened = open_prepared(settings, threads=1)
    calibration = find_calibration(opened.model_id, model_folder(settings.data_dir, settings.model))
    encoder: Encoder = CachedEncoder(opened, cache) if cache else opened
    matcher = BlockingMatcher(build_index(load_sample(SAMPLE), encoder), encoder.encode, calibration)
    results = match_all(load_rows(), matcher.match)
    click.echo(to_table(results))
    if isinstance(encoder, CachedEncoder):
        encoder.commit()
    for result in results if misses else ():
        if result.outcome == "answered_wrong" or (result.row.relevant and result.rank != 1):
            first = result.matches[0] if result.matches else None
            told = f"{first.probability:.2f} {first.entry_text[:40]!r}" if first else "nothing"
            click.echo(f"{result.language} {result.row.name}: {result.outcome}, rank {result.rank}, first {told}")


if __name__ == "__main__":
    main()
