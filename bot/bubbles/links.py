"""What can be done about a message that is only a link."""

from bot.bubbles.view import View
from bot.buttons import Press
from bot.flex import Part, postback


def offer_title(view: View, message: Part, event_id: str) -> Part:
    """The message with one more quick reply: look the page's title up."""
    data = view.buttons.encode(Press.LINK_TITLE, event_id=event_id)
    offer = {"type": "action", "action": postback(view.words("Look up its title"), data)}
    items = message.get("quickReply", {}).get("items", [])
    return {**message, "quickReply": {"items": [*items, offer]}}
