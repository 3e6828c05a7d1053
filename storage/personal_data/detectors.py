"""The detectors, a pattern and a check each, and the one function that runs them all.

They read a folded copy of the text, as long as the text itself: full-width digits and letters as plain ones, every
dash as a hyphen, everything invisible as a space. So offsets are those of the text, and `０９１２` is found.

Most texts hold nothing of the sort. What a group of patterns cannot do without (seven digits, an @, a house number) is
looked for first, which costs a tenth of asking the patterns.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache

from storage.personal_data.checksums import is_arc_id, is_card, is_national_id
from storage.personal_data.findings import Finding, Kind, drop_overlaps
from storage.personal_data.lexicon import one_of
from storage.personal_data.names import find_names

AREA_CODES = {"02": {8}, "03": {7}, "04": {7, 8}, "05": {7}, "06": {7}, "07": {7}, "08": {7}}
LONG_AREA_CODES = {"037": {6}, "049": {7}, "082": {6}, "089": {6}, "0826": {5}, "0836": {5}}
"""Area codes, and how many digits a number has behind each (國家通訊傳播委員會's numbering plan)."""

_FOLD = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_FOLD |= dict.fromkeys(map(ord, "‐‑‒–—―−－﹣"), ord("-"))
_FOLD |= dict.fromkeys(map(ord, "\u3000\u00a0\u200b\u200c\u200d\u2060\ufeff\ufe0f\u20e3"), ord(" "))
"""The last two make a digit an emoji: 0️⃣9️⃣."""

_FOLDED = re.compile(f"[{re.escape(''.join(map(chr, _FOLD)))}]")

_SEP = r"[ .()\-]{0,2}"
_URL = re.compile(
    r"(?:https?://|www\.|(?<![A-Za-z0-9_.@/-])(?:line\.me|lin\.ee|t\.me|wa\.me|(?:m\.)?facebook\.com|instagram\.com)/)"
    r"[^\s<>\"'，。、；！？）」』】]+",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)
_SPELT_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64} ?[(\[]at[)\]] ?[A-Za-z0-9-]+(?: ?(?:\.|[(\[]dot[)\]]) ?[A-Za-z0-9-]+)+",
    re.ASCII | re.IGNORECASE,
)
_MOBILE = re.compile(rf"(?<![\d.])(?:\+?886{_SEP}0?|0 {{0,2}})9(?:{_SEP}\d){{8}}(?!\d)")
_DIGIT = "[0-9零〇一二三四五六七八九]"
_SPELT_START = re.compile(rf"[0零〇]{_SEP}[9九]")
_SPELT_MOBILE = re.compile(rf"(?<!{_DIGIT}){_SPELT_START.pattern}(?:{_SEP}{_DIGIT}){{8}}(?!{_DIGIT})")
_LANDLINE = re.compile(
    rf"(?<![\d.])\(?(?:\+?886{_SEP}(?:\(0\))?|0)[2-8](?:{_SEP}\d){{7,9}}(?!\d)"
    r"(?: *(?:#|轉|分機|ext\.?) *\d{1,6})?",
    re.IGNORECASE,
)
_FOREIGN = re.compile(r"(?<!\d)\+(?!886)[1-9]\d{0,2}[ -]?\(?\d(?:[ ()-]{0,2}\d){6,12}(?!\d)")
_LOCAL = r"\d{3,4}[ -]?\d{4}(?!\d)"
_IN_THREES = r"(?:\d{4}[ -]?\d{3}(?:[ -]?\d)?|\d{3}[ -]?\d{3}[ -]?\d{1,2})(?!\d|[ -]?\d{1,3}(?!\d))"
_LABELLED_PHONES = re.compile(
    r"(?:電話|手機|專線|行動|聯絡|連絡|tel|phone|call)[^\d\n]{0,6}"
    rf"(?P<first>{_LOCAL}|{_IN_THREES})(?P<rest>(?:[ -]{{1,2}}\d+| ?[、,/;或及和] ?{_LOCAL})*)",
    re.IGNORECASE,
)
"""Seven or eight digits, and the numbers that follow them."""
_NUMBER_IN_REST = re.compile(rf"{_LOCAL}|\d+")
_IDENTITY = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][ -]?(?:[1289]|[A-Da-d])(?:(?: ?\d){8}|(?:-?\d){8})(?!\d)")
"""All spaces or all hyphens: `B1 0800-1234` is a floor and a telephone number."""
_LABELLED_IDENTITY = re.compile(
    r"(?:身分證|身份證|統一證號|居留證|護照)[^A-Za-z\d\n]{0,8}(?P<found>[A-Za-z]{0,2}\d{8,9})(?!\d)"
)
_ACCOUNT = re.compile(
    r"(?:帳號|帐号|賬號|帳戶|戶頭|匯款|轉帳|匯至|存摺|局號|account|a/c)[^\d\n]{0,14}"
    r"(?P<found>\d(?:[ -]{0,3}\d){6,18})(?!\d)",
    re.IGNORECASE,
)
_CARD = re.compile(r"(?<![\d/=])\d(?:[ -]?\d){12,18}(?!\d)")
_LINE_ID = re.compile(
    r"(?:line|賴|微信|wechat|telegram|whatsapp|ig|instagram|fb|skype)[ ]*(?:id|帳號|帳戶|官方帳號)?[ ]*[:是為@]{1,2}"
    r"[ ]*(?P<found>@?[a-z0-9][a-z0-9._-]{3,29})",
    re.IGNORECASE,
)
_ADD_LINE = re.compile(
    r"(?:加|我的)我?[ ]*(?:line|賴)[ ]*(?:id)?[ :]*(?P<found>@?[a-z0-9][a-z0-9._-]{3,29})"
    r"|(?<![a-z])ID ?[:是] ?(?P<id>@?[a-z0-9][a-z0-9._-]{3,29})"
    r"|(?:(?:line|賴|微信|wechat)[ ]*id|微信[帳賬账]?[號号])[ ]*(?P<named>@?[a-z0-9][a-z0-9._-]{3,29})",
    re.IGNORECASE,
)
_NUMBER = r"[\d一二三四五六七八九十百]{1,5}"
_ACCOUNT_IN_URL = re.compile(
    r"(?:line\.me/(?:R/)?ti/[pg]/|lin\.ee/|facebook\.com/(?!story|watch|groups|events|photo|video|permalink|sharer|pages/)"
    r"(?:profile\.php\?id=)?[A-Za-z0-9.]{3,}/?(?:$|\?)|instagram\.com/(?!p/|reel|tv/)[\w.]{2,}/?(?:$|\?)|t\.me/[\w+]{3,}"
    r"|wa\.me/|(?:twitter|x)\.com/\w{2,}/?(?:$|\?)|[?&=/](?:09\d{8}|[\w.+-]+(?:@|%40)[\w-]+\.\w+)|//[^/@\s]+@"
    r"|[?&](?:raf|referral(?:_?code)?|ref_?code|invite(?:_?code|r(?:_id)?)?|aff_id|affiliate(?:_id)?)=[\w-]{3,})",
    re.IGNORECASE,
)
_ENOUGH_DIGITS = re.compile(r"\d(?:[ .()\-/]{0,3}\d){6}")
"""What every number that is looked for has: seven digits, no further apart than its patterns let them be."""
_HANDLE = re.compile(r"(?:[:是為@號号]|id)[ ]*@?[a-z0-9][a-z0-9._-]{3}", re.IGNORECASE)
_AT_SPELT = re.compile(r"[(\[]at[)\]]", re.IGNORECASE)
_HOUSE_NUMBER = re.compile(r"(?<=[\d一二三四五六七八九十百])[號巷弄]")


