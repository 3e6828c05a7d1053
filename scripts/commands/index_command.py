"""`chaming index rebuild|status`: make the search index anew from the database, or say what its snapshot holds."""

import json

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@click.group()
def command() -> None:
    """Rebuild the search index, or show its state."""


@command.command()
def rebuild() -> None:
    """Make the search index anew from the database and save it as the snapshot.

    Texts that were never encoded with the adopted model are encoded and their vectors stored; interrupted, it goes on
    from there. A running server keeps its own index, which follows the database by itself.
    """
    from scripts import index_maintenance  # here, for `--help` must not wait for FAISS and SQLAlchemy

    columns = (TextColumn("Indexing articles"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("index", total=None)
        try:
            report = index_maintenance.rebuild(lambda done, total: bar.update(task, completed=done, total=total))
        except index_maintenance.MaintenanceError as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"{report['entries']} entries of {report['articles']} articles, at change {report['seq']}.")


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(as_json: bool) -> None:
    """Show what the snapshot holds, and how far it is behind the database.

    Fails when there is no snapshot that can be used; the next start of the server then rebuilds it by itself.
    """
    from scripts import index_maintenance  # as above

    try:
        report = index_maintenance.status()
    except index_maintenance.MaintenanceError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        for name, value in report.items():
            click.echo(f"{name:<22}{'–' if value is None else value}")
    if report["problem"]:
        raise click.ClickException(report["problem"])
