"""What describes a release: for machines (Data Package, Croissant, CITATION) and for people (data card, licence)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from storage.exports.describe.card import write_card, write_citation
from storage.exports.describe.croissant import to_croissant
from storage.exports.describe.datapackage import to_datapackage
from storage.exports.describe.privacy import to_privacy_report
from storage.exports.licences import Terms, write_licence
from storage.exports.manifest import Manifest, to_json

__all__ = ["describe"]


def describe(folder: Path, manifest: Manifest, terms: Terms, figures: Mapping[str, Any]) -> list[str]:
    """Write all descriptions into the folder; returns their names. `figures`: by table, what was masked or left out."""
    privacy = to_privacy_report(manifest, figures)
    texts: dict[str, bytes] = {
        "datapackage.json": to_json(to_datapackage(manifest, terms)),
        "croissant.json": to_json(to_croissant(manifest, terms)),
        "privacy.json": to_json(privacy),
        "README.md": write_card("README.md", manifest, terms, privacy).encode(),
        "README.zh-Hant.md": write_card("README.zh-Hant.md", manifest, terms, privacy).encode(),
        "LICENSE.txt": write_licence(terms, manifest.release).encode(),
        "CITATION.cff": write_citation(manifest, terms).encode(),
    }
    for name, content in texts.items():
        (folder / name).write_bytes(content)
    return list(texts)
