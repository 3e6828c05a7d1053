"""`chaming migrate`: create the database's tables, or bring them up to date."""

import click


@click.command()
def command() -> None:
    """Create the database, or upgrade it. Safe to run at every start."""
    # Imported here: the database's packages take longer to load than `--help` may take.
    from scripts.migrate import run_migrate

    run_migrate()
    click.echo("The database is up to date.", err=True)
