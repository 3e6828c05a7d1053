"""Which number a release gets, and which older one its delta starts from."""

from collections.abc import Sequence
from datetime import UTC, datetime

from storage.exports.catalogue import SCHEMA_MAJOR
from storage.exports.manifest import Manifest, ReleaseError
from storage.exports.pseudonyms import epoch_of


def choose_since(releases: Sequence[Manifest], asked: str | None, epoch: str) -> Manifest | None:
    """The release that the delta starts from; raises ReleaseError when the one asked for cannot be it."""
    if asked is None:
        return releases[-1] if releases and releases[-1].epoch == epoch else None
    found = next((one for one in releases if asked in (one.release, one.version)), None)
    if found is None:
        raise ReleaseError(f"there is no release {asked} here to start a delta from")
    if found.epoch != epoch:
        raise ReleaseError(f"{found.release} is of the epoch {found.epoch}: the first release of {epoch} is a full one")
    return found


def next_version(releases: Sequence[Manifest], epoch: str) -> str:
    """Major: the schema; minor: one more in each new epoch; patch: any other release."""
    if not releases:
        return f"{SCHEMA_MAJOR}.0.0"
    last = releases[-1]
    major, minor, patch = map(int, last.version.split("."))
    if major != SCHEMA_MAJOR:
        return f"{SCHEMA_MAJOR}.0.0"
    return f"{major}.{minor}.{patch + 1}" if last.epoch == epoch else f"{major}.{minor + 1}.0"


def name_release(releases: Sequence[Manifest], now: datetime) -> tuple[str, str]:
    """Version and name of the next release."""
    version = next_version(releases, epoch_of(now))
    return version, f"{version}_{now.astimezone(UTC):%Y-%m-%d}"
