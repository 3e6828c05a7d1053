"""Messages in another language than the checked ones: hardly a word is shared, so the meaning alone proposes.

The scorer knows shared words and gives such a match next to nothing, while the encoder mostly finds it. Whatever stands
out from all other articles by its meaning is therefore offered. It is never answered: one vector a text cannot tell one
food or number from another.
"""

from collections.abc import Sequence

import regex

from retrieval.calibration import Calibration

LOOKED_AT = 300
"""Characters that tell in which language a text is."""
TOGETHER = 2
"""Articles that may stand out together: the same rumour is often there twice."""
MOST = 0.6
"""The share of the way from "offered" to "answered" that a cosine of `Calibration.meant_surely` is worth."""

Near = tuple[str, int, float]
"""Article id, slot, cosine."""

_HAN, _KANA, _LETTER = regex.compile(r"\p{Han}"), regex.compile(r"[\p{Hiragana}\p{Katakana}]"), regex.compile(r"\p{L}")


def is_chinese(text: str) -> bool:
    """Whether a text is written in Chinese mostly."""
    han, kana = _shares(text)
    return han > 0.5 and kana < 0.1


def is_foreign(text: str) -> bool:
    """Whether a text surely is not Chinese: names of brands in an alphabet make no foreign message."""
    han, kana = _shares(text)
    return bool(_LETTER.search(text[:LOOKED_AT])) and (han < 0.2 or kana >= 0.1)


def stand_out(near: Sequence[Near], calibration: Calibration) -> list[Near]:
    """Return the nearest articles, at most `TOGETHER`, that are near enough and ahead of all others."""
    best: dict[str, Near] = {}
    for found in near:
        if found[0] not in best or found[2] > best[found[0]][2]:
            best[found[0]] = found
    in_order = sorted(best.values(), key=lambda found: -found[2])
    if not in_order or in_order[0][2] < calibration.meant:
        return []
    cosines = [*(found[2] for found in in_order), 0.0]
    for count in range(1, min(TOGETHER, len(in_order)) + 1):
        if cosines[count - 1] - cosines[count] >= calibration.meant_ahead:
            return in_order[:count]
    return []


def probability_of(cosine: float, calibration: Calibration) -> float:
    """Return what such a match is worth: somewhere among what is offered."""
    share = (cosine - calibration.meant) / (calibration.meant_surely - calibration.meant)
    return calibration.candidate + (calibration.answer - calibration.candidate) * MOST * min(max(share, 0.0), 1.0)


def _shares(text: str) -> tuple[float, float]:
    """The shares of Chinese characters and of kana among the letters."""
    text = text[:LOOKED_AT]
    letters = max(1, len(_LETTER.findall(text)))
    return len(_HAN.findall(text)) / letters, len(_KANA.findall(text)) / letters
