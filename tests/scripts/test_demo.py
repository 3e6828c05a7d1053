"""The demo leaves nothing behind, however it is ended, and says in one line why it cannot begin."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

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
