"""Postback data comes back as it went out, or not at all."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import Signer

from bot.buttons import MAX_DATA_CHARACTERS, Action, Buttons, Press

BUTTONS = Buttons("a secret for tests")
IDS = st.text(min_size=1, max_size=40)


@given(press=st.sampled_from(Press), article_id=IDS, event_id=IDS, offset=st.integers(0, 500))
def test_it_reads_what_it_wrote(press: Press, article_id: str, event_id: str, offset: int) -> None:
    data = BUTTONS.encode(press, article_id=article_id, event_id=event_id, offset=offset, probability=0.97231)
    assert len(data) <= MAX_DATA_CHARACTERS
    assert BUTTONS.decode(data) == Action(press, article_id, event_id, 0.972, offset=offset)


def test_it_survives_a_restart() -> None:
    data = Buttons("the key").encode(Press.CHOOSE, article_id="-id with space")
    assert Buttons("the key").decode(data) == Action(Press.CHOOSE, "-id with space")


def test_it_fits_the_longest_ids_that_we_make() -> None:
    data = BUTTONS.encode(
        Press.MORE_REPLIES,
        article_id="x" * 36,
        event_id="sha256:" + "f" * 64,
        probability=0.123456,
        kind="article",
        offset=999,
    )
    assert len(data) <= MAX_DATA_CHARACTERS


def test_it_refuses_ids_that_line_would_refuse() -> None:
    with pytest.raises(ValueError, match="LINE takes 300"):
        BUTTONS.encode(Press.CHOOSE, article_id="😀" * 130)


@given(st.text(max_size=320))
def test_it_knows_nothing_of_foreign_data(data: str) -> None:
    assert BUTTONS.decode(data) is None


@given(position=st.integers(0, 200), replacement=st.characters(codec="utf-8"))
def test_it_notices_every_change(position: int, replacement: str) -> None:
    event_id = "01FZ74A0TDDPYRVKNK77XKC3ZR"
    data = BUTTONS.encode(Press.AGREE, event_id=event_id)
    position %= len(data)
    changed = data[:position] + replacement + data[position + 1 :]
    # The last character of a base64 signature has two bits that mean nothing, so a changed one may still hold.
    assert BUTTONS.decode(changed) in (None, Action(Press.AGREE, event_id=event_id))


def test_it_knows_nothing_written_under_another_key() -> None:
    assert BUTTONS.decode(Buttons("another").encode(Press.AGREE)) is None


@pytest.mark.parametrize(
    "text", ['2.["yes",{}]', '1.["unheard-of",{}]', "1.not json", '1.["yes"]', '1.["yes",[]]', "1.7", "", ".", "1."]
)
def test_it_drops_versions_and_presses_it_does_not_know(text: str) -> None:
    assert BUTTONS.decode(_signed(text)) is None


def test_it_ignores_fields_that_a_later_release_added() -> None:
    text = "1." + json.dumps(["yes", {"e": "event", "later": 1}])
    assert BUTTONS.decode(_signed(text)) == Action(Press.AGREE, event_id="event")


def _signed(text: str) -> str:
    """Sign a text as `Buttons` does: what another release, holding the same key, may have written."""
    signer: Signer = BUTTONS._signer
    return signer.sign(text).decode()
