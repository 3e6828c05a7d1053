"""`chaming evaluate DIR [--json]`: measure matching on labelled queries and pairs, and nothing else."""

from pathlib import Path

import click


@click.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--from-feedback", is_flag=True, help="Measure on what people chose in the chats instead.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; all else goes to stderr.")
@click.option("--threads", default=2, show_default=True, type=click.IntRange(1), help="Threads of the encoder.")
def command(folder: Path | None, from_feedback: bool, as_json: bool, threads: int) -> None:
    """Measure matching on the labelled files in FOLDER: articles.jsonl with queries.jsonl, pairs.jsonl, or both.

    The index is made in memory from those files alone; no database is read and none is written. With --from-feedback
    only the database is read: which article people chose, and what they refused.
    """
    if from_feedback == (folder is not None):
        raise click.UsageError("Name a FOLDER, or give --from-feedback.")
    # Imported here: `--help` must not wait for numpy and the encoder.
    from scripts.evaluate import run_evaluate, run_feedback

    shown = run_feedback(as_json=as_json) if folder is None else run_evaluate(folder, threads=threads, as_json=as_json)
    click.echo(shown)
