"""An installation of any size to measure: the sample's articles, and fillers made from real texts, with their index.

Fillers (`scripts.bench.filling`) have a row, a reply and two entries each, as articles have, but no stored vectors. It
is made once: the next call with the same folder and size finds it there, unless its snapshot is of another version.
"""

import argparse
import asyncio
import os
import random
import shutil
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
from retrieval.head import find_head
from retrieval.index import MatchingIndex
from retrieval.model_manifest import ModelError, model_folder
from retrieval.normalise import key_hash
from retrieval.onnx_encoder import OnnxEncoder, open_encoder
from retrieval.snapshot import SnapshotError, read_facts
from retrieval.types import Vectors
from scripts.bench.filling import Filler, FillerMaker
from scripts.bench.real_texts import SAMPLE, load_vectors, read_texts
from scripts.jobs import JOBS
from storage.database import Database, open_database
from storage.index_entries import iterate_entries, latest_seq, load_embeddings
from storage.tables import Article, ArticleReply, JobRun, Reply, ReplyState, Verdict, hash_text, utc_now

ROOT = Path(__file__).resolve().parents[2]
BLOCK = 10_000
ENTRIES_EACH = 2
FILLER = "filler"
MADE = ".made"
"""How the files begin that say how many entries are there, and that the folder may be emptied."""
GREETINGS = ("大家早安，", "請問這是真的嗎？", "剛收到的：", "轉傳給大家參考 ")
SECRET = "bench"
READY_WITHIN_S = 600.0
"""A million entries are read and checked in half a minute, on a busy machine in a few."""


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
            process.wait(60)

    async def _put_jobs_off(self) -> None:
        """Let every job have run just now: on a new installation all are due, and an export takes minutes."""
        database = open_database(self.database_url)
        async with database.transaction() as session:
            for name in JOBS:
                await session.merge(JobRun(name=name, started_at=utc_now()))
        await database.close()

    def index_folder(self, model_id: str) -> Path:
        return index_folder(Settings(DATA_DIR=self.data_dir), model_id)

    def encoder(self) -> OnnxEncoder:
        """The bare encoder, with one thread, as a serving process has it."""
        return open_encoder(model_folder(self.data_dir, Settings().model), threads=1)


