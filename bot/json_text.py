"""JSON as LINE sends it: fast where it is well-formed, forgiving where only half a character is broken.

A phone may cut an emoji in half, which leaves a lone surrogate in an escape such as `\\ud83d`. orjson rightly refuses
it; Python's own reader does not. One such message must not cost the other events of its request.
"""

import json
from typing import Any

import orjson


def read_json(data: bytes) -> Any:
    """Return the value; raise ValueError for anything that is not JSON."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def write_json(value: Any, *, sort_keys: bool = False) -> bytes:
    """Return UTF-8 JSON, with escapes where a character cannot be encoded."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS if sort_keys else None)
    except TypeError:
        return json.dumps(value, sort_keys=sort_keys).encode()


def clean_text(text: str) -> str:
    """Text that every encoder and database takes: half characters become U+FFFD, NUL goes."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
