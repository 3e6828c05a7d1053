"""Prepare an encoder once: load it through sentence-transformers, export, quantise, check, and put it in place.

    load ─▶ float.onnx, tokenizer, reference vectors ─▶ model.onnx ─▶ parity ─▶ manifest ─▶ rename
                                                            ▲            │
                                                            └─ a coarser quantisation failed: the next finer one

All of it happens in a hidden folder beside the target, which is renamed at the end. Killed at any point, the next call
goes on from the last finished step. Two processes preparing the same folder wait for each other.
"""

import fcntl
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.adaptation import adaptation_of
from retrieval.calibration import CALIBRATION_PATH, CalibrationError, load_calibration
from retrieval.files import replace_folder, sha256_of, write_atomically
from retrieval.model_manifest import (
    FILES,
    FORMAT,
    REFERENCE,
    TOKENIZER,
    WEIGHTS,
    Manifest,
    ModelError,
    ModelPreparationError,
    Parity,
    find_ready,
    write_manifest,
)
from retrieval.onnx_encoder import build_encoder
from retrieval.onnx_export import Quantisation, export_onnx, quantise_onnx
from retrieval.parity_texts import ODD_TEXTS, PARITY_TEXTS
from retrieval.sentence_transformers_encoder import open_sentence_transformers
from retrieval.types import Vectors

Progress = Callable[[str, int, int], None]
"""Called before each step with its name, its number from 1, and how many there are."""

STEPS = ("loading the source model", "exporting", "quantising", "checking against the source", "putting in place")
NEIGHBOUR_TOLERANCE = 0.005
"""Two texts as near as this to a third are equally near: which of them comes first is chance."""

OLD_CALIBRATION = f"{CALIBRATION_PATH.name}.old"
"""Somebody's own, of weights that are no longer there: kept, since nobody else can make it again."""

_FLOAT = "float.onnx"
_SOURCE = "source.json"
_TOOLS = ("sentence-transformers", "torch", "transformers", "onnxruntime", "onnx")


def prepare_model(name: str, folder: Path, progress: Progress = lambda *_: None, *, force: bool = False) -> Manifest:
    """Make the encoder `name` (the bundled one, a folder, a hub name) ready in `folder` and return its manifest.

    Does nothing when a sound one of that name is there already, unless `force`. Raises `ModelPreparationError` when the
    source cannot be loaded or exported, or when the result is not near enough to it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        if not force and (ready := find_ready(name, folder)):
            return ready
        work = folder.with_name(f".{folder.name}.partial")
        try:
            manifest = _prepare(name, work, progress)
        except ModelError:
            raise
        except Exception as error:  # the exporters raise anything
            raise ModelPreparationError(f"Preparing {name} failed: {type(error).__name__}: {error}") from error
        progress(STEPS[4], 5, len(STEPS))
        _keep_calibration(manifest.model_id, folder, work)
        replace_folder(work, folder)
        return manifest


def _keep_calibration(model_id: str, old: Path, new: Path) -> None:
    """Keep the calibration beside an encoder that is made again: the same weights are matched by the same rules."""
    for name in (CALIBRATION_PATH.name, OLD_CALIBRATION):
        if (own := old / name).is_file():
            shutil.copyfile(own, new / name)
    try:
        load_calibration(model_id, new / CALIBRATION_PATH.name)
    except CalibrationError:
        with suppress(FileNotFoundError):
            (new / CALIBRATION_PATH.name).replace(new / OLD_CALIBRATION)


def _prepare(name: str, work: Path, progress: Progress) -> Manifest:
    source = _find_started(name, work)
    if source is None:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        source = _export(name, work, progress)
    for quantisation in Quantisation:
        progress(STEPS[2], 3, len(STEPS))
        quantise_onnx(work / _FLOAT, work / WEIGHTS, quantisation)
        progress(STEPS[3], 4, len(STEPS))
        manifest = _check(source, quantisation, work)
        if manifest.parity.holds:
            return _finish(manifest, work)
    raise ModelPreparationError(f"What was exported from {name} does not do the same: {manifest.parity}")


def _export(name: str, work: Path, progress: Progress) -> dict[str, Any]:
    """Write all that comes from the source, and last the note that it is complete."""
    progress(STEPS[0], 1, len(STEPS))
    door = open_sentence_transformers(name)
    progress(STEPS[1], 2, len(STEPS))
    tokenizer = getattr(door.model.tokenizer, "backend_tokenizer", None)
    if tokenizer is None:
        raise ModelPreparationError(f"{name} has no fast tokenizer, which serving needs.")
    tokenizer.save(str(work / TOKENIZER))
    np.save(work / REFERENCE, door.encode(PARITY_TEXTS + ODD_TEXTS))
    export_onnx(door.model, work / _FLOAT)
    source = {
        "format": FORMAT,
        "model_id": f"{name}@{door.weights_hash[:12]}",
        "source": name,
        "adaptation": adaptation_of(name),
        "prompt": door.prompt,
        "dimension": door.dimension,
        "max_tokens": door.max_tokens,
        "versions": _tool_versions(),
    }
    write_atomically(work / _SOURCE, json.dumps(source).encode())
    return source


def _check(source: dict[str, Any], quantisation: Quantisation, work: Path) -> Manifest:
    """Return the manifest of what lies in `work`, with the parity just measured."""
    facts = source | {"model_id": f"{source['model_id']}#onnx-{quantisation}", "quantisation": quantisation.value}
    files = {file: sha256_of(work / file) for file in FILES}
    unmeasured = Parity(texts=0, min_cosine=0, mean_cosine=0, same_neighbours=0, spread=0)
    encoder = build_encoder(work, Manifest(**facts, files=files, parity=unmeasured), threads=2)
    parity = measure_parity(np.load(work / REFERENCE), encoder.encode(PARITY_TEXTS + ODD_TEXTS))
    return Manifest(**facts, files=files, parity=parity)


def _finish(manifest: Manifest, work: Path) -> Manifest:
    write_manifest(work, manifest)
    for leftover in (_FLOAT, _SOURCE):
        (work / leftover).unlink()
    return manifest


def measure_parity(reference: Vectors, vectors: Vectors) -> Parity:
    """Compare the vectors of `PARITY_TEXTS + ODD_TEXTS` made by the source and by the prepared encoder."""
    cosines = np.sum(reference * vectors, axis=1)
    n = len(PARITY_TEXTS)
    near, near_prepared = (v[:n] @ v[:n].T - 2 * np.eye(n, dtype=np.float32) for v in (reference, vectors))
    chosen = near[np.arange(n), near_prepared.argmax(axis=1)]
    same = chosen >= near.max(axis=1) - NEIGHBOUR_TOLERANCE
    return Parity(
        texts=len(cosines),
        min_cosine=round(float(cosines.min()), 5),
        mean_cosine=round(float(cosines.mean()), 5),
        same_neighbours=float(same.mean()),
        spread=round(float(1 - np.mean((reference[:n] @ reference[:n].T)[~np.eye(n, dtype=bool)])), 5),
    )


def _find_started(name: str, work: Path) -> dict[str, Any] | None:
    """Return what an earlier call left behind, when it is of this model, adapted like this, and made by these tools."""
    try:
        source: dict[str, Any] = json.loads((work / _SOURCE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    ours = {"format": FORMAT, "source": name, "adaptation": adaptation_of(name), "versions": _tool_versions()}
    return source if ours.items() <= source.items() and (work / _FLOAT).exists() else None


def _tool_versions() -> dict[str, str]:
    return {tool: version(tool) for tool in _TOOLS}


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with folder.with_name(f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
