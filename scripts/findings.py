"""What a check has found, one line each, with what to do about it: `chaming doctor`, `chaming line check`."""

from collections.abc import Iterable
from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    is_good: bool | None
    """None: it keeps nothing from working, and may be worth a look."""
    text: str
    advice: str = ""


def show(findings: Iterable[Finding]) -> bool:
    """Print each with its mark and advice; return whether nothing is wrong."""
    is_well = True
    for finding in findings:
        mark = {True: click.style("✓", fg="green"), False: click.style("✗", fg="red"), None: "–"}[finding.is_good]
        click.echo(f"{mark} {finding.text}" + (f"\n  → {finding.advice}" if finding.advice else ""))
        is_well &= finding.is_good is not False
    return is_well
