"""How long an answer may be. LINE counts UTF-16 units: most characters one, an emoji two or more."""

MAX_UNITS = 5_000
"""LINE's limit for one text message, which an answer must fit as a whole: some people's LINE shows no bubbles."""
MAX_REFERENCE_UNITS = 3_000
COMFORTABLE_UNITS = 500
"""About what people read in a chat before they scroll on."""


def count_units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)