@cache
def _bank_and_account() -> re.Pattern[str]:
    bank = one_of("banks")
    return re.compile(rf"(?<!\d)(?:\({bank}\) ?|{bank}[ \-/)]{{1,3}})\d(?:[ -]?\d){{9,13}}(?!\d)")


@cache
def _address() -> re.Pattern[str]:
    return re.compile(
        rf"(?:{one_of('cities')}[縣市]?)?(?:[一-鿿]{{1,4}}[區鄉鎮市])?(?:[一-鿿]{{1,3}}[村里])?(?:{_NUMBER}鄰)?"
        rf"[一-鿿]{{1,5}}(?:大道|路|街|村|里|莊)(?:{_NUMBER}段)?(?:{_NUMBER}巷)?(?:{_NUMBER}弄)?"
        rf"(?:{_NUMBER}(?:[-之]{_NUMBER})?號(?:地下)?(?:{_NUMBER}樓)?(?:之{_NUMBER})?|(?<=[巷弄]))"
    )


def find_personal_data(text: str, *, names: bool = True) -> list[Finding]:
    """Everything that may tell who somebody is, in the order of the text; none overlaps another."""
    folded = _FOLDED.sub(_fold, text)
    found = list(_find_outside_urls(folded, names=names))
    urls = [match.span() for match in _URL.finditer(folded)]
    if urls:
        found = [one for one in found if not any(a < one.end and one.start < b for a, b in urls)]
        opening = [span for span in urls if _ACCOUNT_IN_URL.search(folded[slice(*span)])]
        found = [*(Finding(*span, Kind.URL_WITH_ACCOUNT) for span in opening), *found]
    return drop_overlaps(found)


