"""Messages to try with one click: real ones from the shipped sample, altered ones, and some that nobody has checked.

The real messages are from Cofacts' open data (CC0), and are in the sample that the demo imports.
"""

import json
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Sample:
    """One message and the few words on its button."""

    title: str
    text: str


def load_samples() -> list[Sample]:
    """Return the messages to try, in the order of their buttons."""
    text = (files("scripts.simulator.web") / "samples.json").read_text(encoding="utf-8")
    return [Sample(each["title"], each["text"]) for each in json.loads(text)]
