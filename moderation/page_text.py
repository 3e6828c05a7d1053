"""What a fetched page says: its title and its text, from bytes in whatever encoding, however broken the HTML."""

import re
from codecs import lookup
from html import unescape

MAX_TITLE = 300
MAX_TEXT = 200_000
"""Characters kept of a page's text."""

HTML = frozenset({"text/html", "application/xhtml+xml"})

_SILENT = frozenset(
    {"<!--", "title", "script", "style", "noscript", "template", "svg", "nav", "footer", "form", "iframe", "select"}
)
_WITHIN_A_LINE = frozenset(
    {"a", "abbr", "b", "em", "font", "i", "mark", "s", "small", "span", "strong", "sub", "sup", "u"}
)
# It cannot run back and forth: whatever begins with a bracket ends before the next one.
_TAG = re.compile(r"(?P<comment><!--|-->)|<(?P<closes>/?)(?P<name>[a-zA-Z][\w:-]{0,40})(?P<rest>[^<>]{0,4000})>")
_SHARED_TITLE = re.compile(r"(?:property|name)\s*=\s*[\"']?og:title\b", re.IGNORECASE)
_CONTENT = re.compile(r"\bcontent\s*=\s*([\"'])(.*?)\1", re.IGNORECASE | re.S)
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE)
_CHARSET_WITHIN = 4096


def read_page(body: bytes, content_type: str, charset: str | None) -> tuple[str, str]:
    """Title and text. Both are empty for what is neither HTML nor plain text, a PDF say."""
    if content_type in HTML:
        return _read_html(_decode(body, charset or _find_charset(body)))
    if content_type == "text/plain":
        return "", _tidy(_decode(body, charset), MAX_TEXT)
    return "", ""


def _read_html(html: str) -> tuple[str, str]:
    """One walk over the tags. A tree would cost the square of its depth, and strangers choose the depth.

    What stands inside a comment, or a tag that shows no words, is left out until it is closed.
    """
    words: list[str] = []
    title: list[str] = []
    shared, inside, at = "", "", 0
    for tag in _TAG.finditer(html):
        between, at = html[at : tag.start()], tag.end()
        name = (tag["name"] or tag["comment"]).lower()
        if inside == "title":
            title.append(between)
        elif not inside:
            words.append(between)
        if inside:
            inside = "" if _closes(tag, inside) else inside
        elif name in _SILENT and not tag["closes"]:
            inside = name
        elif name == "meta" and _SHARED_TITLE.search(tag["rest"]):
            shared = shared or _find_content(tag["rest"])
        if name not in _WITHIN_A_LINE:
            words.append("\n")
    if not inside:
        words.append(html[at:])
    called = " ".join(unescape(shared or "".join(title)).split())
    return called[:MAX_TITLE], _tidy(unescape("".join(words)), MAX_TEXT)


def _closes(tag: re.Match[str], inside: str) -> bool:
    if inside == "<!--":
        return tag["comment"] == "-->"
    return bool(tag["closes"]) and tag["name"].lower() == inside


def _find_content(attributes: str) -> str:
    found = _CONTENT.search(attributes)
    return found.group(2) if found else ""


def _find_charset(body: bytes) -> str | None:
    found = _CHARSET.search(body[:_CHARSET_WITHIN])
    return found.group(1).decode("ascii") if found else None


def _decode(body: bytes, charset: str | None) -> str:
    try:
        codec = lookup(charset or "utf-8").name
        return body.decode("cp950" if codec == "big5" else codec, "replace")
    except (LookupError, ValueError):  # no such encoding, or one that is not for text
        return body.decode("utf-8", "replace")


def _tidy(text: str, limit: int) -> str:
    lines = (" ".join(line.split()) for line in text[:limit].splitlines())
    return "\n".join(filter(None, lines))
