"""`chaming model prepare|adopt|rollback|status`: make an encoder ready, change to it, go back, say what is there."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:  # each function imports what it needs: `--help` must wait for none of it
    from bot.settings import Settings
    from retrieval.model_manifest import Manifest

MISSING_EXTRA = "Preparing a model needs more packages: torch's CPU build, then pip install -e '.[model]' here."


@click.group()
def command() -> None:
    """Prepare an encoder, adopt it, go back to the one before, or show the state."""


@command.command()
@click.argument("name", required=False)
@click.option("--force", is_flag=True, help="Make it again even if a sound one is there.")
def prepare(name: str | None, force: bool) -> None:
    """Prepare the encoder NAME (default: the setting MODEL): export, quantise, and check against its source.

    NAME is a sentence-transformers model's name or folder. Interrupted, it goes on where it was.
    """
    from retrieval.model_manifest import model_folder

    settings = _settings()
    name = name or settings.model
    folder = model_folder(settings.data_dir, name)
    manifest = prepare_with_progress(name, folder, force=force)
    click.echo(f"{manifest.model_id} is ready in {folder} ({_parity_line(manifest)}).", err=True)


def prepare_with_progress(name: str, folder: Path, *, force: bool = False) -> Manifest:
    """Prepare the model, drawing a bar on stderr; failures are raised as one clear line."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from retrieval.model_manifest import ModelError, find_ready

    if not force and (ready := find_ready(name, folder)):
        return ready
    try:
        from retrieval.model_preparation import prepare_model  # brings torch: only where there is something to prepare
    except ImportError as error:
        raise click.ClickException(f"{MISSING_EXTRA} ({error})") from error
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # of its many attempts only the last one matters
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(f"Preparing {name}", total=None)

        def show(step: str, number: int, of: int) -> None:
            bar.update(task, description=f"Preparing {name}: {step}", total=of, completed=number - 1)
            if not bar.console.is_terminal:
                bar.console.print(f"Preparing {name} ({number}/{of}): {step}", highlight=False)

        try:
            manifest = prepare_model(name, folder, show, force=force)
        except ModelError as error:
            raise click.ClickException(str(error).partition("\n")[0]) from error
        bar.update(task, total=1, completed=1)
    return manifest


@command.command()
@click.argument("name")
@click.option(
    "--calibration",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The matcher's calibration for this encoder; kept beside it.",
)
@click.option(
    "--labelled",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of labelled data to compare on too; may be given several times.",
)
@click.option("--force", is_flag=True, help="Adopt it even if a bar falls; the report says so.")
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1), help="Threads that encode.")
def adopt(name: str, calibration: Path | None, labelled: tuple[Path, ...], force: bool, threads: int) -> None:
    """Match with the encoder NAME from now on, if it is nowhere worse than the one in use.

    All articles are encoded beside the index in use; then both encoders are measured on the labelled sets that
    come with the project, on those given, and on what people chose in the chats. Interrupted, it goes on where it was.
    Running servers change over by themselves. A new version of the bundled encoder, which comes with the program, is
    measured alone: the one before it cannot be run any more.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from retrieval.model_manifest import model_folder

    settings = _settings()
    prepare_with_progress(name, model_folder(settings.data_dir, name))
    from scripts import adoption, gate

    columns = (TextColumn("Encoding articles"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("adopt", total=None)
        try:
            adopted = adoption.adopt(
                settings,
                name,
                calibration=calibration,
                labelled=labelled,
                force=force,
                threads=threads,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
                show=lambda bars, before, after: click.echo(gate.table(bars, before, after)),
            )
        except adoption.AlreadyAdoptedError as error:
            click.echo(str(error), err=True)
            return
        except adoption.AdoptionError as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"Adopted: {adopted}")


@command.command()
def rollback() -> None:
    """Go back to the encoder before the one in use; running servers change over by themselves."""
    settings = _settings()
    from scripts import adoption

    try:
        click.echo(f"Adopted: {adoption.roll_back(settings)}")
    except adoption.AdoptionError as error:
        raise click.ClickException(str(error)) from error


@command.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(name: str | None, as_json: bool) -> None:
    """Show whether the encoder NAME is prepared and sound (default: the one adopted, else the setting MODEL).

    Also which encoder the database matches with, which are prepared, and which were adopted when.
    """
    from retrieval.model_manifest import ModelError, check_manifest, model_folder

    settings = _settings()
    history = _history(settings)
    adopted = history[-1]["model_id"] if history else None
    name = name or (adopted.rpartition("@")[0] if adopted else settings.model)
    folder = model_folder(settings.data_dir, name)
    manifest, problem = None, None
    try:
        manifest = check_manifest(folder)
    except ModelError as error:
        problem = str(error)
    if as_json:
        report = {"name": name, "folder": str(folder), "ready": manifest is not None, "problem": problem}
        report |= {"manifest": asdict(manifest) if manifest else None}
        report |= {"adopted": adopted, "prepared": _prepared(settings), "history": history}
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        if manifest:
            click.echo(
                f"{manifest.model_id}\n  in {folder}\n  {manifest.dimension} dimensions, {_parity_line(manifest)}"
            )
        click.echo("\n".join(_state_lines(adopted, _prepared(settings), history)))
    if problem:
        raise click.ClickException(problem)


def _history(settings: Settings) -> list[dict[str, Any]]:
    """The adoptions, oldest first; none where the database was not made yet."""
    from scripts import adoption

    try:
        return adoption.history(settings)
    except adoption.AdoptionError:
        return []


def _prepared(settings: Settings) -> list[str]:
    """Ids of the encoders that were prepared here."""
    from retrieval.model_manifest import ModelError, read_manifest

    found = []
    for folder in sorted((settings.data_dir / "models").glob("*/")):
        with suppress(ModelError):
            found.append(read_manifest(folder).model_id)
    return found


def _state_lines(adopted: str | None, prepared: list[str], history: list[dict[str, Any]]) -> list[str]:
    adoptions = (f"{row['adopted_at']}  {row['model_id']}  {_how(row)}".rstrip() for row in history)
    return [f"adopted: {adopted or '–'}", *(f"prepared: {model_id}" for model_id in prepared), *adoptions]


def _how(row: dict[str, Any]) -> str:
    if row["returned_from"]:
        return f"back from {row['returned_from']}"
    if row["updated_from"]:
        return "came with the program, not compared"
    return "forced" if row["forced"] else ""


def _settings() -> Settings:
    from scripts.settings_option import settings_or_exit

    return settings_or_exit()


def _parity_line(manifest: Manifest) -> str:
    parity = manifest.parity
    return (
        f"cosine to its source ≥ {parity.min_cosine:.4f} on {parity.texts} texts, "
        f"off by {parity.noise:.1%} of how far texts are apart"
    )
