"""The check digits of Taiwan's identity numbers and of payment cards.

National id and resident certificate: the letter stands for two digits, and the ten or eleven digits, weighed
1 9 8 7 6 5 4 3 2 1 1, come to a multiple of ten (內政部's rule; certificates since 2021 follow it with 8 or 9 in second
place, older ones have a second letter that stands for the last digit of its number). Cards: Luhn, ISO/IEC 7812-1.
"""

LETTERS = {letter: number for number, letter in enumerate("ABCDEFGHJKLMNPQRSTUVXYWZIO", start=10)}
WEIGHTS = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)


def is_national_id(value: str) -> bool:
    """A letter, 1 or 2, eight digits."""
    return value[1] in "12" and _adds_up(value)


def is_arc_id(value: str) -> bool:
    """A letter, then 8 or 9 (since 2021) or one of A–D, then eight digits."""
    return value[1].upper() in "89ABCD" and _adds_up(value)


def is_card(digits: str) -> bool:
    """Whether the digits pass the Luhn check, and begin as cards of the large networks do."""
    if not 13 <= len(digits) <= 19 or digits[0] not in "23456":
        return False
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


def _adds_up(value: str) -> bool:
    first = LETTERS[value[0].upper()]
    second = value[1] if value[1].isdigit() else str(LETTERS[value[1].upper()] % 10)
    digits = [first // 10, first % 10, *map(int, second + value[2:])]
    return sum(weight * digit for weight, digit in zip(WEIGHTS, digits, strict=True)) % 10 == 0
