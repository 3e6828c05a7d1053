"""The manifest of a prepared encoder: what it was made from, what it consists of, and that it was checked.

A prepared encoder is a folder with `model.onnx`, `tokenizer.json`, `reference.npy` and `manifest.json`. The manifest is
written last, so a folder without one was never finished.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from retrieval.adaptation import adaptation_of
from retrieval.files import sha256_of

FORMAT = 2
MANIFEST = "manifest.json"
WEIGHTS = "model.onnx"
TOKENIZER = "tokenizer.json"
REFERENCE = "reference.npy"
FILES = (WEIGHTS, TOKENIZER, REFERENCE)
MAX_NOISE = 0.05
"""How far a quantised vector may be from its float32 original, as a share of how far two different texts are apart.

A cosine alone does not tell: with strangers at .81, a cosine of .99 is a twentieth of the way to one; with strangers at
.43, a fiftieth.
"""


class ModelError(Exception):
    """The encoder cannot be used.

    ModelError
    ├── ModelMissingError      nothing was prepared there
    ├── ModelRefusedError      something is there, and its manifest does not hold
    │   └── ModelOutdatedError   it was prepared by another version of this program
    └── ModelPreparationError  preparing it failed
    """


class ModelMissingError(ModelError):
    """There is no prepared encoder in that folder: run `chaming model prepare`."""


class ModelRefusedError(ModelError):
    """The prepared encoder does not match its manifest: run `chaming model prepare` to make it again."""


class ModelOutdatedError(ModelRefusedError):
    """The encoder was prepared by another version of this program: run `chaming model prepare` to make it again."""


class ModelPreparationError(ModelError):
    """The encoder could not be prepared."""


@dataclass(frozen=True, slots=True)
class Parity:
    """How near the prepared encoder comes to sentence-transformers on the fixed texts."""

    texts: int
    min_cosine: float
    mean_cosine: float
    same_neighbours: float
    """Share of texts whose nearest other text is the same one for both."""
    spread: float
    """How far two different texts are apart, by the source: the mean of 1 − cosine."""

    @property
    def holds(self) -> bool:
        return self.texts > 0 and self.is_near(self.min_cosine) and self.same_neighbours == 1.0

    def is_near(self, cosine: float) -> bool:
        """Whether a vector with this cosine to its original is still that text's and nearly no other's."""
        return 1 - cosine <= MAX_NOISE * self.spread

    @property
    def noise(self) -> float:
        """The furthest vector's distance from its original, as a share of how far two different texts are apart."""
        return (1 - self.min_cosine) / self.spread if self.spread else 0.0


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `manifest.json` says."""

    format: int
    model_id: str
    """Source name, hash of its weights and how they are run, e.g. `name@0123456789ab#onnx-int8`."""
    source: str
    adaptation: str
    """Id of the change that this program makes to the source's weights; "" for none."""
    prompt: str
    """Put before every text; both sides of a comparison get the same one, for both are messages."""
    dimension: int
    max_tokens: int
    quantisation: str
    files: Mapping[str, str]
    """File name → SHA-256."""
    parity: Parity
    versions: Mapping[str, str]

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        return cls(**{**content, "parity": Parity(**content["parity"])})


def model_folder(data_dir: Path, name: str) -> Path:
    """Where the encoder `name` (a model's name or a folder) lies once prepared."""
    slug = re.sub(r"[^\w.-]+", "--", name).strip("-.")
    return data_dir / "models" / (slug or "model")


def write_manifest(folder: Path, manifest: Manifest) -> None:
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest, raising `ModelMissingError`, or `ModelRefusedError` when it cannot be understood."""
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ModelOutdatedError(f"{path} has format {content['format']}, expected {FORMAT}. {_advice()}")
        return Manifest.from_json(content)
    except FileNotFoundError:
        raise ModelMissingError(f"No prepared encoder in {folder}: run `chaming model prepare`.") from None
    except (ValueError, LookupError, TypeError) as error:
        raise ModelRefusedError(f"{path} cannot be read ({error}). {_advice()}") from error


def check_manifest(folder: Path) -> Manifest:
    """Read the manifest and check that all it says still holds, raising `ModelRefusedError` when it does not."""
    manifest = read_manifest(folder)
    if manifest.adaptation != adaptation_of(manifest.source):
        raise ModelOutdatedError(f"The encoder in {folder} was made with another adaptation. {_advice()}")
    if not manifest.parity.holds:
        raise ModelRefusedError(f"The encoder in {folder} differs from its source ({manifest.parity}). {_advice()}")
    for name in FILES:
        path = folder / name
        if not path.is_file():
            raise ModelRefusedError(f"{path} is missing. {_advice()}")
        if manifest.files.get(name) != sha256_of(path):
            raise ModelRefusedError(f"{path} is not the file that was prepared. {_advice()}")
    return manifest


def find_ready(name: str, folder: Path) -> Manifest | None:
    """Return the manifest in `folder` when a sound encoder made from `name` lies there."""
    try:
        manifest = check_manifest(folder)
    except ModelError:
        return None
    return manifest if manifest.source == name else None


def _advice() -> str:
    return "Run `chaming model prepare` to make it again."
