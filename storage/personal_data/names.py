"""People's names: a surname with a title, a name that is announced, or three characters that are mostly names."""

import re
from collections.abc import Iterator
from functools import cache

from storage.personal_data.findings import Finding, Kind
from storage.personal_data.lexicon import load_lexicon, one_of

NO_PERSON = "局院部會市縣國府司署處所隊館店校公"
"""Ends of what speaks, but is an office."""

_MASKED = "○ＯOX〇*＊"
_IDEOGRAPH = "[一-鿿]"
_NAMING = f"(?:(?![的了是在和有不這那也都就與或等及]){_IDEOGRAPH})"


def find_names(text: str) -> Iterator[Finding]:
    lexicon = load_lexicon()
    not_names = frozenset((*lexicon["words"], *lexicon["cities"]))
    for pattern in _patterns():
        for found in pattern.finditer(text):
            name = found["name"]
            if name[:2] not in not_names and not _is_office(name):
                yield Finding(*found.span("name"), Kind.NAME)


def _is_office(name: str) -> bool:
    """Whether it ends like an office; 建國, 罔市 and 陳○國 are people all the same."""
    if len(name) != 3 or name[2] not in NO_PERSON:
        return False
    lexicon = load_lexicon()
    is_given = name[1] in lexicon["given"] and name[2] in lexicon["given"]
    return not is_given and name[1:] not in lexicon["whole-given"] and name[1] not in _MASKED


@cache
def _patterns() -> list[re.Pattern[str]]:
    surname = f"(?:{one_of('compound-surnames')}|{one_of('surnames')})"
    plain, given, title = one_of("plain-surnames"), one_of("given"), one_of("titles")
    long_title = f"(?:{'|'.join(sorted((t for t in load_lexicon()['titles'] if len(t) > 1), key=len, reverse=True))})"
    before, after = one_of("announcing"), one_of("after")
    start = f"(?<!{_IDEOGRAPH})"
    usual = f"(?:{given}{_NAMING}|{_NAMING}{given}|{one_of('whole-given')})"
    masked = f"[{_MASKED}]"
    return [
        re.compile(pattern)
        for pattern in (
            # 王小明先生, 陳醫師, 林太太
            f"(?P<name>{surname}{_NAMING}{{0,2}}?){long_title}",
            # 王姓, 陳女, 李男, 林某
            f"{start}(?P<name>{surname}){title}(?!{_IDEOGRAPH}{{4}})",
            # 聯絡人：王小明, 記者王小明／, 我是王小明
            rf"{before}[ :是為叫]*(?P<name>{surname}{_NAMING}{{1,2}})(?=[^一-鿿]|$|{after}|{before})",
            f"{before}(?P<name>{surname}{usual})",
            # 王小明表示, 王小明 敬上
            f"{start}(?P<name>{surname}{_NAMING}{{1,2}}) ?{after}",
            # 「王小明」, (王小明), -王小明-
            rf"(?<=[『「【《(\-|/])(?P<name>{plain}{_NAMING}{{2}})(?=[』」】》)\-|/])",
            # 王小明 0912…, 王小明(02…
            rf"{start}(?P<name>{surname}{_NAMING}{{1,2}})[ :(]{{1,2}}(?=\+?[\d(])",
            # a full name of characters that names are made of; at the beginning of a clause, one of them is enough
            f"(?P<name>(?:{one_of('compound-surnames')}|{plain}){given}{{2}})",
            f"{start}(?P<name>{plain}{usual})",
            # 張李美華, 高金素梅: two surnames
            f"{start}(?P<name>{surname}{{2}}{given}{{2}})",
            # 王○○, 陳O明
            f"(?P<name>{surname}(?:{masked}{{1,2}}{_NAMING}?|{_NAMING}{masked}))(?![A-Za-z])",
            r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.? ?(?P<name>[A-Z][a-z]+(?:[ -][A-Z][a-z]+){0,2})",
        )
    ]
