"""Taking personal data out of a text before it leaves: our detectors for Taiwan, and Google's for telephone numbers.

Names are left: most names in rumours are those of public figures, and no list tells the others from them. Everything
else that `storage.personal_data` finds is masked, and what masking uncovers is looked at again.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from phonenumbers import Leniency, PhoneNumberMatcher

from storage.personal_data import Finding, find_personal_data, mask
from storage.personal_data import Kind as PersonalKind

REGION = "TW"
MAX_PASSES = 4

_LINE_ID = re.compile(r"(?<![0-9A-Za-z])[UCR][0-9a-f]{32}(?![0-9A-Za-z])")
"""The id of a LINE user, group or room, should anybody have pasted one."""
_URL = re.compile(r"https?://\S+|www\.\S+", re.IGNORECASE)
_ENOUGH_DIGITS = re.compile(r"\d(?:[^\n]{0,4}\d){6}")
_PRIVATE_URL = re.compile(r"@|%40|09\d{8}|wa\.me/|line\.me/|lin\.ee/", re.IGNORECASE)
"""A page that even an editor's citation does not keep: it carries an address or a number, or opens a chat."""


class Masker:
    """Masks texts and counts what it masked, by kind."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def mask(self, text: str, *, keep_pages: bool = False) -> str:
        """The text without personal data; masking it again changes nothing."""
        masked, kinds = _mask(text, keep_pages)
        self.counts.update(kinds)
        return masked


@lru_cache(maxsize=4_096)  # stock answers and the titles of much-shared pages come by the thousand
def _mask(text: str, keep_pages: bool) -> tuple[str, tuple[str, ...]]:
    kinds: list[str] = []
    for _ in range(MAX_PASSES):
        found = [one for one in _find(text) if not (keep_pages and _is_citation(text, one))]
        if not found:
            break
        kinds += [one.kind.value for one in found]
        text = mask(text, found)
    return text, tuple(kinds)


def _find(text: str) -> list[Finding]:
    return [
        *find_personal_data(text, names=False),
        *(Finding(*one.span(), PersonalKind.LINE_ID) for one in _LINE_ID.finditer(text)),
        *_phones(text),
    ]


def _phones(text: str) -> Iterator[Finding]:
    """Telephone numbers of any country, outside links. None goes over the end of a line, and few lines hold one."""
    if not _ENOUGH_DIGITS.search(text):
        return
    begin = 0
    for line in text.split("\n"):
        if _ENOUGH_DIGITS.search(_URL.sub("\n", line)):
            links = [link.span() for link in _URL.finditer(line)]
            for match in PhoneNumberMatcher(line, REGION, leniency=Leniency.VALID):
                if not any(start < match.end and match.start < end for start, end in links):
                    yield Finding(begin + match.start, begin + match.end, PersonalKind.PHONE)
        begin += len(line) + 1


def _is_citation(text: str, finding: Finding) -> bool:
    link = text[finding.start : finding.end]
    return finding.kind == PersonalKind.URL_WITH_ACCOUNT and not _PRIVATE_URL.search(link)
