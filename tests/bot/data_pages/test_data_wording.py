"""The data pages' catalogues: complete, with the same placeholders, and nothing left over."""

from pathlib import Path

import pytest

from bot import data_pages
from bot.wording import TRANSLATED
from tests.catalogues import asked_in, find_faults

FOLDER = Path(data_pages.__file__).parent


@pytest.mark.parametrize("language", TRANSLATED)
def test_it_translates_exactly_what_is_asked_for(language: str) -> None:
    asked = asked_in(FOLDER, ("words", "marked"), plurals=("plural",))
    assert asked
    assert find_faults(FOLDER, language, asked) == {}
