"""Real messages of the shipped sample, one after another, and a button of each answer: LINE refuses nothing.

`python -m scripts.bench.conversation` does the same with a thousand.
"""

import pytest

from scripts.bench.conversation import drive, load_texts
from scripts.simulator.line import LineSimulator

pytestmark = pytest.mark.model

SOME = 30


async def test_nothing_is_refused_and_everything_is_answered(line: LineSimulator) -> None:
    texts = load_texts()
    pressed = await drive(line, texts[:: len(texts) // SOME][:SOME])
    assert sum(pressed.values()) >= SOME * 3 // 4
    assert len(pressed) >= 5
