"""Videos and recordings to measure on, made from a seed: shots of landscapes, and sounds like music and like speech."""

import subprocess
import wave
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from scripts.bench.pictures.made import draw_landscape

RATE = 22_050
SIZE = (320, 240)
FRAMES_A_SECOND = 5
SHOT_S = (1.5, 4.0)

Sound = NDArray[np.float64]


def make_music(random: Generator, seconds: float) -> Sound:
    """Chords of a key that change every half second or so, with a beat under them."""
    time = np.arange(int(seconds * RATE)) / RATE
    sound = np.zeros_like(time)
    root, at = 110 * 2 ** (random.integers(12) / 12), 0.0
    while at < seconds:
        length = float(random.choice([0.25, 0.5, 0.75, 1.0]))
        span = slice(int(at * RATE), int(min(at + length, seconds) * RATE))
        local = time[span] - at
        for step in random.choice([0, 2, 4, 5, 7, 9, 11, 12, 14, 16], 3, replace=False):
            pitch = root * 2 ** (step / 12)
            for overtone in range(1, 5):
                sound[span] += np.sin(2 * np.pi * pitch * overtone * local) / overtone**1.5 * np.exp(-2 * local)
        sound[span] += 0.5 * random.normal(size=len(local)) * np.exp(-40 * local)
        at += length
    return _level(sound)


def make_speech(random: Generator, seconds: float) -> Sound:
    """A buzz of changing pitch through moving resonances, in syllables with pauses between: as a machine speaks."""
    sound = np.zeros(int(seconds * RATE))
    at, pitch = 0.0, random.uniform(90, 220)
    while at < seconds:
        length = random.uniform(0.12, 0.32)
        begin, end = int(at * RATE), int(min(at + length, seconds) * RATE)
        local = np.arange(end - begin) / RATE
        glide = pitch * (1 + random.uniform(-0.25, 0.25) * local / length)
        phase = 2 * np.pi * np.cumsum(glide) / RATE
        formants = random.uniform([250, 800, 2000], [850, 2300, 3200])
        syllable = np.zeros_like(local)
        for overtone in range(1, 30):
            at_hz = overtone * glide.mean()
            gain = sum(np.exp(-(((at_hz - each) / 160) ** 2)) for each in formants) + 0.02
            syllable += gain * np.sin(overtone * phase)
        sound[begin:end] = syllable * np.sin(np.pi * np.clip(local / length, 0, 1)) ** 0.5
        at += length + (random.uniform(0.2, 0.6) if random.random() < 0.15 else random.uniform(0.0, 0.06))
    return _level(sound)


def write_sound(path: Path, sound: Sound) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((sound * 32_000).astype("<i2").tobytes())


def make_recording(random: Generator, path: Path, *, is_music: bool, seconds: float = 16.0) -> None:
    """A recording as a phone keeps one."""
    plain = path.with_suffix(".wav")
    write_sound(plain, (make_music if is_music else make_speech)(random, seconds))
    ffmpeg("-i", str(plain), "-c:a", "aac", "-b:a", "96k", str(path))
    plain.unlink()


def make_video(random: Generator, path: Path, *, is_music: bool, seconds: float = 16.0) -> None:
    """Shots of landscapes over which the camera moves, under a sound."""
    plain = path.with_suffix(".wav")
    write_sound(plain, (make_music if is_music else make_speech)(random, seconds))
    command = ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{SIZE[0]}x{SIZE[1]}"]
    command += ["-r", str(FRAMES_A_SECOND), "-i", "-", "-i", str(plain), "-pix_fmt", "yuv420p"]
    command += ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "24", "-c:a", "aac", "-b:a", "96k", str(path)]
    subprocess.run(command, input=_film(random, seconds), check=True)
    plain.unlink()


def ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True)


def _film(random: Generator, seconds: float) -> bytes:
    frames: list[bytes] = []
    wanted = int(seconds * FRAMES_A_SECOND)
    while len(frames) < wanted:
        shot = draw_landscape(random).resize((SIZE[0] * 5 // 4, SIZE[1] * 5 // 4))
        frames += _pan(shot, random, int(random.uniform(*SHOT_S) * FRAMES_A_SECOND))
    return b"".join(frames[:wanted])


def _pan(shot: Image.Image, random: Generator, number: int) -> list[bytes]:
    room = np.array([shot.width - SIZE[0], shot.height - SIZE[1]])
    begin, end = random.uniform(0, 1, 2) * room, random.uniform(0, 1, 2) * room
    places = [begin + (end - begin) * step / max(1, number - 1) for step in range(number)]
    return [shot.crop((int(x), int(y), int(x) + SIZE[0], int(y) + SIZE[1])).tobytes() for x, y in places]


def _level(sound: Sound) -> Sound:
    loudest: float = np.abs(sound).max() + 1e-9
    return np.asarray(sound * (0.8 / loudest))
