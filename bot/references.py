"""A reply's references, which people write as they like: addresses and titles on lines of their own, in any order."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import ada_url
import regex

from bot.fit import clean, one_line

MAX_URI = 1000
"""LINE's limit for an address that can be pressed."""

# In a list of references an address stands by itself, so it may hold Chinese; it ends at space or Chinese punctuation.
_URL = regex.compile(r"https?://[^\s<>\"'「」『』《》【】（），。、；！？]+", regex.IGNORECASE)
_ALLOWED = "!#$%&'()*+,/:;=?@[]~-._"


@dataclass(frozen=True, slots=True)
class Reference:
    """One source: where it is, and what it is called. At least one of the two is there."""

    title: str
    url: str | None = None

    @property
    def caption(self) -> str:
        """Its title, or else the name of the site."""
        return self.title or self.site

    @property
    def site(self) -> str:
        """The name of the site, without the `www.` that says nothing."""
        return site_name(self.url) if self.url else ""


def to_references(text: str | None) -> tuple[Reference, ...]:
    """Read references line by line: a line without an address is the title of the address beside it."""
    found: list[Reference] = []
    waiting = ""
    for line in filter(None, map(one_line, clean(text or "").split("\n"))):
        urls = [found.group() for found in _URL.finditer(line)]
        if urls:
            found.extend(_of_line(line, urls, waiting))
            waiting = ""
        elif found and not waiting and not found[-1].title:
            found[-1] = Reference(line, found[-1].url)
        else:
            waiting = f"{waiting} {line}".strip()
    return (*found, Reference(waiting)) if waiting else tuple(found)


def to_uri(url: str) -> str | None:
    """The address as LINE and a browser take it (ASCII, percent-encoded, http or https), or None."""
    try:
        href: str = ada_url.URL(url).href
    except (ValueError, UnicodeError):
        return None
    encoded = quote(href, safe=_ALLOWED)
    parts = urlsplit(encoded)
    is_fit = parts.scheme in {"http", "https"} and parts.hostname and len(encoded) <= MAX_URI
    return encoded if is_fit else None


def site_name(url: str) -> str:
    try:
        host = urlsplit(url).hostname or url
    except ValueError:
        host = url
    return host.removeprefix("www.")


def _of_line(line: str, urls: list[str], waiting: str) -> list[Reference]:
    """The line's addresses; what else it says, or the title waiting from the line before, names the first."""
    rest = line
    for url in urls:
        rest = rest.replace(url, " ", 1)
    title = one_line(rest).strip(" :：-–—()（）<>") or waiting
    titles = [title, *[""] * (len(urls) - 1)]
    return [_name(url, name, to_uri(url)) for url, name in zip(urls, titles, strict=True)]


def _name(url: str, title: str, address: str | None) -> Reference:
    """An address that cannot be pressed is still shown, as text."""
    return Reference(title, address) if address else Reference(f"{title} {url}".strip())
