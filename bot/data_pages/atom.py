"""Atom feeds (RFC 4287): of new releases and of newly checked articles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree

NAMESPACE = "http://www.w3.org/2005/Atom"
DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that is new. Its address is its id, and stays."""

    url: str
    title: str
    updated: datetime
    summary: str
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    url: str
    """Its own address."""
    page: str
    """The page it belongs to."""
    title: str
    language: str
    entries: Sequence[Entry]


def to_atom(feed: Feed) -> bytes:
    """The feed as XML; what no XML may hold is left out."""
    root = ElementTree.Element("feed", {"xmlns": NAMESPACE, "xml:lang": feed.language})
    _add(root, "id", feed.url)
    _add(root, "title", feed.title)
    _add(root, "updated", _write(max((entry.updated for entry in feed.entries), default=EPOCH)))
    ElementTree.SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": feed.url})
    ElementTree.SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": feed.page})
    _add(ElementTree.SubElement(root, "author"), "name", "查明 chaming")
    for entry in feed.entries:
        _add_entry(root, entry)
    return (DECLARATION + ElementTree.tostring(root, encoding="unicode")).encode()


def _add_entry(root: ElementTree.Element, entry: Entry) -> None:
    node = ElementTree.SubElement(root, "entry")
    _add(node, "id", entry.url)
    _add(node, "title", entry.title)
    _add(node, "updated", _write(entry.updated))
    ElementTree.SubElement(node, "link", {"rel": "alternate", "type": "text/html", "href": entry.url})
    if entry.author:
        _add(ElementTree.SubElement(node, "author"), "name", entry.author)
    _add(node, "summary", entry.summary)


def _add(parent: ElementTree.Element, tag: str, text: str) -> None:
    ElementTree.SubElement(parent, tag).text = "".join(filter(_is_allowed, text))


def _is_allowed(character: str) -> bool:
    """Whether XML 1.0 takes it."""
    code = ord(character)
    return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


def _write(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
