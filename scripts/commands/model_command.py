"""`chaming model prepare|status`: make the encoder ready, or say what is there."""

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.settings import Settings, SettingsError, load_settings
from retrieval.model_manifest import Manifest, ModelError, check_manifest, find_ready, model_folder

MISSING_EXTRA = "Preparing a model needs more packages: torch's CPU build, then pip install -e '.[model]' here."


@click.group()
def command() -> None:
    """Prepare the encoder, or show its state."""


@command.command()
@click.argument("name", required=False)
@click.option("--force", is_flag=True, help="Make it again even if a sound one is there.")
def prepare(name: str | None, force: bool) -> None:
    """Prepare the encoder NAME (default: the setting MODEL): export, quantise, and check against its source.

    NAME is a sentence-transformers model's name or folder. Interrupted, it goes on where it was.
    """
    settings = _settings()
    name = name or settings.model
    folder = model_folder(settings.data_dir, name)
    manifest = prepare_with_progress(name, folder, force=force)
    click.echo(f"{manifest.model_id} is ready in {folder} ({_parity_line(manifest)}).", err=True)


def prepare_with_progress(name: str, folder: Path, *, force: bool = False) -> Manifest:
    """Prepare the model, drawing a bar on stderr; failures are raised as one clear line."""
    if not force and (ready := find_ready(name, folder)):
        return ready
    try:
        # Imported here: it brings torch, and `--help` must not wait for that.
        from retrieval.model_preparation import prepare_model
    except ImportError as error:
        raise click.ClickException(f"{MISSING_EXTRA} ({error})") from error
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
            raise click.ClickException(str(error)) from error
        bar.update(task, total=1, completed=1)
    return manifest


@command.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(name: str | None, as_json: bool) -> None:
    """Show whether the encoder NAME (default: the setting MODEL) is prepared and sound."""
    settings = _settings()
    name = name or settings.model
    folder = model_folder(settings.data_dir, name)
    manifest, problem = None, None
    try:
        manifest = check_manifest(folder)
    except ModelError as error:
        problem = str(error)
    if as_json:
        report = {"name": name, "folder": str(folder), "ready": manifest is not None, "problem": problem}
        click.echo(json.dumps(report | {"manifest": asdict(manifest) if manifest else None}, ensure_ascii=False))
    elif manifest:
        click.echo(f"{manifest.model_id}\n  in {folder}\n  {manifest.dimension} dimensions, {_parity_line(manifest)}")
    if problem:
        raise click.ClickException(problem)


def _settings() -> Settings:
    try:
        return load_settings()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def _parity_line(manifest: Manifest) -> str:
    parity = manifest.parity
    return f"cosine to its source ≥ {parity.min_cosine:.4f} on {parity.texts} texts"
