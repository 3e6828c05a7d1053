"""Numbers in a folded text, in digits or Chinese numerals, and what they come to: 六千, 1万5千, 3,000, 二〇二六."""

from decimal import Decimal

import regex

_ZEROS, _ONES = "〇零", "一二两三四五六七八九"
_DIGITS = dict(zip(_ZEROS + _ONES, [0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9], strict=True))
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
_NUMERAL = _ZEROS + _ONES + "".join(_UNITS)
_IDIOM = r"千万(?=[不别勿要请记注小莫]|一定)|百[香货合姓分]|十分(?![钟之])"
"""What looks like a number and is none: "千万不要", "百货", "十分"."""
_ABOUT = rf"[{_ONES}]{{2}}(?![{_ZEROS}{_ONES}])"
"""Two digits that give no number but about how many: 两三个, 三四十."""
_COUNTED = "[个年月日天号岁倍杯颗粒克公斤元块人次度点分秒小时周杯种成%]"
"""What follows small Chinese numerals where they count: 三明治 counts nothing."""
_NO_ABOUT = "(?![多余几][百千万亿])"
"""七千多万 is no number to be compared, and no 七千."""
TO = "[到至~、,-]"
"""What stands between two numbers with one unit: 七、八成, 5-10分."""

NUMBER = regex.compile(
    rf"(?<![a-z0-9^])(?<!(?<!\d)7-(?=11(?!\d)))[-±]?(?:(?<![\w.])\.)?\d+(?:[.,^]\d+)*(?:\s?(?!{_IDIOM})[百千万亿]+{_NO_ABOUT}(?:\d+[百千万]+)*+(?:(?:\d{{4}}|\d)(?=[元块人名件]|[^\w.,:/-]|$))?)?"
    rf"|(?<![{_NUMERAL}数几上])(?!{_IDIOM}|{_ABOUT}|千万)(?:[{_ZEROS}{_ONES}十]|百(?=[万亿])|千(?=亿))[{_NUMERAL}]*+"
    rf"{_NO_ABOUT}(?:(?<=[百千万亿])|(?=(?:{TO}[{_ONES}十])?{_COUNTED}))"
)
LARGE = regex.compile(r"[千万亿]$")
"""The end of a number that counts something, said or not: 月薪三万."""
ORDINAL = regex.compile(rf"第([{_ONES}十\d]{{1,3}})(?:(?![是的了在就也吗])(\p{{Han}}))?")
"""第二航厦: the number, and the first of what is numbered; in 世界第一是 nothing is."""
LEAST_ROUNDED, LEAST_DIGITS, LEAST_CUT = 5, 2, 3
"""Digits of an amount from which a rounded one is the same, and digits that the rounded one must tell: 逾14万 is
14万4千, and 1万 is not. The last: digits of a number from which it is the same without its fraction: 831.6 is 831, and
37.5 is not 37."""

_PIECE = regex.compile(rf"\d+(?:\.\d+)?|[{_NUMERAL}]")
_THOUSANDS = regex.compile(r",(?=\d{3})|\s")
_BARE_POINT = regex.compile(r"^([-±]?)\.")
_ANY_NUMERAL = regex.compile(f"[{_NUMERAL}]")
_SAYING_NOTHING = regex.compile(r"\.0*$|(?<=\.\d*)0+$")
_IN_ROW = regex.compile(rf"[{_ZEROS}{_ONES}]+")


def value_of(number: str) -> str:
    """Return one spelling of a number, in digits: no thousands' commas, no zeros that say nothing."""
    if number.isascii() and number.isdigit():
        return number
    number = _BARE_POINT.sub(r"\g<1>0.", _THOUSANDS.sub("", number))
    if number[-1].isascii() and not _ANY_NUMERAL.search(number):
        plain: str = _SAYING_NOTHING.sub("", number)
        return plain
    if _IN_ROW.fullmatch(number):
        return "".join(str(_DIGITS[digit]) for digit in number)
    sign = number[0] if number[0] in "-±" else ""
    return sign + f"{_add_up(number).normalize():f}"


def agree(one: str, other: str) -> bool:
    """Whether two values are the same, or one is the other rounded or cut to the digits that it tells."""
    if one == other:
        return True
    if ("." in one) != ("." in other):
        whole = one.partition(".")[0]
        return whole == other.partition(".")[0] and len(whole) >= LEAST_CUT
    if len(one) != len(other) or len(one) < LEAST_ROUNDED or not (one.isdecimal() and other.isdecimal()):
        return False
    told, rounded = sorted((one, other), key=lambda value: len(value.rstrip("0")), reverse=True)
    unit: int = 10 ** (len(rounded) - max(LEAST_DIGITS, len(rounded.rstrip("0"))))
    above = int(told) - int(rounded)
    return unit > 1 and int(rounded) % unit == 0 and -unit <= 2 * above < 2 * unit


def _add_up(number: str) -> Decimal:
    """Return what a numeral comes to; of "一万五" the last digit counts thousands."""
    total, block, ones, unit = Decimal(0), Decimal(0), None, 1
    for piece in _PIECE.findall(number):
        if (factor := _UNITS.get(piece)) is None:
            ones = Decimal(_DIGITS.get(piece, piece))
            unit = 1 if piece in _ZEROS else unit
        elif factor < 10**4:
            block, ones, unit = block + factor * (1 if ones is None else ones), None, factor
        else:
            block += ones or 0
            total = total + block * factor if factor == 10**4 else (total + block) * factor
            block, ones, unit = Decimal(0), None, factor
    last = ones or Decimal(0)
    return total + block + (last * unit / 10 if unit > 10 and last < 10 else last)
