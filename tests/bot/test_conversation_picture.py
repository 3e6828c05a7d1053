"""The conversation's picture in the README is the one the code has."""

import re
from pathlib import Path

from bot.buttons import Press
from bot.handlers.postback import PRESSES

README = Path(__file__).resolve().parents[2] / "bot" / "README.md"


def test_every_press_is_in_the_picture_and_nothing_else_is() -> None:
    section = README.read_text("utf-8").split("### The conversation")[1]
    picture = section.split("```mermaid")[1].split("```")[0]
    named = set(re.findall(r": ([A-Z_]{2,})\b", picture))
    assert named == set(Press.__members__)


def test_every_press_is_handled() -> None:
    assert set(PRESSES) == set(Press)
