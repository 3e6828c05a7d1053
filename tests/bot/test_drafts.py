"""What of a message would become public."""

import pytest

from bot.drafts import draft_of, is_cut_from
from storage.personal_data import MASK

TEXT = "請打0912345678找王小明先生"


def test_what_may_tell_who_somebody_is_is_out_until_it_is_put_back() -> None:
    draft = draft_of(TEXT)
    assert draft.public == f"請打{MASK}找{MASK}先生"
    assert draft_of(TEXT, draft.toggled(0)).public == f"請打0912345678找{MASK}先生"
    assert draft_of(TEXT, 0b11).public == TEXT
    assert draft_of(TEXT, draft_of(TEXT, 0b11).toggled(1)).public == f"請打0912345678找{MASK}先生"


def test_another_text_has_another_mark() -> None:
    assert len({draft_of(TEXT, kept).mark for kept in range(4)}) == 4


def test_what_was_put_back_of_what_is_not_found_any_more_is_forgotten() -> None:
    assert draft_of(TEXT, 0b11111).kept == 0b11
    assert draft_of("喝熱水", 7).kept == 0


@pytest.mark.parametrize(
    ("public", "holds"),
    [
        (TEXT, True),
        (f"請打{MASK}找先生", True),
        ("請打 找王小明", True),
        ("打找", True),
        ("請打0912345678找王大明先生", False),
        (f"{TEXT}！", False),
        ("找請打", False),
    ],
)
def test_cutting_is_taking_parts_out_and_nothing_else(public: str, holds: bool) -> None:
    assert is_cut_from(public, TEXT) is holds
