"""What is said in a video or recording, by faster-whisper where the setting SPEECH_MODEL names a model.

The package is an extra (`chaming[speech]`) and brings a small model along, `bundled`; a larger one is the operator's
choice. Without any the bot says that it cannot follow speech. One recording at a time, the first two minutes of it,
within a time limit that is looked at between sentences.
"""

import asyncio
import importlib
import importlib.util
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import structlog

from bot.media.bundled_speech import NAME as BUNDLED
from bot.media.bundled_speech import prepare_bundled_speech
from bot.media.reading import MIN_KEY, Reading, ReadText
from bot.settings import Settings, SettingsError
from retrieval.normalise import matching_key

LISTEN_WITHIN_S = 15.0
LISTEN_TO_S = 120.0
LANGUAGE = "zh"
HINT = "it has to be on this machine, as a folder of faster-whisper's or `bundled`, which chaming[speech] brings"
MAX_NO_SPEECH = 0.6
"""The model's own estimate that nobody speaks in a sentence it made up; the usual threshold of its authors."""

log = structlog.get_logger()


class SpeechModel(Protocol):
    """What `faster_whisper.WhisperModel` is."""

    def transcribe(self, audio: str, **options: Any) -> tuple[Iterable[Any], Any]: ...


class Listener:
    """Writes down what is said; without a model it says that it cannot."""

    def __init__(self, name: str | None, model: SpeechModel | None = None, *, folder: Path | None = None) -> None:
        self._name = name
        self._model = model
        self._folder = folder  # where the bundled model is put together
        self._thread = ThreadPoolExecutor(
            1, "listening"
        )  # its own: what keeps the model busy keeps nobody else waiting

    @property
    def heard_with(self) -> str:
        """What the transcript was made with, for the article's record."""
        return f"faster-whisper {self._name}"

    async def listen(self, path: Path) -> ReadText:
        if self._name is None:
            return ReadText(Reading.MISSING)
        try:
            async with asyncio.timeout(LISTEN_WITHIN_S):
                end = time.monotonic() + LISTEN_WITHIN_S
                text = await asyncio.get_running_loop().run_in_executor(self._thread, self._transcribe, path, end)
        except TimeoutError:
            return ReadText(Reading.TOO_SLOW)
        except Exception:  # a model that is not on this machine, a sound it cannot decode: looks and sound are compared
            log.exception("speech_not_followed")
            return ReadText(Reading.MISSING)
        return ReadText(Reading.READ, text) if len(matching_key(text)) >= MIN_KEY else ReadText(Reading.NOTHING)

    async def warm_up(self) -> None:
        """Load the model before anybody waits for it, and say in the log when that cannot be done."""
        if self._name is None:
            return
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._load)
        except Exception as error:
            log.warning("speech_not_followed", why=f"SPEECH_MODEL cannot be loaded: {type(error).__name__}: {HINT}")

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _transcribe(self, path: Path, end: float) -> str:
        segments, _ = self._load().transcribe(
            str(path), language=LANGUAGE, vad_filter=True, clip_timestamps=f"0,{LISTEN_TO_S:.0f}"
        )
        said = []
        for segment in segments:
            if segment.no_speech_prob <= MAX_NO_SPEECH:
                said.append(segment.text.strip())
            if time.monotonic() > end:  # what was understood so far would be taken for all of it
                raise TimeoutError
        return "\n".join(said)

    def _load(self) -> SpeechModel:
        if self._model is None:
            bundled = self._folder if self._name == BUNDLED else None
            self._model = load_model(str(prepare_bundled_speech(bundled) if bundled else self._name))
        return self._model


def load_model(name: str) -> SpeechModel:
    """Open the model, which is on this machine already: nothing is downloaded while somebody waits."""
    module = importlib.import_module("faster_whisper")
    model: SpeechModel = module.WhisperModel(name, device="auto", compute_type="int8", local_files_only=True)
    return model


def open_listener(settings: Settings) -> Listener:
    """The listener the settings ask for; raises SettingsError when its package is missing."""
    if settings.speech_model is not None and importlib.util.find_spec("faster_whisper") is None:
        raise SettingsError("SPEECH_MODEL needs the package faster-whisper. Example: pip install -e '.[speech]'")
    return Listener(settings.speech_model, folder=settings.data_dir / "speech-model")
