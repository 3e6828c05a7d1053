"""Make `.venv` and install the project into it, with nothing but Python's standard library.

`scripts/demo` and `scripts/test` both begin here: `python3 scripts/bootstrap.py demo|test`. What has been installed
is remembered in `.venv/.installed-NAME`, so a second start takes no time until `pyproject.toml` changes.
"""

from __future__ import annotations  # an old Python must get as far as being told it is too old

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
TORCH = "torch==2.13.0"
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
NO_BYTECODE = ["--no-compile"]
"""Most of what is installed is never imported: compiled only where it is, the installation is 250 MB smaller."""
LINE_EVERY_S = 30
"""How often a log that is no terminal is told how far something is."""
EXTRAS = {"demo": "model,simulator", "test": "dev"}
APT_GET = ["apt-get", "-qq", "-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=300"]
READING = {
    "/usr/bin/tesseract": "tesseract-ocr",
    "/usr/share/tesseract-ocr/5/tessdata/chi_tra.traineddata": "tesseract-ocr-chi-tra",
}
"""Reads the words in pictures; without it they are matched by how they look only."""
DEBIAN_PACKAGES = {
    **READING,
    "/usr/bin/ffmpeg": "ffmpeg",
    "/usr/bin/chromium": "chromium",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc": "fonts-noto-cjk",
    "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf": "fonts-noto-color-emoji",
}


class SetupError(Exception):
    """The set-up cannot go on; the message says what to do."""


def say(text: str) -> None:
    print(f"\033[1m▸ {text}\033[0m" if sys.stdout.isatty() else f"▸ {text}", flush=True)


def check_python() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036
        raise SetupError(f"Python 3.11 or newer is needed, this is {platform.python_version()}: install a newer one.")


def make_venv() -> Path:
    """Return the virtual environment's Python, making the environment when it is missing or broken."""
    python = VENV / "bin" / "python"
    works = python.exists() and subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0
    if not works:
        say("Making .venv")
        try:
            venv.create(VENV, with_pip=True, clear=True)
        except (subprocess.CalledProcessError, OSError) as error:
            raise SetupError(
                f"Python cannot make a virtual environment here ({error}). On Debian: apt install python3-venv"
            ) from error
    return python


class Progress:
    """Tells how far a long step is: on a terminal in one line that changes, in a log by a line now and then."""

    def __init__(self) -> None:
        self._started = self._told = time.monotonic()
        self._steps = 0

    def step(self) -> None:
        self._steps += 1
        now = time.monotonic()
        told = f"  {self._steps} packages looked at, {now - self._started:.0f} s"
        if sys.stdout.isatty():
            print(f"\r{told}", end="", flush=True)
        elif now - self._told >= LINE_EVERY_S:
            self._told = now
            print(told, flush=True)

    def end(self) -> None:
        done = f"  done in {time.monotonic() - self._started:.0f} s"
        print(f"\r{done:40}" if sys.stdout.isatty() else done, flush=True)


def pip(python: Path, *arguments: str) -> None:
    """Run pip, telling how far it is; on failure print all it said."""
    command = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    progress = Progress()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.lstrip().startswith(("Collecting", "Downloading", "Installing", "Building")):
                progress.step()
    progress.end()
    if process.returncode:
        sys.stdout.writelines(lines[-40:])
        raise SetupError(
            "pip could not install what is needed (its last words are above). Is the package index reachable?"
        )


def torch_arguments(python: Path) -> list[str]:
    """Choose where torch comes from: never a CUDA build, which is several GB that nothing here would use.

    On Linux a plain `torch` is a CUDA build unless this machine's pip is configured otherwise, so pip is asked first
    what it would take; if that is no CPU build, PyTorch's own CPU index is named. On macOS every build is a CPU build.
    """
    if platform.system() != "Linux":
        return [TORCH]
    question = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--dry-run", "--no-deps"]
    answer = subprocess.run([*question, "--ignore-installed", "--report", "-", TORCH], capture_output=True, text=True)
    try:
        version = json.loads(answer.stdout)["install"][0]["metadata"]["version"]
    except (ValueError, LookupError):
        version = ""
    return [TORCH] if "+cpu" in version else [TORCH, "--index-url", TORCH_CPU_INDEX]


def has_torch(python: Path) -> bool:
    probe = "import importlib.metadata as m; raise SystemExit(not m.version('torch').startswith('2.13.0'))"
    return subprocess.run([python, "-c", probe], capture_output=True).returncode == 0


def install(python: Path, kind: str) -> None:
    """Install torch's CPU build, then the project with the extras of `kind`, once per state of pyproject.toml."""
    stamp = VENV / f".installed-{kind}"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + str(ROOT).encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    if not has_torch(python):
        say("Installing torch (CPU build, used once to prepare the model)")
        pip(python, "install", *NO_BYTECODE, *torch_arguments(python))
    say("Installing chaming and what it needs")
    pip(python, "install", *NO_BYTECODE, "--editable", f"{ROOT}[{EXTRAS[kind]}]")
    stamp.write_text(wanted)


def install_for_tests() -> None:
    """Put Chromium, the fonts and the programs that read and watch in place, where this is Debian and we may."""
    missing = [package for path, package in DEBIAN_PACKAGES.items() if not Path(path).exists()]
    by_hand = f"The tests need {' '.join(missing)}: on Debian, as root, apt-get install {' '.join(missing)}"
    if missing:
        apt_install(missing, by_hand)


def install_for_demo() -> None:
    """Put what reads pictures in place where we may; the demo does without it, and says so."""
    missing = [package for path, package in READING.items() if not Path(path).exists()]
    if not missing or shutil.which("tesseract"):
        return
    by_hand = f"To read the words in pictures: apt-get install {' '.join(missing)} (Debian, as root)"
    try:
        apt_install(missing, by_hand)
    except SetupError as error:
        say(str(error))


def apt_install(missing: list[str], by_hand: str) -> None:
    """Install Debian packages; raises SetupError with `by_hand` where that cannot be done."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SetupError(by_hand)
    say(f"Installing {', '.join(missing)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ([*APT_GET, "update"], [*APT_GET, "install", "-y", *missing]):
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            print(done.stdout[-2000:], done.stderr[-2000:])
            raise SetupError(f"{' '.join(command)} failed. {by_hand}")


def main() -> None:
    kind = sys.argv[1] if len(sys.argv) == 2 else ""
    if kind not in EXTRAS:
        raise SystemExit("usage: python3 scripts/bootstrap.py demo|test")
    try:
        check_python()
        if kind == "test":
            install_for_tests()
        else:
            install_for_demo()
        install(make_venv(), kind)
    except SetupError as error:
        raise SystemExit(f"✗ {error}") from None
    except KeyboardInterrupt:
        raise SystemExit("Stopped. Start again at any time: it goes on where it was.") from None


if __name__ == "__main__":
    main()
