"""`/data`: the releases, their descriptions and files.

`/data/latest/PATH` is the newest release's file under an address that stays; `/data/RELEASE/PATH` never changes, until
the whole release is withdrawn: 410, and why.
"""

import asyncio
import base64
import mimetypes
from datetime import datetime
from urllib.parse import quote

import orjson
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from multidict import CIMultiDict

from bot.data_pages.atom import Entry, Feed, to_atom
from bot.data_pages.preview import load_previews
from bot.data_pages.releases import (
    CROISSANT,
    DATA_PACKAGE,
    LATEST,
    find_file,
    find_manifest,
    find_withdrawn,
    load_described,
    load_index,
    load_releases,
)
from bot.data_pages.site import HEADERS, MAX_AGE_S, Look, Site, or_not_modified
from bot.wording import Words, marked
from storage.exports.catalogue import TABLES
from storage.exports.describe.words import ABOUT, FILES, load_words
from storage.exports.manifest import FileEntry, Manifest

DAY_S = 24 * 3600
"""A release's file never changes, but it may be withdrawn: then no cache may have it for long."""
SHARED = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Accept-Ranges, Content-Length, Content-Range, ETag, Repr-Digest",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
"""Notebooks that run in a browser may read the files from anywhere."""
TYPES = {
    ".parquet": "application/vnd.apache.parquet",
    ".gz": "application/gzip",
    ".zip": "application/zip",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".cff": "text/plain; charset=utf-8",
    "": "text/plain; charset=utf-8",
}
"""A browser would show Chinese text in some other encoding, were it not told which."""


REPLACES = marked("It takes the place of {releases}, withdrawn since they hold what was taken back.")


class DataPage:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show_latest(self, request: web.Request) -> web.Response:
        """The newest release, and a list of all."""
        return await self._show(request, LATEST)

    async def show_release(self, request: web.Request) -> web.Response:
        return await self._show(request, request.match_info["release"])

    async def send_file(self, request: web.Request) -> web.StreamResponse:
        """A file of a release: whole, or the part that was asked for."""
        release, name = request.match_info["release"], request.match_info["path"]
        file = await asyncio.to_thread(find_file, self._site.releases, release, name)
        if file is None:
            return await self._absent(request, release)
        kept = f"public, max-age={MAX_AGE_S if release == LATEST else DAY_S}"
        content_type = (
            TYPES.get(file.path.suffix) or mimetypes.guess_type(file.path.name)[0] or "application/octet-stream"
        )
        headers = HEADERS | SHARED | {"Cache-Control": kept, "Content-Type": content_type}
        headers["Content-Disposition"] = f"{_shown(content_type)}; filename*=UTF-8''{quote(file.path.name)}"
        if file.sha256:
            headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(file.sha256)).decode()}:"
        return ResumableFile(file.path, headers=headers)

    async def show_index(self, request: web.Request) -> web.Response:
        """All releases as JSON, newest first, each with the addresses of its page and manifest."""
        index = await asyncio.to_thread(load_index, self._site.releases)
        releases = [
            entry | {"url": self._url(entry["release"]), "manifest_url": f"{self._url(entry['release'])}manifest.json"}
            for entry in index["releases"]
        ]
        headers = HEADERS | SHARED | {"Cache-Control": f"public, max-age={MAX_AGE_S}"}
        body = orjson.dumps({**index, "releases": releases}, option=orjson.OPT_INDENT_2)
        response = web.Response(body=body, content_type="application/json", headers=headers)
        return or_not_modified(request, response)

    async def show_croissant(self, request: web.Request) -> web.Response:
        """The newest release's Croissant with whole addresses, for who reads it over the network; its own has paths."""
        found = await asyncio.to_thread(load_described, self._site.releases, CROISSANT)
        if found is None:
            return self._site.absent(request)
        manifest, described = found
        for file in described["distribution"]:
            if "containedIn" not in file:
                file["contentUrl"] = self._url(manifest.release) + file["contentUrl"]
        return _described(request, described, "application/ld+json")

    async def show_data_package(self, request: web.Request) -> web.Response:
        """The newest release's Data Package with whole addresses, for who validates it over the network.

        Without sizes and sums: frictionless counts no bytes of an archive that it has from the network, and then takes
        "none" for a wrong number. They are in the release's own, in its manifest and in SHA256SUMS.
        """
        found = await asyncio.to_thread(load_described, self._site.releases, DATA_PACKAGE)
        if found is None:
            return self._site.absent(request)
        manifest, described = found
        at = self._url(manifest.release)
        for resource in described["resources"]:
            paths = resource["path"]
            resource["path"] = [at + path for path in paths] if isinstance(paths, list) else at + paths
            resource.pop("bytes", None)
            resource.pop("hash", None)
        return _described(request, described, "application/json")

    async def show_feed(self, request: web.Request) -> web.Response:
        """New releases as an Atom feed."""
        releases = await asyncio.to_thread(load_releases, self._site.releases)
        words = self._site.words(request)
        feed = Feed(
            url=f"{self._site.public_url}/data/releases.atom",
            page=f"{self._site.public_url}/data",
            title=words("查明: data releases"),
            language=words.tag,
            entries=[self._to_entry(words, entry) for entry in releases],
        )
        return atom_response(request, feed)

    async def _show(self, request: web.Request, release: str) -> web.Response:
        manifest = await asyncio.to_thread(find_manifest, self._site.releases, release)
        if manifest is None and release != LATEST:
            return await self._absent(request, release)
        releases = await asyncio.to_thread(load_releases, self._site.releases)
        previews = await asyncio.to_thread(load_previews, self._site.releases, manifest) if manifest else {}
        return self._site.respond(
            request,
            "data.html",
            manifest=manifest,
            previews=previews,
            releases=releases,
            withdrawn=(await asyncio.to_thread(load_index, self._site.releases)).get("withdrawn", []),
            files=_by_table(manifest) if manifest else {},
            others=[file for file in manifest.files if file.kind != "data"] if manifest else [],
            replaces=REPLACES,
            explained=_explain(self._site.words(request)),
            changes=_changes(releases, manifest) if manifest else None,
            moment=datetime.fromisoformat,
        )

    async def _absent(self, request: web.Request, release: str) -> web.Response:
        """410 and why, where there was a release of this name; else 404."""
        gone = await asyncio.to_thread(find_withdrawn, self._site.releases, release)
        if gone is None:
            return self._site.absent(request)
        return self._site.respond(request, "withdrawn.html", 410, gone=gone, moment=datetime.fromisoformat)

    def _to_entry(self, words: Words, entry: Manifest) -> Entry:
        look, as_of = Look(words), datetime.fromisoformat(entry.as_of)
        told = words(
            "{rows} rows, {size}; as of {day}.",
            rows=look.number(entry.rows),
            size=look.size(entry.bytes),
            day=look.moment(as_of),
        )
        if entry.replaces:
            told += " " + words(REPLACES, releases=", ".join(entry.replaces))
        return Entry(self._url(entry.release), f"{entry.version} ({entry.date})", as_of, told)

    def _url(self, release: str) -> str:
        return f"{self._site.public_url}/data/{quote(release)}/"