def _fold(match: re.Match[str]) -> str:
    return chr(_FOLD[ord(match[0])])


def _find_outside_urls(text: str, *, names: bool) -> Iterator[Finding]:
    if "@" in text:
        yield from _each(text, _EMAIL, Kind.EMAIL)
    if _AT_SPELT.search(text):
        yield from _each(text, _SPELT_EMAIL, Kind.EMAIL)
    if _SPELT_START.search(text):
        yield from _each(text, _SPELT_MOBILE, Kind.PHONE)
    if _ENOUGH_DIGITS.search(text):
        yield from _find_numbers(text)
    if handle := _HANDLE.search(text):
        yield from _each(text, _LINE_ID, Kind.LINE_ID)
    if handle or "加" in text or "我的" in text:
        yield from _each(text, _ADD_LINE, Kind.LINE_ID)
    if _HOUSE_NUMBER.search(text):
        yield from _each(text, _address(), Kind.ADDRESS)
    if names:
        yield from find_names(text)


def _find_numbers(text: str) -> Iterator[Finding]:
    yield from _each(text, _MOBILE, Kind.PHONE)
    yield from _each(text, _LANDLINE, Kind.PHONE, _is_landline)
    yield from _each(text, _FOREIGN, Kind.PHONE)
    yield from _labelled_phones(text)
    yield from _each(text, _IDENTITY, Kind.NATIONAL_ID, lambda said: is_national_id(_bare(said)))
    yield from _each(text, _IDENTITY, Kind.ARC_ID, lambda said: is_arc_id(_bare(said)))
    yield from _each(text, _LABELLED_IDENTITY, Kind.NATIONAL_ID)
    yield from _each(text, _CARD, Kind.CARD, lambda said: is_card(_digits(said)))
    yield from _each(text, _ACCOUNT, Kind.BANK_ACCOUNT)
    yield from _each(text, _bank_and_account(), Kind.BANK_ACCOUNT)


def _each(
    text: str, pattern: re.Pattern[str], kind: Kind, holds: Callable[[str], bool] = lambda said: True
) -> Iterator[Finding]:
    """What the pattern finds, or its named part, where the check holds."""
    for found in pattern.finditer(text):
        group = found.lastgroup or 0
        if holds(found[group]):
            yield Finding(*found.span(group), kind)


def _labelled_phones(text: str) -> Iterator[Finding]:
    """Each number of a run by itself, so that a longer finding takes the place of its own number only."""
    for run in _LABELLED_PHONES.finditer(text):
        yield Finding(*run.span("first"), Kind.PHONE)
        for number in _NUMBER_IN_REST.finditer(text, *run.span("rest")):
            yield Finding(*number.span(), Kind.PHONE)


def _is_landline(said: str) -> bool:
    digits = _digits(re.split("[#轉分e]", said, maxsplit=1)[0])
    digits = "0" + digits.removeprefix("886").removeprefix("0") if digits.startswith("886") else digits
    for length in (4, 3, 2):
        code = digits[:length]
        if len(digits) - length in (LONG_AREA_CODES | AREA_CODES).get(code, ()):
            return True
    return False


def _digits(said: str) -> str:
    return "".join(filter(str.isdigit, said))


def _bare(said: str) -> str:
    return said.replace(" ", "").replace("-", "")
