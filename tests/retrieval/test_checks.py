import pytest

from retrieval import checks
from retrieval.checks import Checks
from retrieval.claim import Claim, read_claim
from retrieval.message import read_message
from retrieval.types import Entry, EntryKind

TOLD = "柿子和牛奶一起吃會中毒"
ENTRIES = ["柿子和優格一起吃會中毒", "柿子和牛奶一起吃不會中毒", TOLD]


def test_a_message_is_read_once_for_all_its_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def reading(text: str) -> Claim:
        read.append(text)
        return read_claim(text)

    monkeypatch.setattr(checks, "read_claim", reading)
    entries = [Entry(str(number), "card", EntryKind.ARTICLE, text) for number, text in enumerate(ENTRIES)]
    looked = Checks(read_message(TOLD), lambda slot: entries[slot])
    found = [looked.of(0, slot) for slot in (0, 1, 2, 0)]
    assert [bool(one) for one in found] == [True, True, False, True]
    assert sorted(read) == sorted([TOLD, *ENTRIES])
