"""Real texts of Cofacts' open data and their vectors, which everything of any size is made from."""

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from retrieval.model_manifest import model_folder
from retrieval.onnx_encoder import open_encoder
from retrieval.types import Vectors

SAMPLE = Path(__file__).resolve().parents[1] / "sample"
MODEL = "intfloat/multilingual-e5-small"
FILES = {"articles": "text", "article_hyperlinks": "title", "replies": "text"}
MOST_REAL = 12_000
ENCODED_CHARACTERS = 400


def read_texts(folder: Path) -> list[str]:
    """Return the different texts in a folder of Cofacts' open data, articles first, at most `MOST_REAL`."""
    csv.field_size_limit(1 << 24)
    return list(dict.fromkeys(text for text in _read(folder) if len(text) > 3))[:MOST_REAL]


def _read(folder: Path) -> Iterator[str]:
    for name, column in FILES.items():
        with zipfile.ZipFile(folder / f"{name}.csv.zip") as archive, archive.open(archive.namelist()[0]) as raw:
            for row in csv.DictReader(io.TextIOWrapper(raw, "utf-8")):
                yield (row[column] or "").strip()


def load_vectors(texts: Sequence[str], data_dir: Path, kept: Path | None) -> Vectors:
    """Encode the real texts with the encoder prepared in `data_dir`, or read what an earlier run kept."""
    if kept and kept.exists():
        vectors: Vectors = np.load(kept)
        if len(vectors) == len(texts):
            return vectors
    print(f"Encoding {len(texts)} real texts, once …", flush=True)
    encoder = open_encoder(model_folder(data_dir, MODEL))
    vectors = encoder.encode([text[:ENCODED_CHARACTERS] for text in texts])
    if kept:
        np.save(kept, vectors)
    return vectors
