"""What posts carry beside their words: whom they answer, tags, and the signature under one that was embedded."""

import regex

_SIGNATURE = regex.compile(r"(?:—|[–-](?!\d))\s*[^—–\n]{1,60}\(@\w{1,20}\)\s+\p{Lu}\p{L}{2,8}\.? \d{1,2}, \d{4}")
_PICTURE = regex.compile(r"\bpic\.twitter\.com/\w+", regex.IGNORECASE)
_ADDRESSEES = regex.compile(r"^\s*(?:RT\s+)?(?:\.?@[A-Za-z0-9_]{2,30}:?\s+)+")
_TAG = regex.compile(r"(?<![\w.])[#@]([A-Za-z0-9_]{2,60})")
_JOINT = regex.compile(r"_+|(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Z])(?=[0-9])", regex.VERSION1)


def plain_post(text: str) -> str:
    """Return the text without signature and addressees, its tags cut into words: #StopTheSteal says three."""
    if "@" not in text and "#" not in text and "pic." not in text:
        return text
    text = _ADDRESSEES.sub("", _PICTURE.sub(" ", _SIGNATURE.sub(" ", text)))
    plain: str = _TAG.sub(lambda tag: _JOINT.sub(" ", tag[1]), text)
    return plain
