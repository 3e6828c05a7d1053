"""Messages to try with one click: real ones from the shipped sample, altered ones, and some that nobody has checked.

The real messages are from Cofacts' open data (CC0), and are in the sample that the demo imports.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Sample:
    """One message and the few words on its button."""

    title: str
    text: str
    titles: Mapping[str, str]
    """The same few words in other languages than the message's."""

    def title_in(self, language: str) -> str:
        return self.titles.get(language, self.title)


def load_samples() -> list[Sample]:
    """Return the messages to try, in the order of their buttons."""
    text = (files("scripts.simulator.web") / "samples.json").read_text(encoding="utf-8")
    return [Sample(each["title"], each["text"], {"en": each["en"], "ja": each["ja"]}) for each in json.loads(text)]
