"""Starts the program as an operator would, command by command, and ends it again."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from scripts.simulator.world import Channel

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "scripts" / "sample"

READY_WITHIN_S = 240.0
ENDS_WITHIN_S = 240.0
SECRET = "8c570fa6dd201bb328f1c1eac23a96d8"
TOKEN = "a-long-lived-channel-access-token"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@dataclass
class Program:
    """One installation: its settings, its database, and the processes that run."""

    data_dir: Path
    database_url: str
    port: int = field(default_factory=free_port)
    line_port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def webhook_url(self) -> str:
        return f"{self.url}/callback"

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    def channel(self) -> Channel:
        """The LINE channel this installation belongs to."""
        return Channel(secret=SECRET, access_token=TOKEN, webhook_url=self.webhook_url)

    def environment(self) -> dict[str, str]:
        """Exactly the settings of this installation, whatever the machine's own are."""
        line_url = f"http://127.0.0.1:{self.line_port}"
        return {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ},
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "DATA_DIR": str(self.data_dir),
            "DATABASE_URL": self.database_url,
            "SECRET_KEY": "a key for acceptance tests, long enough",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "PUBLIC_URL": self.url,
            "CHAT_LIMIT_PER_MINUTE": "0",
            "LINE_API_URL": line_url,
            "LINE_DATA_URL": f"{line_url}/line-data",
            "LINE_CHANNEL_SECRET": SECRET,
            "LINE_CHANNEL_ACCESS_TOKEN": TOKEN,
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "scripts", *arguments],
            env=self.environment(),
            cwd=self.data_dir,
            capture_output=True,
            text=True,
            timeout=ENDS_WITHIN_S,
        )

    def do(self, *arguments: str) -> str:
        """Run one command that must succeed, and return what it printed."""
        done = self.run(*arguments)
        if done.returncode:
            raise AssertionError(f"chaming {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    @contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a command in the background while the block lasts; its log lies in the data folder."""
        log = (self.data_dir / f"{arguments[0]}.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts", *arguments],
            env=self.environment(),
            cwd=self.data_dir,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(ENDS_WITHIN_S)
            finally:
                process.kill()
                process.wait()
                log.close()

    def wait_ready(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until database, model and index are ready; name the log's end when the process gives up."""
        end = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < end:
            if process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        log = (self.data_dir / "serve.log").read_text(errors="replace")
        raise AssertionError(f"The server did not become ready:\n{log[-4000:]}")
