"""`chaming import cofacts DIR`: fact-checks from open data."""

from pathlib import Path

import click


@click.group()
def command() -> None:
    """Import fact-checks from open data."""


@command.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR")
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where rows that cannot be imported are listed.  [default: DATA_DIR/import-rejects.csv]",
)
@click.option(
    "--queue",
    type=click.IntRange(0, 2_000),
    default=0,
    metavar="N",
    help="Give the volunteers at most N of the messages without an answer, the most asked first.",
)
def cofacts(folder: Path, rejects: Path | None, queue: int) -> None:
    """Import Cofacts' open data (CSV or CSV.zip) from DIR.

    Run it again at any time: what is stored is passed over, what is new or changed is taken in, and an import that
    was interrupted is completed.
    """
    # Imported here: the database's packages take longer to load than `--help` may take.
    from scripts.cofacts.run import run_import

    run_import(folder, rejects, queue)


@command.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR")
@click.option(
    "--answered-only", is_flag=True, help="Take only answered articles, as another instance's answers (`imported`)."
)
def chaming(folder: Path, answered_only: bool) -> None:
    """Take in a release of chaming: DIR is its folder, or a folder of releases, whose newest counts.

    Pseudonyms, sources and states stay as they are, so a lost instance can be rebuilt. Run it again at any time: what
    was written or taken back here is never overwritten.
    """
    # Imported here, as above.
    from scripts.exports.take_in import run_take_in

    run_take_in(folder, answered_only=answered_only)
