"""The keys that an installation on SQLite makes for itself on its first start, and keeps in DATA_DIR."""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

SECRET_KEY_FILE = "secret-key"
VAPID_KEY_FILE = "vapid-key"


def make_secret_key() -> str:
    return secrets.token_hex(32)


def load_or_make_key(path: Path, make: Callable[[], str]) -> str:
    """Return the key kept in this file, made on the first start: for its owner's eyes only, whole or not at all."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}-") as draft:
            draft.write(make())
            draft.flush()
            os.fsync(draft.fileno())
            with suppress(FileExistsError):  # another process made it in the meantime: one key for both
                path.hardlink_to(draft.name)
    return path.read_text().strip()
