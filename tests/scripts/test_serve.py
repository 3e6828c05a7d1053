"""`chaming serve` and `chaming worker` as a person starts them: wrongly, twice, and to be stopped again."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from bot.settings import Settings
from scripts.cli import main
from scripts.serve import WORKER_NEEDS_POSTGRESQL, only_process

LINE = {"LINE_CHANNEL_SECRET": "secret", "LINE_CHANNEL_ACCESS_TOKEN": "token"}
WITHIN_S = 180


def run(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, arguments, env={"DATA_DIR": str(folder), "DATABASE_URL": "", **environment})
    return result.exit_code, result.output


def test_it_says_in_one_line_which_of_lines_settings_is_missing(tmp_path: Path) -> None:
    code, output = run(tmp_path, "serve", LINE_CHANNEL_SECRET="", LINE_CHANNEL_ACCESS_TOKEN="")
    assert code == 1
    assert output.startswith("Error: LINE_CHANNEL_SECRET is required")
    assert output.count("\n") == 1


def test_the_worker_refuses_sqlite_in_one_line(tmp_path: Path) -> None:
    assert run(tmp_path, "worker", **LINE) == (1, f"Error: {WORKER_NEEDS_POSTGRESQL}\n")


def test_it_refuses_a_second_process_on_one_sqlite_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.serve.LOCK_WAIT_S", 0.2)
    settings = Settings(DATA_DIR=tmp_path)
    with only_process(settings), pytest.raises(click.ClickException, match="Another"), only_process(settings):
        pass
    with only_process(settings):
        pass  # and lets it in once the first has gone


def test_it_says_in_one_line_that_its_folder_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "serve.lock").mkdir()  # as unwritable as a folder can be for root
    code, output = run(tmp_path, "serve", **LINE)
    assert code == 1
    assert output.startswith("Error: DATA_DIR cannot be used")
    assert output.count("\n") == 1


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.slow
def test_it_starts_without_a_model_says_it_is_not_ready_and_stops_politely(tmp_path: Path) -> None:
    port = free_port()
    environment = {**os.environ, **LINE, "DATA_DIR": str(tmp_path), "DATABASE_URL": "", "PORT": str(port)}
    command = [sys.executable, "-m", "scripts", "serve"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert wait_for_status(port, "/healthz") == 200
            assert wait_for_status(port, "/readyz") == 503
            taken = subprocess.run(
                [*command, "--port", str(port)],
                env={**environment, "DATA_DIR": str(tmp_path / "other")},
                capture_output=True,
                text=True,
                timeout=WITHIN_S,
            )
            process.send_signal(signal.SIGTERM)
            _, logged = process.communicate(timeout=WITHIN_S)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "ModelMissingError" in logged
    assert taken.returncode == 1
    assert f"Error: Cannot listen on 127.0.0.1:{port}" in taken.stderr


def wait_for_status(port: int, path: str) -> int:
    end = time.monotonic() + WITHIN_S
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            time.sleep(0.1)
    raise AssertionError("it does not answer")
