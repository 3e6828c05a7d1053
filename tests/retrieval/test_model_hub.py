"""A model that cannot be downloaded is told of at once, with what to do; the hub here is one on this machine."""

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner
from huggingface_hub import HfApi

from retrieval import model_hub, sentence_transformers_encoder
from retrieval.model_hub import find_obstacle
from scripts.cli import main

pytestmark = [pytest.mark.model, pytest.mark.filterwarnings("ignore")]


class Hub(BaseHTTPRequestHandler):
    """Knows the model `known/model` and its owner's short name for nothing."""

    def do_GET(self) -> None:
        found = self.path.startswith("/api/models/known/model")
        body = b'{"id": "known/model"}' if found else b"{}"
        self.send_response(200 if found else 404)
        if not found:
            self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield at(monkeypatch, server.server_address[1])
    server.shutdown()
    server.server_close()


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A hub that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield at(monkeypatch, server.getsockname()[1])


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return at(monkeypatch, port)


def at(monkeypatch: pytest.MonkeyPatch, port: int) -> str:
    """Where the hub is for this test, whose address its library reads once, when it is imported."""
    url = f"http://127.0.0.1:{port}"
    monkeypatch.setattr(model_hub, "HfApi", lambda: HfApi(endpoint=url))
    return url


def test_it_finds_nothing_in_the_way_of_a_model_that_is_there(hub: str) -> None:
    assert find_obstacle("known/model") is None


def test_it_asks_nobody_about_a_folder(absent: str, tmp_path: Path) -> None:
    assert find_obstacle(str(tmp_path)) is None
    assert find_obstacle(str(tmp_path / "none")) == f"There is no folder {tmp_path / 'none'}."


def test_it_says_that_there_is_no_such_model(hub: str) -> None:
    assert f"{hub} has no model known/other" in str(find_obstacle("known/other"))
    assert find_obstacle("short-name") is None


@pytest.mark.parametrize("name", ["a/b/c", "名字", "with space"])
def test_it_says_that_this_is_no_name(hub: str, name: str) -> None:
    assert "neither a folder nor a model's name" in str(find_obstacle(name))


def test_it_says_that_the_hub_is_away(absent: str) -> None:
    assert f"{absent} does not answer (ConnectError)" in str(find_obstacle("known/model"))


def test_it_does_not_wait_for_a_hub_that_says_nothing(silent: str) -> None:
    assert f"{silent} does not answer (ReadTimeout)" in str(find_obstacle("known/model", patience=0.02))


def test_preparing_asks_the_hub_once_and_says_what_to_do(
    absent: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    def ask(name: str) -> str | None:
        asked.append(name)
        return find_obstacle(name)

    monkeypatch.setattr(sentence_transformers_encoder, "find_obstacle", ask)
    done = CliRunner().invoke(main, ["model", "prepare", "owner/nowhere"], env={"DATA_DIR": str(tmp_path)})
    assert done.exit_code == 1
    assert asked == ["owner/nowhere"]
    errors = [line for line in done.output.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    assert errors[0].endswith("chaming model prepare DIR.")
    assert "Traceback" not in done.output
