"""For whoever knows more about a message than its page says: the part of the page that tells what they can do."""

from urllib.parse import quote

from bot.bubbles.view import View
from bot.flex import Part, uri

ANCHOR = "know-more"


def know_more(view: View, article_id: str) -> Part:
    return uri(view.words("I know more"), f"{view.article_url(article_id)}#{ANCHOR}")


def leads_to_knowing_more(action: Part) -> bool:
    return str(action.get("uri", "")).endswith(f"#{ANCHOR}")


def desk_url(view: View) -> str:
    """Where volunteers work; whoever is not signed in is asked to."""
    return f"{view.public_url.rstrip('/')}/review/"


def write_url(view: View, article_id: str) -> str:
    """Where a volunteer writes an answer to the article, once they have signed in."""
    return f"{desk_url(view)}articles/{quote(article_id, safe='')}/write"