class ResumableFile(web.FileResponse):
    """A file whose download can be gone on with: by `If-Range` with the ETag, which aiohttp reads as a date only."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        condition = request.headers.get("If-Range", "")
        if condition.startswith(('"', "W/")) and condition != await asyncio.to_thread(self._etag):
            headers = CIMultiDict((name, value) for name, value in request.headers.items() if name.lower() != "range")
            request = request.clone(headers=headers)
        return await super().prepare(request)

    def _etag(self) -> str:
        """As aiohttp makes it: when the file was changed, and its size."""
        stat = self._path.stat()
        return f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'


def _described(request: web.Request, described: object, content_type: str) -> web.Response:
    headers = HEADERS | SHARED | {"Cache-Control": f"public, max-age={MAX_AGE_S}"}
    body = orjson.dumps(described, option=orjson.OPT_INDENT_2)
    return or_not_modified(request, web.Response(body=body, content_type=content_type, headers=headers))


def atom_response(request: web.Request, feed: Feed) -> web.Response:
    headers = HEADERS | {"Cache-Control": f"public, max-age={MAX_AGE_S}", "Vary": "Accept-Language"}
    response = web.Response(body=to_atom(feed), content_type="application/atom+xml", charset="utf-8", headers=headers)
    return or_not_modified(request, response)


def _explain(words: Words) -> dict[str, dict[str, str]]:
    """What each table is `about`, and each of its columns, in the reader's language."""
    if words.tag in FILES:
        return {name: dict(told) for name, told in load_words(words.tag).items()}
    return {
        table.name: {ABOUT: table.description, **{column.name: column.description for column in table.columns}}
        for table in TABLES
    }


def _by_table(manifest: Manifest) -> dict[str, list[FileEntry]]:
    """The data files of each table, in the manifest's order."""
    found: dict[str, list[FileEntry]] = {table.name: [] for table in manifest.tables if table.family == "chaming"}
    for file in manifest.files:
        if file.kind == "data" and file.table in found:
            found[str(file.table)].append(file)
    return found


def _changes(releases: list[Manifest], manifest: Manifest) -> int | None:
    """By how many rows this release is longer than the one before it in the list; None when it is the first."""
    names = [entry.release for entry in releases]
    place = names.index(manifest.release) if manifest.release in names else len(names)
    return releases[place].rows - releases[place + 1].rows if place + 1 < len(releases) else None


def _shown(content_type: str) -> str:
    """Descriptions are read in the browser; data is kept."""
    return "inline" if content_type.startswith(("text/", "application/json")) else "attachment"
