"""The demo: the real server and a LINE simulator on this machine, over the shipped sample. `./scripts/demo` runs it.

Everything it makes lies in `data/demo` (`--data` to choose another folder); delete that folder to begin anew.
"""

import argparse
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "scripts" / "sample"
SAMPLE_IMPORT = ("import", "cofacts", str(SAMPLE), "--queue", "20")
DEMO_REVIEWER = "reviewer@demo.example"
READY_WITHIN_S = 300.0
NO_BYTECODE = {"PYTHONDONTWRITEBYTECODE": "1"}
"""For the one step that imports torch, once: what it would compile and never read again are 70 MB."""


class StepError(Exception):
    """A step of the demo failed."""


def say(text: str) -> None:
    print(f"\033[1m▸ {text}\033[0m" if sys.stdout.isatty() else f"▸ {text}", flush=True)


def chaming(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "scripts", *arguments]


def run_step(title: str, advice: str, environment: dict[str, str], *arguments: str) -> None:
    """Run one subcommand to its end; its own progress bar shows how far it is."""
    say(title)
    if subprocess.run(chaming(*arguments), env=environment, cwd=ROOT).returncode:
        raise StepError(f"“chaming {' '.join(arguments)}” failed. {advice}")


def prepare(environment: dict[str, str]) -> None:
    """Put model, database, sample and index in place; each step finds by itself that it was done before."""
    restart = "Its own words are above; after mending it, run ./scripts/demo again: it goes on where it was."
    run_step("1/4 The model", restart, {**environment, **NO_BYTECODE}, "model", "prepare")
    run_step("2/4 The database", restart, environment, "migrate")
    imported = Path(environment["DATA_DIR"]) / ".sample-imported"
    if imported.exists():
        change_over(environment, restart)
    else:
        run_step("3/4 The sample of real messages", restart, environment, *SAMPLE_IMPORT)
        run_step("4/4 The search index", restart, environment, "index", "rebuild")
        imported.touch()


def change_over(environment: dict[str, str], advice: str) -> None:
    """Let a demo that an earlier version made match with the encoder that this version brings."""
    status = subprocess.run(
        chaming("model", "status", "--json"), env=environment, cwd=ROOT, capture_output=True, text=True
    )
    if status.returncode:
        raise StepError(f"The model cannot be used: {status.stderr.strip()}")
    said = json.loads(status.stdout)
    adopted, here = said["adopted"], said["manifest"]["model_id"]
    if adopted and adopted.partition("#")[0] != here.partition("#")[0]:
        run_step("The new version of the model", advice, environment, "model", "adopt", said["name"])


def make_folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StepError(f"{path} cannot be made ({error.strerror}). Choose another folder: --data FOLDER") from None
    return path.resolve()


def choose_port(wanted: int) -> int:
    """Return `wanted`, or a free port, and say so, when something else listens there already."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            number: int = probe.getsockname()[1]
            if wanted not in (0, number):
                say(f"Something else listens on port {wanted}: taking {number}")
            return number
    raise StepError("No free port on this machine.")


@contextmanager
def running(title: str, environment: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A subcommand in the background, ended politely on the way out. What it says on stdout is not for the demo."""
    process = subprocess.Popen(
        chaming(*arguments), env=environment, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                say(f"{title} does not stop by itself; ending it")
                process.kill()


def wait_until_answering(title: str, url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise StepError(f"{title} stopped at once; its own words are above.")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise StepError(f"{title} did not become ready within {READY_WITHIN_S:.0f} s ({url}).")


def invite_reviewer(environment: dict[str, str]) -> str:
    """A link that signs the demo's reviewer in to the console."""
    arguments = chaming("editor", "add", DEMO_REVIEWER, "--role", "trusted", "--name", "Demo")
    made = subprocess.run(arguments, env=environment, cwd=ROOT, capture_output=True, text=True)
    if made.returncode:
        raise StepError(f"The reviewer of the demo could not be made: {made.stderr.strip()}")
    return made.stdout.strip()


def serve(environment: dict[str, str], simulator_port: int) -> None:
    simulator_url = f"http://127.0.0.1:{simulator_port}"
    server_url = environment["PUBLIC_URL"]
    simulate = ("simulate", "--port", str(simulator_port), "--webhook", f"{server_url}/callback")
    with (
        running("The simulator", environment, *simulate) as simulator,
        running("The server", environment, "serve") as server,
    ):
        wait_until_answering("The simulator", f"{simulator_url}/", simulator)
        wait_until_answering("The server", f"{server_url}/readyz", server)
        subprocess.run(chaming("line", "menu"), env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
        say(f"Open {simulator_url}/ and paste a message you were forwarded. Ctrl-C ends it.")
        say(f"The volunteers' desk: {invite_reviewer(environment)} signs a trusted reviewer in, once.")
        while server.poll() is None and simulator.poll() is None:
            time.sleep(0.5)
        raise StepError("The server or the simulator stopped; its own words are above.")


def main() -> None:
    parser = argparse.ArgumentParser(prog="./scripts/demo", description="Try chaming on this machine, without LINE.")
    parser.add_argument("--data", type=Path, default=ROOT / "data" / "demo", help="where the demo keeps its things")
    parser.add_argument("--port", type=int, default=8081, help="the chat page's port (8081)")
    parser.add_argument("--server-port", type=int, default=8080, help="the server's port (8080)")
    options = parser.parse_args()
    try:
        data = make_folder(options.data)
        server_port, simulator_port = choose_port(options.server_port), choose_port(options.port)
        simulator_url = f"http://127.0.0.1:{simulator_port}"
        environment = {
            **os.environ,
            "DATA_DIR": str(data),
            "DATABASE_URL": f"sqlite+aiosqlite:///{data}/chaming.db",
            "HOST": "127.0.0.1",
            "PORT": str(server_port),
            "PUBLIC_URL": f"http://localhost:{server_port}",  # browsers keep passkeys for a name, not for an address
            "LINE_API_URL": simulator_url,
            "LINE_DATA_URL": f"{simulator_url}/line-data",
            "LINE_CHANNEL_SECRET": secrets.token_hex(16),
            "LINE_CHANNEL_ACCESS_TOKEN": secrets.token_urlsafe(32),
            "LINE_LOGIN_CHANNEL_ID": "2000000001",
            "LINE_LOGIN_CHANNEL_SECRET": secrets.token_hex(16),
            "LINE_LOGIN_URL": simulator_url,
            "LOG_LEVEL": os.environ.get("LOG_LEVEL", "warning"),
            "LOG_FORMAT": "console",
        }
        prepare(environment)
        serve(environment, simulator_port)
    except StepError as error:
        raise SystemExit(f"✗ {error}") from None
    except KeyboardInterrupt:
        print()
        say("Stopped.")


def stop_when_told() -> None:
    """End server and simulator too when this process is asked to end, or its terminal window is closed."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))


if __name__ == "__main__":
    stop_when_told()
    main()