def _wait_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None:
                break
            time.sleep(0.02)
    raise RuntimeError("the server did not become ready")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which installation to measure."""
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--data", type=Path, help="keep the installation here; one that was made here is used again")
    parser.add_argument("--texts", type=Path, help="Cofacts' open data to make the rest from (the shipped sample)")
    parser.add_argument("--vectors", type=Path, help="a file that keeps the vectors of these texts")


def make_chosen(options: argparse.Namespace) -> Installation:
    """Make the installation that the options ask for, or find it made."""
    data = options.data or Path(f"/tmp/chaming-bench-{options.entries}")
    return make_installation(data, options.entries, options.texts, options.vectors)


def make_installation(
    data_dir: Path, entries: int, texts: Path | None = None, vectors: Path | None = None
) -> Installation:
    """Make an installation with the sample and so many index entries altogether, or find it made.

    Raises FileExistsError when there is something in the folder that was not made here.
    """
    installation = Installation(data_dir)
    done = data_dir / f"{MADE}-{entries}"
    if done.exists() and _is_of_this_version(installation):
        return installation
    if any(data_dir.glob(f"{MADE}-*")):
        shutil.rmtree(data_dir)
    elif data_dir.exists() and any(data_dir.iterdir()):
        raise FileExistsError(f"{data_dir} holds something that no benchmark made: name another folder.")
    data_dir.mkdir(parents=True, exist_ok=True)
    (data_dir / f"{MADE}-in-part").touch()
    shared = ROOT / "data" / "models"
    if shared.exists():
        (data_dir / "models").symlink_to(shared)
    for command in (["model", "prepare"], ["migrate"], ["import", "cofacts", str(SAMPLE)], ["index", "rebuild"]):
        installation.do(*command)
    asyncio.run(_fill(installation, entries, texts, vectors))
    done.touch()
    return installation


def _is_of_this_version(installation: Installation) -> bool:
    """Whether a serving process would use the snapshot: to make it anew it would encode every filler."""
    try:
        model_id = installation.encoder().model_id
        facts = read_facts(installation.index_folder(model_id))
    except (ModelError, SnapshotError):
        return False
    return bool(facts["head_id"] == find_head(model_id).head_id)


async def _fill(installation: Installation, entries: int, texts: Path | None, vectors: Path | None) -> None:
    model_id = installation.encoder().model_id
    folder = installation.index_folder(model_id)
    index = MatchingIndex.load(folder, model_id)
    database = open_database(installation.database_url)
    maker = FillerMaker(*await _load_real(installation, database, texts, vectors))
    number = max(0, entries - len(index)) // ENTRIES_EACH
    for start in range(0, number, BLOCK):
        fillers, moved = maker.make(range(start, min(number, start + BLOCK)))
        await _store(database, fillers)
        index.replace_many([(filler.article_id, filler.entries) for filler in fillers], moved, settle=False)
        print(f"  {start + len(fillers):,} of {number:,} articles made", file=sys.stderr)
    index.settle()
    async with database.reading() as session:
        index.seq = await latest_seq(session)
    index.save(folder)
    await database.close()


async def _load_real(
    installation: Installation, database: Database, folder: Path | None, kept: Path | None
) -> tuple[list[str], Vectors]:
    """What fillers are made from: other texts than the sample's where a folder of some is given, so that no filler
    holds words of a message that is asked about; else the sample's own."""
    own, vectors = await _load_own(database, installation.encoder().model_id)
    if folder is None:
        return own, vectors
    texts = read_texts(folder)
    known = set(map(str.strip, own))
    others = [place for place, text in enumerate(texts) if text not in known]
    return [texts[place] for place in others], load_vectors(texts, installation.data_dir, kept)[others]


async def _load_own(database: Database, model_id: str) -> tuple[list[str], Vectors]:
    """The texts that are indexed already, and their vectors."""
    texts, vectors = list[str](), list[Vectors]()
    async with database.reading() as session:
        async for page in iterate_entries(session):
            stored = await load_embeddings(session, [text.entry_id for text in page], model_id)
            texts += [text.text for text in page]
            vectors += [decode_vector(stored[text.entry_id].vector) for text in page]
    return texts, np.stack(vectors)


async def _store(database: Database, fillers: Sequence[Filler]) -> None:
    now = utc_now()
    dated = {"source": FILLER, "created_at": now}
    articles = [{"id": f.article_id, "text": f.text, "matching_key_hash": key_hash(f.text), **dated} for f in fillers]
    replies = [
        {"id": f.reply_id, "text": f.reply, "text_hash": hash_text(f.reply), "verdict": Verdict.RUMOR, **dated}
        for f in fillers
    ]
    links = [
        {"article_id": f.article_id, "reply_id": f.reply_id, "state": ReplyState.IMPORTED, "published_at": now}
        for f in fillers
    ]
    async with database.transaction() as session:
        for table, rows in ((Article, articles), (Reply, replies), (ArticleReply, links)):
            await session.execute(insert(table), rows)


def load_messages(installation: Installation, *, shortest: int, longest: int, number: int) -> list[str]:
    """Return real messages of the sample of between so many characters, always the same ones.

    Each is forwarded as people do: with a greeting before it and its end cut off, so that no exact key finds it.
    """

    async def load() -> list[str]:
        database = open_database(installation.database_url)
        async with database.reading() as session:
            rows = await session.execute(
                select(col(Article.text)).where(col(Article.source) != FILLER).order_by(col(Article.id))
            )
        await database.close()
        return [text for (text,) in rows if text and shortest <= len(text) <= longest]

    messages = asyncio.run(load())
    dice = random.Random(5)
    chosen = dice.sample(messages, min(number, len(messages)))
    return [f"{dice.choice(GREETINGS)}{text[: -len(text) // 10]}" for text in chosen]
