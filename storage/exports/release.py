"""Making a release: every table once past the cleaner into every format, then deltas, descriptions and the manifest.

All tables are read in one transaction, so they belong together. Nothing is held but a batch; what the machine does
not finish is gone on with.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from storage.database import Database
from storage.exports import cofacts
from storage.exports.catalogue import TABLES
from storage.exports.day_counts import count_days
from storage.exports.delta import write_delta
from storage.exports.describe import describe
from storage.exports.index import write_index
from storage.exports.licences import Terms, write_licence
from storage.exports.manifest import (
    FileEntry,
    Manifest,
    TableEntry,
    list_releases,
    write_manifest,
    write_sums,
)
from storage.exports.pseudonyms import EpochPseudonyms, epoch_of
from storage.exports.readers import read_table
from storage.exports.recall import find_recalled
from storage.exports.snapshot import fingerprint, load_sources, snapshot
from storage.exports.staging import PEOPLE_DB, Part, Staging, entry_of, locked, open_staging
from storage.exports.table_writing import Progress, TableExporter, to_entry
from storage.exports.tombstones import note_tombstones
from storage.exports.versions import choose_since, name_release
from storage.exports.withdrawal import settle_withdrawals

FORMATS = ("parquet", "csv", "jsonl")
OTHERS = "others"
"""The part of the work that comes after the tables: Cofacts' pseudonyms, and the deltas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """What is asked for."""

    root: Path
    """The folder of all releases."""
    instance: str
    """The public name of this instance."""
    secret_key: str
    licence: str
    """SPDX identifier, one of `licences.URLS`."""
    attribution: str
    formats: tuple[str, ...] = FORMATS
    since: str | None = None
    """The release that the delta starts from; None: the newest of the epoch."""
    only_if_changed: bool = False
    only_if_taken_back: bool = False
    """Publish only to take the place of releases that hold what was taken back since."""


async def make_release(
    database: Database, request: ExportRequest, now: datetime, progress: Progress = lambda name, done, total: None
) -> Manifest | None:
    """Publish a release and return its manifest; None when there was no reason to, of those that were asked for.

    Releases that hold what was taken back since are withdrawn when the new one is there. Raises ReleaseError.
    """
    with locked(request.root):
        _settle(request.root, now)
        releases = list_releases(request.root)
        since = choose_since(releases, request.since, epoch_of(now))
        pseudonyms = EpochPseudonyms(request.secret_key)
        await count_days(database, now)
        if releases:
            await note_tombstones(database, request.root / releases[-1].release, releases[-1], now, pseudonyms)
        async with snapshot(database) as connection:
            terms = Terms(request.licence, request.attribution, await load_sources(connection, request.instance))
            draft = _draft(request, releases, since, terms, now)
            staging = open_staging(request.root, _asked(request, draft, await fingerprint(connection)), now)
            with cofacts.PeopleBook(staging.folder / PEOPLE_DB) as people:
                exporter = TableExporter(
                    connection=connection,
                    folder=staging.folder,
                    formats=request.formats,
                    instance=request.instance,
                    pseudonyms=pseudonyms,
                    licence=write_licence(terms, draft.release),
                    people=people,
                    progress=progress,
                )
                for table in TABLES:
                    if table.name not in staging.parts:
                        staging.finish(table.name, await exporter.write(table))
                if OTHERS not in staging.parts:
                    staging.finish(OTHERS, _write_others(request, staging, draft, since, exporter))
        manifest = _fill_in(draft, staging)
        recalled = find_recalled(request.root, releases, staging.folder, manifest)
        if _is_uncalled_for(request, releases, manifest, recalled):
            staging.discard()
            return None
        published = _publish(request, staging, replace(manifest, replaces=recalled), terms)
        _settle(request.root, now)
        return published


def _settle(root: Path, now: datetime) -> None:
    if settle_withdrawals(root, now):
        write_index(root)


