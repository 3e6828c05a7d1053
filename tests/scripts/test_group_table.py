"""The README's table of when a group hears from the bot is the one the rules give."""

from pathlib import Path

from scripts.group_table import BEGIN, END, FACTORS, allowing, to_markdown

README = Path(__file__).resolve().parents[2] / "bot" / "README.md"


def test_the_readme_shows_what_the_rules_say() -> None:
    shown = README.read_text("utf-8").split(BEGIN)[1].split(END)[0]
    assert shown == to_markdown().split(BEGIN)[1].split(END)[0], "python -m scripts.group_table prints the new one"


def test_everything_it_looks_at_can_silence_it() -> None:
    allowed = allowing()
    assert list(allowed) == list(FACTORS)
    assert all(0 < len(allowed[name]) < len(values) for name, values in FACTORS.items())
