"""`chaming editor add EMAIL`: the first volunteers of an instance, and everyone invited later."""

import click

ROLES = ("newcomer", "reviewer", "trusted", "moderator", "administrator")


@click.group()
def command() -> None:
    """Invite volunteers to the console at PUBLIC_URL/review/."""


@command.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), default="reviewer", show_default=True, help="What they may do.")
@click.option("--name", default="", help="What other volunteers see.")
def add(email: str, role: str, name: str) -> None:
    """Give EMAIL an account, or its account the role, and print a link that signs in once, within a day."""
    # Imported here: `--help` must not wait for SQLAlchemy.
    from scripts.editors import add_and_link
    from scripts.settings_option import settings_or_exit

    click.echo(add_and_link(settings_or_exit(), email, role, name))