def _draft(
    request: ExportRequest, releases: Sequence[Manifest], since: Manifest | None, terms: Terms, now: datetime
) -> Manifest:
    """The manifest of a release whose files are not written yet."""
    version, release = name_release(releases, now)
    return Manifest(
        release=release,
        version=version,
        date=f"{now.astimezone(UTC):%Y-%m-%d}",
        as_of="",
        instance=request.instance,
        epoch=epoch_of(now),
        previous=since.release if since else None,
        licence=terms.licence,
        licence_url=terms.url,
        attribution=terms.attribution,
        licences=list(terms.sources),
        formats=list(request.formats),
        tables=[],
        files=[],
    )


def _asked(request: ExportRequest, draft: Manifest, database: list[str]) -> dict[str, Any]:
    """What an interrupted export must have in common with this one to be gone on with; no secret is in it."""
    tables = {table.name: list(table.names) for table in TABLES}
    return {"draft": asdict(draft), "since": request.since, "database": database, "tables": tables}


def _fill_in(draft: Manifest, staging: Staging) -> Manifest:
    parts = staging.parts
    return replace(
        draft,
        as_of=staging.as_of,
        tables=list(_table_entries(parts)),
        files=[file for part in parts.values() for file in part.files],
        delta=parts[OTHERS].figures["delta"] if OTHERS in parts else None,
    )


def _write_others(
    request: ExportRequest, staging: Staging, draft: Manifest, since: Manifest | None, exporter: TableExporter
) -> Part:
    files: list[FileEntry] = []
    if "csv" in request.formats:
        written = exporter.people.write(staging.folder, exporter.licence)
        files += [to_entry(staging.folder, one, "cofacts", cofacts.PEOPLE) for one in written]
    if since is None:
        return Part(files, {"delta": None})
    added = removed = 0
    current = _fill_in(draft, staging)
    for table in TABLES:
        old = read_table(request.root / since.release, since, table)
        written, come, gone = write_delta(table, staging.folder, old, read_table(staging.folder, current, table))
        files += [to_entry(staging.folder, one, "delta", table.name) for one in written]
        added, removed = added + come, removed + gone
    return Part(files, {"delta": {"from": since.release, "added": added, "removed": removed}})


def _table_entries(parts: dict[str, Part]) -> list[TableEntry]:
    ours = [
        TableEntry(
            name=table.name,
            family="chaming",
            description=table.description,
            rows=parts[table.name].figures["rows"],
            key=list(table.key),
        )
        for table in TABLES
        if table.name in parts
    ]
    about = {file.name: file.description for file in cofacts.FILES} | {cofacts.PEOPLE: cofacts.PEOPLE_DESCRIPTION}
    theirs = [
        TableEntry(name=file.table, family="cofacts", description=about[file.table], rows=file.rows or 0, key=[])
        for part in parts.values()
        for file in part.files
        if file.kind == "cofacts" and file.table
    ]
    return [*ours, *theirs]


def _is_uncalled_for(
    request: ExportRequest, releases: Sequence[Manifest], manifest: Manifest, recalled: Sequence[str]
) -> bool:
    if request.only_if_taken_back:
        return not recalled
    return request.only_if_changed and _is_unchanged(releases, manifest)


def _is_unchanged(releases: Sequence[Manifest], manifest: Manifest) -> bool:
    """Whether the newest release of the epoch holds the same rows."""
    if manifest.delta is not None:
        return manifest.delta["from"] == releases[-1].release and not (
            manifest.delta["added"] or manifest.delta["removed"]
        )
    return False


def _publish(request: ExportRequest, staging: Staging, manifest: Manifest, terms: Terms) -> Manifest:
    figures = {name: part.figures for name, part in staging.parts.items() if name != OTHERS}
    paths = describe(staging.folder, manifest, terms, figures)
    described = [entry_of(staging.folder, path, "description") for path in paths]
    whole = replace(manifest, files=[*manifest.files, *described])
    write_manifest(staging.folder, whole)
    write_sums(staging.folder, whole.files)
    staging.publish(request.root, whole.release)
    return whole
