"""The pages keep their word: what they link to is there, what they name exists."""

import re
import subprocess
from pathlib import Path

import pytest

from bot.settings import Settings
from scripts.cli import COMMANDS
from scripts.jobs import JOBS

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def pages() -> list[Path]:
    """Every Markdown page that git knows."""
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split()]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_its_links_lead_somewhere(page: Path) -> None:
    local = [target for target in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


def test_the_top_page_names_every_setting_and_no_other() -> None:
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    assert set(re.findall(r"`([A-Z][A-Z_]{3,})`", (ROOT / "README.md").read_text(encoding="utf-8"))) == known


def test_the_top_page_names_every_command() -> None:
    named = re.findall(r"`chaming ([a-z][a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert set(COMMANDS) <= set(named)


def test_every_chaming_command_in_the_pages_exists() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages())
    named = set(re.findall(r"^(?:\$ )?chaming ([a-z][a-z-]+)", text, re.MULTILINE)) | set(
        re.findall(r"`chaming ([a-z][a-z-]+)", text)
    )
    assert named <= set(COMMANDS), named - set(COMMANDS)


def test_the_job_table_is_in_the_page() -> None:
    page = (ROOT / "scripts" / "README.md").read_text(encoding="utf-8")
    assert [name for name in JOBS if f"`{name}`" not in page] == []
