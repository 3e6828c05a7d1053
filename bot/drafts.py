"""What of a message would become public: all of it but what may tell who somebody is, unless it is put back.

A button cannot carry a text, so it carries which findings are put back, and a mark of the text they leave. The
mark is compared when somebody agrees: should a later release find other things in the message, they are asked anew.
"""

import hashlib
from dataclasses import dataclass

from bot.fit import clean
from storage.personal_data import MASK, Finding, find_personal_data, mask

MAX_FINDINGS = 64
MARK_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class Draft:
    """A person's message on its way to the public."""

    whole: str
    """The cleaned message."""
    findings: tuple[Finding, ...] = ()
    kept: int = 0
    """Bit n is set: the nth finding is to stay in."""

    @property
    def public(self) -> str:
        """What would be published, to the letter."""
        return mask(self.whole, [one for number, one in enumerate(self.findings) if not self.kept >> number & 1])

    @property
    def mark(self) -> str:
        return hashlib.sha256(self.public.encode()).hexdigest()[:MARK_CHARACTERS]

    def words_of(self, number: int) -> str:
        """The words of a finding."""
        return self.whole[self.findings[number].start : self.findings[number].end]

    def is_kept(self, number: int) -> bool:
        return bool(self.kept >> number & 1)

    def toggled(self, number: int) -> int:
        """`kept` with this finding the other way."""
        return self.kept ^ 1 << number


def draft_of(text: str, kept: int = 0) -> Draft:
    """The draft of a message as it was sent; what was put back of what is not found any more is forgotten."""
    whole = clean(text)
    findings = tuple(find_personal_data(whole)[:MAX_FINDINGS])
    return Draft(whole, findings, kept & (1 << len(findings)) - 1)


def is_cut_from(public: str, whole: str) -> bool:
    """Whether a text is the message with parts taken out, and nothing put in but masks and white space."""
    rest = iter(_bare(whole))
    return all(character in rest for character in _bare(public.replace(MASK, "")))


def _bare(text: str) -> str:
    return "".join(text.split())
