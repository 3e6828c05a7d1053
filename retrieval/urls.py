"""The links in a message, in one canonical form, so that the same page is the same link whoever shared it."""

from urllib.parse import parse_qsl, urlencode

import ada_url
import regex

MAX_URLS = 20
"""A message with more links than this is a list of links; the first ones speak for it."""

_MAX_URL_LENGTH = 2000
# A link ends at white space, at CJK text or full-width punctuation, and at what usually closes a quotation.
_URL = regex.compile(
    r"(?:https?://|(?<![\w@.])www\.)[^\s<>\"'`「」『』《》〈〉【】（）()\[\]{}，。、；：！？…\p{Han}\p{Hiragana}\p{Katakana}]{3,2000}",
    regex.IGNORECASE,
)
_TRAILING = ".,;:!?~*_|\\"

_TRACKERS = frozenset(
    [
        "fbclid",
        "gclid",
        "dclid",
        "gbraid",
        "wbraid",
        "msclkid",
        "yclid",
        "twclid",
        "ttclid",
        "igshid",
        "igsh",
        "mc_cid",
        "mc_eid",
        "_ga",
        "_gl",
        "spm",
        "si",
        "feature",
        "fr",
        "ref",
        "ref_src",
        "ref_url",
        "referer",
        "referrer",
        "share",
        "sharefrom",
        "share_from",
        "share_source",
        "sfnsn",
        "mibextid",
        "openexternalbrowser",
        "utm",
        "trackid",
        "tracking_id",
        "cmpid",
        "ncid",
        "ns_mchannel",
        "scid",
        "wt_mc",
        "_branch_match_id",
    ]
)
_TRACKER_PREFIXES = ("utm_", "pk_", "mtm_", "hsa_", "__cft__", "__tn__", "__xts__")


def find_urls(text: str) -> list[str]:
    """Return the links as they stand in the text, in order, at most `MAX_URLS`."""
    found = []
    for match in _URL.finditer(text):
        found.append(match.group().rstrip(_TRAILING))
        if len(found) == MAX_URLS:
            break
    return found


def strip_urls(text: str) -> str:
    """Return the text without its links."""
    stripped: str = _URL.sub(" ", text)
    return stripped


def _is_tracker(name: str) -> bool:
    name = name.casefold()
    return name in _TRACKERS or name.startswith(_TRACKER_PREFIXES)


def canonical_url(url: str) -> str | None:
    """Return a link without scheme, `www.`/`m.`, trackers and fragment, its query sorted; None if it is no link."""
    try:
        parsed = ada_url.URL(url if "://" in url[:9] else f"http://{url}")
    except ValueError:
        return None
    host = parsed.host.removeprefix("www.").removeprefix("m.").removeprefix("mobile.")
    if "." not in host:
        return None
    pairs = parse_qsl(parsed.search.removeprefix("?"), keep_blank_values=True)
    query = sorted(pair for pair in pairs if not _is_tracker(pair[0]))
    path = parsed.pathname.rstrip("/")
    if host == "youtu.be" and path:
        host, query, path = "youtube.com", [("v", path.strip("/"))], "/watch"
    elif host == "youtube.com" and path == "/watch":
        query = [pair for pair in query if pair[0] == "v"]
    return host + path + (f"?{urlencode(query)}" if query else "")


def canonical_urls(text: str) -> list[str]:
    """Return the canonical links of a text, each once, in order. A bare home page is no evidence and is left out."""
    links = dict.fromkeys(canonical_url(url) for url in find_urls(text))
    return [link for link in links if link is not None and ("/" in link or "?" in link)]
