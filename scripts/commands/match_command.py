"""`chaming match TEXT [--json]`: match one text against the database, as the bot would."""

import sys

import click


@click.command()
@click.argument("text")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; all else goes to stderr.")
def command(text: str, as_json: bool) -> None:
    """Match TEXT against the articles in the database; `-` reads the text from standard input."""
    # Imported here: model and index take longer to load than `--help` may take.
    from scripts.match import run_match

    click.echo(run_match(sys.stdin.read() if text == "-" else text, as_json=as_json))
