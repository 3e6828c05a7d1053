"""An installation of any size to measure: the sample's articles, and fillers made from them, with their index.

A filler's text is cut together from pieces of real replies, and its vector is a real one moved as far as two unrelated
texts are apart. So both legs have as much to look through as with so many real articles, and a filler is no more like a
message than a real article about something else. Only the sample's own articles have replies.
"""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from sqlalchemy import insert
from sqlmodel import col, select

from bot.index_follower import decode_vector
from bot.index_opening import index_folder
from bot.settings import Settings
from retrieval.index import MatchingIndex
from retrieval.model_manifest import model_folder
from retrieval.normalise import key_hash
from retrieval.onnx_encoder import OnnxEncoder, open_encoder
from retrieval.types import Entry, EntryKind, Vectors
from scripts.jobs import JOBS
from storage.database import Database, open_database
from storage.index_entries import latest_seq
from storage.tables import Article, Embedding, JobRun, Reply, utc_now

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "scripts" / "sample"
BLOCK = 20_000
NOISE = 0.6
"""Length of the noise added to a unit vector: its cosine to where it came from becomes 0.86, two unrelated texts'."""
PIECES = 5
PIECE = 30
"""A filler is five pieces of some thirty characters, about as long as the usual message."""
GREETINGS = ("大家早安，", "請問這是真的嗎？", "剛收到的：", "轉傳給大家參考 ")
SECRET = "bench"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@dataclass
class Installation:
    """A data directory with model, database and index, and the processes that serve it."""

    data_dir: Path
    line_port: int = field(default_factory=free_port)

    @property
    def database_url(self) -> str:
        return f"sqlite+aiosqlite:///{self.data_dir}/chaming.db"

    def environment(self, port: int) -> dict[str, str]:
        return {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ},
            "DATA_DIR": str(self.data_dir),
            "DATABASE_URL": self.database_url,
            "SECRET_KEY": "a key for benchmarks, long enough",
            "PORT": str(port),
            "LINE_API_URL": f"http://127.0.0.1:{self.line_port}",
            "LINE_DATA_URL": f"http://127.0.0.1:{self.line_port}",
            "LINE_CHANNEL_SECRET": SECRET,
            "LINE_CHANNEL_ACCESS_TOKEN": "bench",
            "LOG_LEVEL": "error",
        }

    def do(self, *arguments: str) -> None:
        """Run one command to its end; raises CalledProcessError when it fails."""
        subprocess.run(
            [sys.executable, "-m", "scripts", *arguments], env=self.environment(0), cwd=ROOT, check=True, stdout=2
        )

    @contextmanager
    def serving(self) -> Iterator[tuple[str, float]]:
        """Serve while the block lasts; yields the URL, and the seconds from the start of the process to ready."""
        asyncio.run(self._put_jobs_off())
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        started = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-m", "scripts", "serve"], env=self.environment(port), cwd=ROOT)
        try:
            _wait_ready(url, process)
            yield url, time.perf_counter() - started
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)

    async def _put_jobs_off(self) -> None:
        """Let every job have run just now: on a new installation all are due, and an export takes minutes."""
        database = open_database(self.database_url)
        async with database.transaction() as session:
            for name in JOBS:
                await session.merge(JobRun(name=name, started_at=utc_now()))
        await database.close()

    def encoder(self) -> OnnxEncoder:
        """The bare encoder, with one thread, as a serving process has it."""
        return open_encoder(model_folder(self.data_dir, Settings().model), threads=1)


def _wait_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(6000):
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None:
                break
            time.sleep(0.02)
    raise RuntimeError("the server did not become ready")


def make_installation(data_dir: Path, entries: int) -> Installation:
    """Make an installation with the sample and so many index entries altogether; a second call finds it made."""
    installation = Installation(data_dir)
    done = data_dir / f".made-{entries}"
    if not done.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        shared = ROOT / "data" / "models"
        if shared.exists() and not (data_dir / "models").exists():
            (data_dir / "models").symlink_to(shared)
        for command in (["model", "prepare"], ["migrate"], ["import", "cofacts", str(SAMPLE)], ["index", "rebuild"]):
            installation.do(*command)
        asyncio.run(_add_fillers(installation, entries))
        done.touch()
    return installation


async def _add_fillers(installation: Installation, entries: int) -> None:
    database = open_database(installation.database_url)
    model_id = installation.encoder().model_id
    folder = index_folder(Settings(DATA_DIR=installation.data_dir), model_id)
    index = MatchingIndex.load(folder, model_id)
    texts, vectors = await _load_real(database)
    dice, noise = random.Random(7), np.random.default_rng(7)
    for start in range(0, max(0, entries - len(index)), BLOCK):
        number = min(BLOCK, entries - len(index))
        made = [make_text(texts, dice) for _ in range(number)]
        ids = [f"filler-{start + place}" for place in range(number)]
        await _store(database, ids, made)
        articles = [(i, [Entry(f"article:{i}", i, EntryKind.ARTICLE, t)]) for i, t in zip(ids, made, strict=True)]
        index.replace_many(articles, make_vectors(vectors, number, noise), settle=False)
        index.settle()
        print(f"  {len(index):,} of {entries:,} entries", file=sys.stderr)
    async with database.reading() as session:
        index.seq = await latest_seq(session)
    index.save(folder)
    await database.close()


async def _load_real(database: Database) -> tuple[list[str], Vectors]:
    async with database.reading() as session:
        replies = await session.execute(select(col(Reply.text)))
        stored = await session.execute(select(col(Embedding.vector)))
    texts = [text for (text,) in replies if len(text) > PIECE]
    return texts, np.stack([decode_vector(vector) for (vector,) in stored])


async def _store(database: Database, ids: Sequence[str], texts: Sequence[str]) -> None:
    now = utc_now()
    rows = [
        {"id": i, "text": t, "matching_key_hash": key_hash(t), "source": "filler", "created_at": now}
        for i, t in zip(ids, texts, strict=True)
    ]
    async with database.transaction() as session:
        await session.execute(insert(Article), rows)


def make_text(texts: Sequence[str], dice: random.Random) -> str:
    """Cut a new text together from pieces of others."""
    pieces = []
    for text in dice.choices(texts, k=PIECES):
        start = dice.randrange(len(text) - PIECE)
        pieces.append(text[start : start + dice.randrange(PIECE // 2, PIECE + PIECE // 2)])
    return "，".join(pieces)


def make_vectors(real: Vectors, number: int, noise: np.random.Generator) -> Vectors:
    """Return unit vectors near real ones, shape (number, dimension)."""
    chosen = real[noise.integers(0, len(real), number)]
    moved = chosen + noise.standard_normal(chosen.shape).astype(np.float32) * (NOISE / np.sqrt(chosen.shape[1]))
    unit: Vectors = (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float32)
    return unit


def load_messages(installation: Installation, *, shortest: int, longest: int, number: int) -> list[str]:
    """Return real messages of the sample of between so many characters, always the same ones.

    Each is forwarded as people do: with a greeting before it and its end cut off, so that no exact key finds it.
    """

    async def load() -> list[str]:
        database = open_database(installation.database_url)
        async with database.reading() as session:
            rows = await session.execute(
                select(col(Article.text)).where(col(Article.source) != "filler").order_by(col(Article.id))
            )
        await database.close()
        return [text for (text,) in rows if text and shortest <= len(text) <= longest]

    messages = asyncio.run(load())
    dice = random.Random(5)
    chosen = dice.sample(messages, min(number, len(messages)))
    return [f"{dice.choice(GREETINGS)}{text[: -len(text) // 10]}" for text in chosen]
