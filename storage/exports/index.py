"""The list of all releases beside them: `releases.json`, those that were withdrawn at its end."""

from dataclasses import asdict
from pathlib import Path

from storage.exports.manifest import MANIFEST, hash_file, list_releases, put_file, to_json
from storage.exports.withdrawal import list_withdrawn

INDEX = "releases.json"
INDEX_FORMAT = "chaming-releases/1"


def write_index(root: Path) -> None:
    """Make `releases.json` anew from the folders that are there."""
    releases = [
        {
            "release": one.release,
            "version": one.version,
            "date": one.date,
            "as_of": one.as_of,
            "epoch": one.epoch,
            "previous": one.previous,
            "replaces": one.replaces,
            "rows": one.rows,
            "bytes": one.bytes,
            "manifest_sha256": hash_file(root / one.release / MANIFEST),
        }
        for one in reversed(list_releases(root))
    ]
    withdrawn = [asdict(one) for one in reversed(list_withdrawn(root))]
    put_file(root / INDEX, to_json({"format": INDEX_FORMAT, "releases": releases, "withdrawn": withdrawn}))
