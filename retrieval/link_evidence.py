"""Which links say what a message is about: pages and videos, not short links, invitations and shops.

Two messages with the same article or video mostly tell of the same thing, though in other words. A short link is
another matter: in real forwards the same one stands under every story of a site that collects them, and in the same
swindle under another shop's name.
"""

from functools import cache
from pathlib import Path

HOSTS = Path(__file__).parent / "words" / "no_page.txt"
MAX_ARTICLES = 5
"""A link that leads to more articles than this is somebody's signature."""


def is_page(link: str) -> bool:
    """Whether a canonical link (`retrieval.urls`) names one page or video."""
    return link.partition("/")[0] not in _hosts_without_pages()


@cache
def _hosts_without_pages() -> frozenset[str]:
    return frozenset(HOSTS.read_text(encoding="utf-8").split())
