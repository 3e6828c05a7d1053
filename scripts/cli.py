"""The `chaming` command. Each subcommand is a module of its own, imported only when it is called.

A module `scripts.commands.NAME` holds one click command (or group) called `command`. The table below is the whole
list, with the line that `chaming --help` shows, so that help needs none of them.
"""

import importlib
import os
import socket
import sys
from typing import Any

import click

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
"""Before numpy is imported: its products here are small, and threads that wait for them spin beside the encoder."""

COMMANDS = {
    "serve": "Answer LINE: web server, and with SQLite the worker and the scheduler too.",
    "worker": "Handle the inbox and run the scheduled jobs (PostgreSQL only).",
    "migrate": "Create or upgrade the database.",
    "import": "Import fact-checks from open data, or from another instance.",
    "export": "Publish a release for researchers.",
    "match": "Match one text, as the bot would.",
    "evaluate": "Measure matching on labelled queries and pairs, or on what people chose.",
    "index": "Rebuild the search index, or show its state.",
    "model": "Prepare an encoder, change to it, go back, or show the state.",
    "block": "Who is not answered: add, remove, list.",
    "doctor": "Say what keeps this installation from answering, and what to do.",
    "line": "Check the LINE channel's settings; make its rich menu.",
    "run-job": "Run one scheduled job now.",
    "editor": "Invite volunteers to the console.",
    "audit": "Check the console's audit log.",
    "backup": "Copy database, keys and releases, while the server runs (SQLite).",
    "restore": "Put a backup in place (SQLite).",
    "simulate": "Run a LINE platform on this machine, to try the bot without keys.",
}


class LazyGroup(click.Group):
    """A group that imports a subcommand's module only when that subcommand is asked for.

    A database that is away, refuses us or lacks its tables is one line, where a subcommand has no better one.
    """

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            if not is_of_the_database(error):
                raise
            reason = str(error).partition("\n")[0]
            hint = "See DATABASE_URL; was `chaming migrate` run?"
            raise click.ClickException(f"The database cannot be used ({reason}). {hint}") from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"scripts.commands.{cmd_name.replace('-', '_')}_command")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def is_of_the_database(error: Exception) -> bool:
    """Whether the database could not be asked; what goes wrong with LINE and with files has errors of its own."""
    loaded = sys.modules.get("sqlalchemy.exc")  # not imported here: `--help` must not wait for it
    if loaded is not None and isinstance(
        error, (loaded.OperationalError, loaded.InterfaceError, loaded.ProgrammingError)
    ):
        return True
    if isinstance(error, BrokenPipeError):
        return False  # whoever read our output has gone, as `head` does
    no_socket = isinstance(error, FileNotFoundError) and error.filename is None
    return no_socket or isinstance(error, (ConnectionError, socket.gaierror))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="chaming")
def main() -> None:
    """chaming 查明: has this message been checked, and by whom?"""
