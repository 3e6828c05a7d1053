"""Style sheets and scripts, all from here, named by what is in them so that browsers may keep them."""

import hashlib
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable


def asset_names() -> frozenset[str]:
    return frozenset(file.name for file in _folder().iterdir())


@cache
def asset_url(name: str) -> str:
    """The address of a file, with the hash of its content."""
    return f"/review/static/{hashlib.sha256(read_asset(name)).hexdigest()[:12]}/{name}"


@cache
def read_asset(name: str) -> bytes:
    return (_folder() / name).read_bytes()


def _folder() -> Traversable:
    return resources.files("moderation.console") / "static"
