"""A thousand real messages through the simulator: `python -m scripts.bench.conversation [--messages 1000]`.

The shipped sample's messages, the titles of the pages they link to and replies are sent, each by a person of their own,
to a server; after each answer one of its buttons is pressed, each kind in turn. The simulator refuses what LINE does,
so nothing may be refused, no event may fail, and every bubble is valid. `/metrics` says how long each step took.
"""

import argparse
import asyncio
import os
import re
import secrets
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from scripts.bench.quality.sample import load_sample
from scripts.demo import choose_port, prepare, running, wait_until_answering
from scripts.simulator.actions import visible_actions
from scripts.simulator.line import LineSimulator, running_simulator
from scripts.simulator.world import Channel

SAMPLE = Path(__file__).resolve().parents[1] / "sample"
AT_ONCE = 4
"""People who write at the same time."""
STEPS = ("handle_seconds", "step_seconds", "match_seconds", "store_seconds", "webhook_to_reply_seconds", "line_seconds")


def load_texts() -> list[str]:
    """Messages first, then titles, then what volunteers wrote; all different."""
    sample = load_sample(SAMPLE)
    return list(dict.fromkeys([*sample.messages.values(), *sample.titles_flat(), *sample.reply_texts()]))


async def drive(line: LineSimulator, texts: Sequence[str]) -> Counter[str]:
    """Send each text and press one button of its answer; how often which was pressed, by its label."""
    pressed: Counter[str] = Counter()
    queue = list(enumerate(texts))

    async def write() -> None:
        while queue:
            number, text = queue.pop()
            person = line.add_user(f"asker {number}")
            await line.ask(person, text, timeout=60)
            buttons = [one for one in visible_actions(line.timeline(person)) if one["type"] == "postback"]
            if not buttons:
                continue
            button = min(buttons, key=lambda one: pressed[one["label"]])
            pressed[button["label"]] += 1
            before = len(line.messages(person))
            await line.press(person, button)
            await line.wait_for_messages(person, before + 1, timeout=60)

    await asyncio.gather(*(write() for _ in range(AT_ONCE)))
    return pressed


async def measure(environment: dict[str, str], port: int, texts: Sequence[str]) -> None:
    channel = Channel(
        secret=environment["LINE_CHANNEL_SECRET"],
        access_token=environment["LINE_CHANNEL_ACCESS_TOKEN"],
        webhook_url=f"{environment['PUBLIC_URL']}/callback",
    )
    async with running_simulator(channel=channel, port=port) as line:
        pressed = await drive(line, texts)
        refused = [(each.path, each.answer) for each in line.refusals]
        bubbles = sum(1 for each in line.requests for message in each.body.get("messages", []) if message)
    print(f"{len(texts)} messages, {sum(pressed.values())} presses of {len(pressed)} kinds, {bubbles} messages sent")
    print(f"refused by LINE's rules: {len(refused)}", *refused[:3])
    report(environment["PUBLIC_URL"])


def report(url: str) -> None:
    """Failures, how events ended, and the mean time of each step, from the server's own metrics."""
    with urllib.request.urlopen(f"{url}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    values = {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}
    failed = sum(value for name, value in values.items() if name.startswith("chaming_event_errors_total"))
    print(f"events that failed: {failed:.0f}")
    for name, value in sorted(values.items()):
        if name.startswith("chaming_events_finished_total"):
            print(f"  {re.sub('chaming_events_finished_total', '', name)} {value:.0f}")
    for step in STEPS:
        for name, total in sorted(values.items()):
            count = values.get(name.replace("_sum", "_count"), 0)
            if name.startswith(f"chaming_{step}_sum") and count:
                print(f"  {name.removeprefix('chaming_').replace('_sum', '')}: {1000 * total / count:.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--models", type=Path, default=Path("data/models"), help="prepared encoders to use")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chaming-conversation-") as folder:
        if options.models.is_dir():
            (Path(folder) / "models").symlink_to(options.models.resolve())
        port, line_port = choose_port(0), choose_port(0)
        environment = {
            **os.environ,
            "DATA_DIR": folder,
            "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/chaming.db",
            "PORT": str(port),
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "LINE_API_URL": f"http://127.0.0.1:{line_port}",
            "LINE_DATA_URL": f"http://127.0.0.1:{line_port}/line-data",
            "LINE_CHANNEL_SECRET": secrets.token_hex(16),
            "LINE_CHANNEL_ACCESS_TOKEN": secrets.token_urlsafe(32),
            "LOG_LEVEL": "error",
        }
        prepare(environment)
        with running("The server", environment, "serve") as server:
            wait_until_answering("The server", f"{environment['PUBLIC_URL']}/readyz", server)
            asyncio.run(measure(environment, line_port, load_texts()[: options.messages]))


if __name__ == "__main__":
    main()
