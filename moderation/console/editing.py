"""Between the editor's form and a draft: what was typed, measured, and shown as an answer."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from moderation.console.verdict_words import TAIPEI
from moderation.console.writing_labels import PAGE_STATES
from moderation.writing.drafts import Writing
from moderation.writing.limits import COMFORTABLE_UNITS, MAX_UNITS, count_units
from moderation.writing.references import archived_copy, find_references, load_checks
from storage.articles import ReplySummary
from storage.askers import SOURCE
from storage.tables import Draft, PageState, ReplyState, Verdict


async def show_references_of(session: AsyncSession, reference: str) -> dict[str, Any]:
    checks = await load_checks(session, find_references(reference))
    return {
        "checks": checks,
        "page_states": PAGE_STATES,
        "is_waiting": any(check.state == PageState.WAITING for check in checks),
        "archived": {check.url: archived_copy(check.url, check.checked_at) for check in checks if check.checked_at},
    }


def measure(draft: Draft) -> dict[str, Any]:
    units = count_units(draft.text)
    return {
        "units": units,
        "max_units": MAX_UNITS,
        "is_long": units > COMFORTABLE_UNITS,
        "is_too_long": units > MAX_UNITS,
    }


def read_form(form: Mapping[str, object]) -> Writing:
    verdict = str(form.get("verdict", ""))
    return Writing(
        verdict=Verdict(verdict) if verdict in set(Verdict) else None,
        text=str(form.get("text", "")),
        reference=str(form.get("reference", "")),
        expires_at=from_day(str(form.get("until", ""))),
    )


def read_version(form: Mapping[str, object]) -> int:
    """Which version of the draft the form was made from; 0, which is none, if it makes no sense."""
    version = str(form.get("version", ""))
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0


def from_day(day: str) -> datetime | None:
    """The end of a day in Taiwan, as the form gives it (2026-01-31); None: no day."""
    try:
        return datetime.combine(date.fromisoformat(day), time.max, TAIPEI).replace(microsecond=0).astimezone(UTC)
    except ValueError:
        return None


def to_day(moment: datetime | None) -> str:
    return moment.astimezone(TAIPEI).date().isoformat() if moment else ""


def join(written: str, added: str) -> str:
    return f"{written.rstrip()}\n\n{added}" if written.strip() else added


def to_summary(draft: Draft, verdict: Verdict, now: datetime) -> ReplySummary:
    """The draft as the answer it would be."""
    return ReplySummary(
        reply_id=draft.corrects or draft.id,
        verdict=verdict,
        text=draft.text or "…",
        reference=draft.reference or None,
        state=ReplyState.PROVISIONAL,
        source=SOURCE,
        contributor=draft.editor_id,
        positive_feedback_count=0,
        negative_feedback_count=0,
        created_at=now,
        published_at=now,
        updated_at=None,
    )
