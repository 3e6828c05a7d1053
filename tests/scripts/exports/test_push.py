"""Publishing a release elsewhere, on servers of this machine: an S3 by moto, and a hub of our own."""

import asyncio
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from click import ClickException
from moto.server import ThreadedMotoServer

from moderation.publish import set_article_status
from scripts.exports.push import run_push
from storage.database import Database
from storage.exports.manifest import Manifest
from storage.tables import Status
from tests.scripts.exports.fake_hub import FakeHub, running_hub
from tests.storage.exports.instance import NOW, fill, release

BUCKET = "open-data"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """A client of an S3 on this machine, with an empty bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL_S3": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    yield client
    client.close()
    urlopen(Request(f"http://{host}:{port}/moto-api/reset", method="POST")).close()  # it is one S3 for the process
    server.stop()


@pytest.fixture
async def made(sqlite_database: Database, tmp_path: Path) -> Manifest:
    await fill(sqlite_database)
    return await release(sqlite_database, tmp_path / "out")


def keys(s3: object) -> dict[str, bytes]:
    listed = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])  # type: ignore[attr-defined]
    return {one["Key"]: s3.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read() for one in listed}  # type: ignore[attr-defined]


def test_it_uploads_nothing_unless_asked(
    s3: object, made: Manifest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_push(tmp_path / "out", "s3", BUCKET, for_real=False)
    shown = capsys.readouterr().out
    assert keys(s3) == {}
    assert "parquet/articles.parquet" in shown
    assert "Nothing was uploaded" in shown


def test_a_bucket_gets_every_file_and_the_index(s3: object, made: Manifest, tmp_path: Path) -> None:
    run_push(tmp_path / "out", "s3", f"{BUCKET}/chaming", for_real=True)
    stored = keys(s3)
    for file in made.files:
        assert hashlib.sha256(stored.pop(f"chaming/{made.release}/{file.path}")).hexdigest() == file.sha256
    names = {"releases.json", f"{made.release}/manifest.json", f"{made.release}/SHA256SUMS"}
    assert set(stored) == {f"chaming/{name}" for name in names}


def test_a_refusal_is_one_line(s3: object, made: Manifest, tmp_path: Path) -> None:
    with pytest.raises(ClickException, match=r"s3:no-such-bucket refused: .*NoSuchBucket"):
        run_push(tmp_path / "out", "s3", "no-such-bucket", for_real=True)


def test_a_damaged_release_is_not_published(s3: object, made: Manifest, tmp_path: Path) -> None:
    (tmp_path / "out" / made.release / "README.md").write_text("damaged")
    with pytest.raises(ClickException, match=r"README\.md"):
        run_push(tmp_path / "out", "s3", BUCKET, for_real=True)
    assert keys(s3) == {}


async def test_what_was_withdrawn_here_is_withdrawn_in_the_bucket(
    s3: object, made: Manifest, sqlite_database: Database, tmp_path: Path
) -> None:
    run_push(tmp_path / "out", "s3", f"{BUCKET}/chaming", for_real=True)
    newer = await withdraw_by_a_newer(sqlite_database, tmp_path)
    run_push(tmp_path / "out", "s3", f"{BUCKET}/chaming", for_real=True)
    stored = keys(s3)
    assert [name for name in stored if made.release in name] == [f"chaming/{made.release}/withdrawn.json"]
    assert f"chaming/{newer.release}/manifest.json" in stored


async def test_a_withdrawal_that_the_bucket_interrupts_is_ended_the_next_time(
    s3: Any, made: Manifest, sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(**_: object) -> None:
        raise ConnectionError

    run_push(tmp_path / "out", "s3", BUCKET, for_real=True)
    await withdraw_by_a_newer(sqlite_database, tmp_path)
    monkeypatch.setattr(boto3, "client", lambda service: s3)
    s3.meta.events.register("before-call.s3.DeleteObject", interrupt)
    with pytest.raises(ClickException, match="ConnectionError"):
        run_push(tmp_path / "out", "s3", BUCKET, for_real=True)
    assert f"{made.release}/withdrawn.json" in keys(s3), "whoever comes by is told"
    s3.meta.events.unregister("before-call.s3.DeleteObject", interrupt)
    run_push(tmp_path / "out", "s3", BUCKET, for_real=True)
    assert [name for name in keys(s3) if made.release in name] == [f"{made.release}/withdrawn.json"]


async def withdraw_by_a_newer(database: Database, tmp_path: Path) -> Manifest:
    """Take a message back, and publish a release without it."""
    async with database.transaction() as session:
        await set_article_status(session, "a2", Status.DELETED)
    return await release(database, tmp_path / "out", NOW + timedelta(days=1))


@pytest.mark.parametrize("is_withdrawn", [False, True])
async def test_a_data_set_repository_becomes_the_release(
    made: Manifest, sqlite_database: Database, tmp_path: Path, is_withdrawn: bool
) -> None:
    if is_withdrawn:
        made = await withdraw_by_a_newer(sqlite_database, tmp_path)
    async with running_hub() as hub:
        hub.repositories.add("owner/name")
        hub.files["old.csv"] = b"of an earlier release"
        hub.commits, hub.tags = ["Release 1.0.0_2026-11-21"] * is_withdrawn, ["v1.0.0"] * is_withdrawn
        done = await push_to(hub, tmp_path)
        assert done.returncode == 0, done.stderr
        for file in made.files:
            assert hashlib.sha256(hub.files[file.path]).hexdigest() == file.sha256
        assert "old.csv" not in hub.files
        assert hub.commits == [f"Release {made.release}"]
        assert hub.tags == [f"v{made.version}"]


async def test_what_is_interrupted_at_a_hub_is_ended_the_next_time(
    made: Manifest, sqlite_database: Database, tmp_path: Path
) -> None:
    newer = await withdraw_by_a_newer(sqlite_database, tmp_path)
    async with running_hub() as hub:
        hub.repositories.add("owner/name")
        hub.commits, hub.tags = [f"Release {made.release}", "Release of another"], ["v1.0.0", "v2.0.0"]
        hub.protected_tags = {"v2.0.0"}
        assert (await push_to(hub, tmp_path)).returncode != 0
        assert hub.commits == [f"Release {newer.release}"], "no history is left behind"
        hub.protected_tags = set()
        done = await push_to(hub, tmp_path)
        assert done.returncode == 0, done.stderr
        assert hub.commits == [f"Release {newer.release}"]
        assert hub.tags == [f"v{newer.version}"]


async def push_to(hub: FakeHub, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Publish at this hub, in a process of its own: the library reads its settings when it is imported."""
    push = "from scripts.exports.push import run_push; run_push(Path(sys.argv[1]), 'hf', 'owner/name', for_real=True)"
    command = [sys.executable, "-c", f"import sys; from pathlib import Path; {push}", str(tmp_path / "out")]
    environment = {
        **os.environ,
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": "hf_test",
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    return await asyncio.to_thread(
        subprocess.run, command, env=environment, capture_output=True, text=True, timeout=240
    )
