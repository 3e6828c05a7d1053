"""`chaming run-job NAME`: what the scheduler does, now and by hand."""

import click

from scripts.jobs import JOBS

TABLE = "\b\nJobs:\n" + "\n".join(f"  {job.name:<12} {job.summary}" for job in JOBS.values())


@click.command(epilog=TABLE)
@click.argument("name", type=click.Choice(list(JOBS)), metavar="NAME")
def command(name: str) -> None:
    """Run one scheduled job now and say what it did."""
    # Imported here: the services take longer to load than `--help` may take.
    from scripts.run_job import run_job_now

    click.echo(f"{name}: {run_job_now(name)}")
