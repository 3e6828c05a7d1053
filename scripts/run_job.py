"""Running one job from the command line."""

import asyncio

import click
from sqlalchemy.exc import SQLAlchemyError

from bot.services import name_process, open_services
from bot.settings import SettingsError, load_settings
from scripts.jobs import JOBS
from scripts.scheduler import run_job


def run_job_now(name: str) -> str:
    """Run the job called `name` and return its outcome; any failure is one clear line."""
    try:
        return asyncio.run(_run(name))
    except (SettingsError, OSError) as error:
        raise click.ClickException(f"{name} did not run: {str(error).splitlines()[0]}") from error
    except SQLAlchemyError as error:
        reason = str(error).splitlines()[0]
        raise click.ClickException(f"{name} did not run ({reason}). Was `chaming migrate` run?") from error


async def _run(name: str) -> str:
    async with open_services(load_settings()) as services:
        return await run_job(services, JOBS[name], owner=name_process())
