"""On what terms a release is passed on, and the words that say so in every archive."""

from collections.abc import Sequence
from dataclasses import dataclass

from storage.exports.manifest import SourceLicence

URLS = {
    "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "ODbL-1.0": "https://opendatacommons.org/licenses/odbl/1-0/",
}
"""The licences an instance may choose for its editorial content, by SPDX identifier."""

TITLES = {
    "CC-BY-SA-4.0": "Creative Commons Attribution-ShareAlike 4.0 International",
    "CC-BY-4.0": "Creative Commons Attribution 4.0 International",
    "CC0-1.0": "Creative Commons Zero 1.0 Universal",
    "ODbL-1.0": "Open Data Commons Open Database License 1.0",
}

COFACTS = SourceLicence(
    source="cofacts",
    licence="CC0-1.0 until 2021-02-16, CC-BY-SA-4.0 since",
    attribution="Cofacts 真的假的 and its volunteers, https://cofacts.tw (messages and answers); shown in this release "
    "under pseudonyms of its own",
)
"""Cofacts published its open data under CC0 until it changed its terms on 17 February 2021; our own sample is older."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The release's own licence and attribution, and those of the sources whose rows are in it."""

    licence: str
    attribution: str
    sources: tuple[SourceLicence, ...] = ()

    @property
    def url(self) -> str:
        return URLS[self.licence]

    @property
    def title(self) -> str:
        return TITLES[self.licence]


def write_licence(terms: Terms, release: str) -> str:
    """The text of `LICENSE.txt`."""
    return "\n".join(
        [
            f"Release {release}",
            "",
            f"Published under {terms.title} ({terms.licence}): {terms.url}",
            f"Please credit: {terms.attribution}",
            *_source_lines(terms.sources),
            "",
            "The messages are what people forwarded to ask whether they are true: that one stands here does not make",
            "it true. Do not try to find out who anybody in this data is.",
            "",
        ]
    )


def _source_lines(sources: Sequence[SourceLicence]) -> list[str]:
    if not sources:
        return []
    lines = [f"  {one.source}: {one.licence}. Credit: {one.attribution}" for one in sources]
    return ["", "Rows whose column `source` names one of these keep its own terms:", *lines]
