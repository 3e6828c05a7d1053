"""The demo leaves nothing behind, however it is ended, and says in one line why it cannot begin."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import demo
from scripts.demo import StepError, choose_port, make_folder

ROOT = Path(__file__).resolve().parents[2]
ENDED = """
import os, sys
from scripts import demo
demo.chaming = lambda *arguments: [sys.executable, "-c", "import time; time.sleep(600)"]
demo.stop_when_told()
with demo.running("A server", dict(os.environ)) as process:
    print(process.pid, flush=True)
    os.kill(os.getpid(), int(sys.argv[1]))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_it_ends_what_it_started_when_it_is_ended_or_its_window_is_closed(number: signal.Signals) -> None:
    command = [sys.executable, "-c", ENDED, str(int(number))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)


@pytest.mark.parametrize("weights", ["1", "2"], ids=["the same", "another version"])
def test_a_demo_of_an_earlier_version_changes_over_to_this_ones_encoder(
    monkeypatch: pytest.MonkeyPatch, weights: str
) -> None:
    status = {"name": "m", "adopted": "m@1#onnx-int8", "manifest": {"model_id": f"m@{weights}#onnx-float32"}}
    steps: list[tuple[str, ...]] = []
    monkeypatch.setattr(demo, "chaming", lambda *_: [sys.executable, "-c", f"print({json.dumps(status)!r})"])
    monkeypatch.setattr(demo, "run_step", lambda title, advice, environment, *step: steps.append(step))
    demo.change_over(dict(os.environ), "")
    assert steps == ([("model", "adopt", "m")] if weights == "2" else [])


def test_it_says_which_folder_it_cannot_make(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    for folder in (in_the_way, in_the_way / "below"):
        with pytest.raises(StepError, match=f"^{folder} cannot be made .*--data FOLDER$"):
            make_folder(folder)


def test_it_says_that_it_takes_another_port_when_something_listens_there(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        assert choose_port(taken) != taken
    assert f"Something else listens on port {taken}" in capsys.readouterr().out
