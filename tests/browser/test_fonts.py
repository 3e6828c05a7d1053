"""Without fonts every Chinese character is the same box, every other browser test passes, and nobody can read it."""

from itertools import combinations

import pytest
from playwright.async_api import Browser

pytestmark = pytest.mark.browser

CHARACTERS = "查明謠言真假轉傳臺灣體歲"
EMOJI = "👍🔴❌✅"
DRAW = """
(characters) => characters.map((character) => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 48;
  const pen = canvas.getContext("2d");
  pen.font = '36px "Noto Sans TC", "Noto Sans CJK TC", "PingFang TC", sans-serif, "Noto Color Emoji"';
  pen.fillText(character, 2, 38);
  return Array.from(pen.getImageData(0, 0, 48, 48).data).join();
})
"""


async def test_it_draws_different_characters_differently(browser: Browser) -> None:
    page = await browser.new_page()
    characters = [*CHARACTERS, *EMOJI]
    drawn = dict(zip(characters, await page.evaluate(DRAW, characters), strict=True))
    alike = [one + other for one, other in combinations(drawn, 2) if drawn[one] == drawn[other]]
    assert not alike, f"These render alike: {alike}. On Debian: apt-get install fonts-noto-cjk fonts-noto-color-emoji"
    blank = await page.evaluate(DRAW, [" "])
    assert blank[0] not in drawn.values()
