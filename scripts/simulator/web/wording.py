"""What the page's scripts say, in the reader's language: they ask for it by its English wording (`word("…")`)."""

import json

from markupsafe import Markup

from bot.wording import Words, marked

OF_SCRIPTS = (
    marked("{number} people"),
    marked("LINE official account"),
    marked("no limit"),
    marked("of {number}"),
    marked("Pushes this month: {number} ({limit}); replies are free. → LINE tells 查明, ← 查明 asks LINE."),
    marked("Remove 查明"),
    marked("Invite 查明"),
    marked("Block"),
    marked("Add friend"),
    marked("Unblock"),
    marked("Not possible ({status})"),
    marked("Change it to:"),
    marked("Copied"),
    marked("The simulator has no such button ({kind})"),
    marked("Pictures, videos and recordings: 50 MB at most"),
    marked("Sticker {emoji}"),
    marked("Blocked: 查明 receives no message, and can send you none"),
    marked("查明 is not in this group"),
    marked("查明 is typing"),
    marked("Edit"),
    marked("Unsend"),
    marked("(on purpose)"),
)


def wording_json(words: Words) -> Markup:
    """All of it for one language, safe inside a script element; what is in braces is filled in on the page."""
    said = {english: words.catalogue.gettext(english) for english in OF_SCRIPTS}
    return Markup(json.dumps(said, ensure_ascii=False).replace("<", "\\u003c"))  # nothing in it is from outside
