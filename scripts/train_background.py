"""Make `retrieval/background.bin`: document frequencies of units in the sample's messages, titles and replies.

Chinese comes from the sample. Other languages' words come from the encoder's tokenizer, whose pieces carry
log-probabilities over a hundred languages: a word of another language must not weigh like a rare Chinese name.

    python -m scripts.train_background SAMPLE_DIR TOKENIZER_JSON
"""

import json
import math
import sys
from pathlib import Path

import numpy as np

from retrieval.background import STEP, TABLE_BITS, TABLE_PATH, bucket_of, pack
from retrieval.units import to_units, word_hash
from scripts.bench.quality.sample import load_sample

MIN_DOCUMENTS = 2
UNSEEN_DOCUMENTS = 1.0
WORDS_A_DOCUMENT = 30
LANGUAGE_SHARE = 8.0  # a word common in one language is rare over a hundred


def count_units(texts: list[str]) -> tuple[dict[int, int], int]:
    """Return how many different texts hold each unit, and how many texts there are."""
    counts: dict[int, int] = {}
    unique = list(dict.fromkeys(texts))
    for text in unique:
        for unit in set(to_units(text).hashes.tolist()):
            counts[unit] = counts.get(unit, 0) + 1
    return counts, len(unique)


def foreign_words(tokenizer: Path) -> dict[int, float]:
    """Return the share of documents of its language that hold a word, for the words among the tokenizer's pieces."""
    pieces = json.loads(tokenizer.read_text(encoding="utf-8"))["model"]["vocab"]
    shares: dict[int, float] = {}
    for piece, score in pieces:
        word = piece.removeprefix("▁").casefold()
        if piece.startswith("▁") and len(word) > 1 and word.isalpha() and ord(word[0]) < 0x0E00:
            share = 1 - (1 - min(0.5, LANGUAGE_SHARE * math.exp(score))) ** WORDS_A_DOCUMENT
            unit = word_hash(word)
            shares[unit] = max(share, shares.get(unit, 0.0))
    return shares


def main(sample: str, tokenizer: str) -> None:
    """Count, convert to bytes and write."""
    data = load_sample(Path(sample))
    texts = [*data.messages.values(), *data.titles_flat(), *data.reply_texts()]
    counts, total = count_units(texts)
    table = np.zeros(1 << TABLE_BITS, np.uint8)
    documents = np.zeros(1 << TABLE_BITS)
    for unit, share in foreign_words(Path(tokenizer)).items():
        bucket = bucket_of(np.array([unit], np.uint32))[0]
        documents[bucket] = max(documents[bucket], share * total)
    for unit, count in counts.items():
        if count >= MIN_DOCUMENTS:
            documents[bucket_of(np.array([unit], np.uint32))[0]] += count
    seen = documents >= MIN_DOCUMENTS
    weights = np.log((total + 1) / np.minimum(documents[seen], total))
    table[seen] = np.clip(np.round(weights * STEP), 1, 255)
    TABLE_PATH.write_bytes(pack(table, math.log((total + 1) / UNSEEN_DOCUMENTS)))
    print(f"{total} texts, {int(seen.sum())} buckets in use, {TABLE_PATH.stat().st_size} bytes", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
