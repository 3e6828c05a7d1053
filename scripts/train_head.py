"""Make `retrieval/head.npz` from the sample's texts, and texts in six languages: see `retrieval.head`. No
label is read.

python -m scripts.train_head SAMPLE_DIR [--cache FILE]
"""

import json
import random
from pathlib import Path

import click
import numpy as np

from bot.settings import load_settings
from retrieval.head import HEAD_PATH, fit_head, save_head
from retrieval.message import text_to_encode
from retrieval.model_manifest import model_folder
from retrieval.onnx_encoder import open_encoder
from scripts.bench.quality.cached_encoder import CachedEncoder
from scripts.bench.quality.sample import load_sample

MESSAGES = Path(__file__).parent / "bench" / "languages" / "messages.jsonl"
REPLIES = 3000


def in_languages() -> list[list[str]]:
    """Return what is said in six languages, one list a language: the rows that are no claim of the sample, since the
    claims are what languages are measured on."""
    rows = [json.loads(line) for line in MESSAGES.read_text(encoding="utf-8").splitlines()]
    columns = zip(*(row["texts"].values() for row in rows if row["kind"] != "claim"), strict=True)
    return [list(column) for column in columns]


@click.command()
@click.argument("sample_dir", type=click.Path(exists=True, path_type=Path))
@click.option("--cache", type=click.Path(path_type=Path), default=Path("data/encoded.sqlite3"), show_default=True)
def main(sample_dir: Path, cache: Path) -> None:
    """Fit the head on messages, titles and replies of the sample in SAMPLE_DIR."""
    settings = load_settings()
    encoder = CachedEncoder(open_encoder(model_folder(settings.data_dir, settings.model), threads=2), cache)
    sample = load_sample(sample_dir)
    replies = random.Random(5).sample(sorted(sample.replies.values()), REPLIES)
    texts = dict.fromkeys(text_to_encode(text) for text in [*sample.messages.values(), *sample.titles_flat(), *replies])
    encoder.warm(texts, "texts")
    languages = [encoder.encode([text_to_encode(text) for text in own]) for own in in_languages()]
    encoder.commit()
    save_head(fit_head(np.unique(encoder.encode(list(texts)), axis=0), languages), encoder.model_id)
    click.echo(f"{len(texts)} texts, {HEAD_PATH.stat().st_size} bytes", err=True)


if __name__ == "__main__":
    main()
