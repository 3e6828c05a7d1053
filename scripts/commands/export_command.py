"""`chaming export DIR`: publish a release of everything that may be public."""

from pathlib import Path

import click

FORMATS = ("parquet", "csv", "jsonl")


def _split(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    formats = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
    unknown = [one for one in formats if one not in FORMATS]
    if unknown or not formats:
        raise click.BadParameter(f"choose from {', '.join(FORMATS)}, comma-separated")
    return formats


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@click.option(
    "--since", metavar="VERSION", help="Start the delta from this release.  [default: the newest of the quarter]"
)
@click.option(
    "--format",
    "formats",
    callback=_split,
    metavar="LIST",
    help="parquet, csv, jsonl or several.  [default: all there are]",
)
@click.option("--if-changed", is_flag=True, help="Publish nothing when no row changed since the last release.")
@click.option(
    "--if-taken-back",
    is_flag=True,
    help="Publish only when a release holds what was taken back since; such releases are withdrawn.",
)
@click.option("--push", type=click.Choice(["hf", "s3"]), help="Then publish the newest release in DIR elsewhere.")
@click.option("--to", metavar="PLACE", help="With --push: OWNER/NAME at Hugging Face, or BUCKET[/PREFIX].")
@click.option(
    "--for-real", is_flag=True, help="With --push: upload. Without it, only what would be uploaded is listed."
)
def command(
    folder: Path,
    since: str | None,
    formats: tuple[str, ...] | None,
    if_changed: bool,
    if_taken_back: bool,
    push: str | None,
    to: str | None,
    for_real: bool,
) -> None:
    """Publish a release in DIR: messages, answers, ratings and match decisions, as files that never change.

    Interrupted, it goes on from there when run again. storage/exports/README.md says what lies where.
    """
    if bool(push) != bool(to):
        raise click.UsageError("--push and --to go together.")
    # Imported here: the database's packages take longer to load than `--help` may take.
    from scripts.exports.push import run_push
    from scripts.exports.run import run_export

    run_export(folder, since=since, formats=formats, if_changed=if_changed, if_taken_back=if_taken_back)
    if push and to:
        run_push(folder, push, to, for_real=for_real)
