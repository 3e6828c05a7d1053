"""The demo leaves nothing behind, however it is ended."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

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
