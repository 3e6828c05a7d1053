"""The releases' pages and files: what is told, what is sent, and that nothing else can be had."""

import asyncio
import base64
import gc
import gzip
import hashlib
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bot.data_pages.preview import MAX_CELL, load_previews
from storage.exports.index import write_index
from storage.exports.manifest import Manifest, write_manifest
from storage.exports.withdrawal import settle_withdrawals
from tests.bot.data_pages.conftest import PUBLIC_URL, Client
from tests.bot.data_pages.made_release import publish_two
from tests.bot.test_pages import Html

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"
FILE = "jsonl/articles.jsonl.gz"


@pytest.fixture(scope="module")
def published(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Manifest]]:
    """Two releases of one epoch, made once: their folder, and their manifests, oldest first."""
    folder = tmp_path_factory.mktemp("published")
    shutil.copy(sqlite_template, folder / "chaming.db")
    return folder / "releases", asyncio.run(publish_two(folder, NOW))


@pytest.fixture
def made(published: tuple[Path, list[Manifest]], releases: Path) -> list[Manifest]:
    """The published releases, in a folder of the test's own."""
    shutil.copytree(published[0], releases)
    return published[1]


async def test_the_page_describes_the_newest_release(client: Client, made: list[Manifest]) -> None:
    html = await (await client.get("/data", headers={"Accept-Language": "en"})).text()
    text = " ".join(Html(html).text.split())
    newest = made[-1]
    for told in (newest.version, f"Since {made[0].release}: ", "CC-BY-SA-4.0", "The volunteers of chaming",
                 f"{PUBLIC_URL}/data/{newest.release}/", "喝熱水可以殺死病毒", "SHA256SUMS"):  # fmt: skip
        assert told in text, told
    for file in newest.files:
        assert file.sha256 in html
    assert "<b>later" not in html
    for table in newest.tables:
        if table.family == "chaming":
            assert f"{table.name} Rows: {table.rows}" in text


async def test_every_link_of_the_page_leads_somewhere(client: Client, made: list[Manifest]) -> None:
    html = Html(await (await client.get("/data")).text())
    addresses = {link["href"] or "" for link in html.links()}
    ours = {address for address in addresses if address.startswith("/data")}
    assert len(ours) > 50
    for address in ours:
        assert (await client.get(address)).status == 200, address


@pytest.mark.parametrize("name", ["latest", "1.0.1_2026-11-27"])
async def test_a_file_arrives_whole_with_its_checksum(client: Client, made: list[Manifest], name: str) -> None:
    listed = {file.path: file for file in made[-1].files}
    for path in (FILE, "csv/articles.csv.zip", "README.md", "LICENSE.txt", "parquet/articles.parquet"):
        response = await client.get(f"/data/{name}/{path}")
        body = await response.read()
        digest = hashlib.sha256(body)
        assert (response.status, digest.hexdigest()) == (200, listed[path].sha256)
        assert response.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
        assert "Content-Encoding" not in response.headers
        assert response.charset == ("utf-8" if response.content_type.startswith("text/") else None), path
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert response.headers["Cache-Control"] == f"public, max-age={60 if name == 'latest' else 24 * 3600}"


async def test_a_broken_download_goes_on_where_it_was(client: Client, made: list[Manifest]) -> None:
    address = f"/data/latest/{FILE}"
    whole = await client.get(address)
    content = await whole.read()
    half = len(content) // 2
    headers = {"Range": f"bytes={half}-", "If-Range": whole.headers["ETag"]}
    rest = await client.get(address, headers=headers)
    assert (rest.status, content[:half] + await rest.read()) == (206, content)
    assert rest.headers["Content-Range"] == f"bytes {half}-{len(content) - 1}/{len(content)}"
    replaced = await client.get(address, headers=headers | {"If-Range": '"another"'})
    assert (replaced.status, await replaced.read()) == (200, content)
    assert (await client.get(address, headers={"Range": f"bytes={len(content) + 9}-"})).status == 416
    assert (await client.get(address, headers={"If-None-Match": whole.headers["ETag"]})).status == 304
    head = await client.head(address)
    assert (head.headers["Content-Length"], await head.read()) == (str(len(content)), b"")


async def test_its_croissant_can_be_read_over_the_network(client: Client, made: list[Manifest]) -> None:
    response = await client.get("/data/croissant.json")
    described = await response.json(content_type="application/ld+json")
    own = await (await client.get("/data/latest/croissant.json")).json()
    assert [file["@id"] for file in described["distribution"]] == [file["@id"] for file in own["distribution"]]
    files = [file for file in described["distribution"] if "containedIn" not in file]
    assert len(files) > 50
    for file in files:
        address = file["contentUrl"].removeprefix(PUBLIC_URL)
        body = await (await client.get(address)).read()
        assert (address.startswith("/data/1."), hashlib.sha256(body).hexdigest()) == (True, file["sha256"])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it leaves temporary files open
@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_its_data_package_is_valid_over_the_network(client: Client, made: list[Manifest]) -> None:
    from frictionless import Package

    described = await (await client.get("/data/datapackage.json")).json()
    own = await (await client.get("/data/latest/datapackage.json")).json()
    assert [one["schema"] for one in described["resources"]] == [one["schema"] for one in own["resources"]]
    assert all(one["path"].startswith(f"{PUBLIC_URL}/data/{made[-1].release}/") for one in described["resources"])
    here = str(client.make_url("/")).rstrip("/")
    for resource in described["resources"]:
        resource["path"] = resource["path"].replace(PUBLIC_URL, here)
    report = await asyncio.to_thread(lambda: Package.from_descriptor(described).validate())
    assert report.valid, report.flatten(["name", "fieldName", "note"])
    assert len(report.tasks) == len(described["resources"]) > 10
    del report
    gc.collect()


async def test_latest_follows_the_newest_release(client: Client, made: list[Manifest]) -> None:
    old = await (await client.get(f"/data/{made[0].release}/{FILE}")).read()
    new = await (await client.get(f"/data/latest/{FILE}")).read()
    assert len(gzip.decompress(new).splitlines()) == len(gzip.decompress(old).splitlines()) + 1


@pytest.mark.parametrize(
    "path",
    [
        "latest/..%2F..%2Fchaming.db", "latest/.%2Fmanifest.json", "latest/jsonl%2F..%2F..%2Freleases.json",
        "latest//etc/passwd", "latest/%2Fetc%2Fpasswd", "latest/jsonl", "latest/nothing", "latest/README.md%00",
        "1.0.0_2026-11-20/../../chaming.db", ".staging/x", "..%2Freleases/x", "9.9.9_2026-01-01/manifest.json",
        "latest/link",
    ],
)  # fmt: skip
async def test_no_address_leads_out_of_a_release(
    client: Client, made: list[Manifest], releases: Path, path: str
) -> None:
    (releases / made[-1].release / "link").symlink_to("/etc/passwd")
    assert (await client.get(f"/data/{path}")).status == 404


async def test_a_listed_file_that_became_a_link_to_elsewhere_is_not_sent(
    client: Client, made: list[Manifest], releases: Path
) -> None:
    path = releases / made[-1].release / "README.md"
    path.unlink()
    path.symlink_to("/etc/passwd")
    assert (await client.get("/data/latest/README.md")).status == 404


async def test_the_index_and_the_feed_name_every_release(client: Client, made: list[Manifest]) -> None:
    index = await (await client.get("/data/releases.json")).json()
    assert [entry["release"] for entry in index["releases"]] == [made[1].release, made[0].release]
    manifest = await client.get(index["releases"][0]["manifest_url"].removeprefix(PUBLIC_URL))
    assert hashlib.sha256(await manifest.read()).hexdigest() == index["releases"][0]["manifest_sha256"]
    response = await client.get("/data/releases.atom")
    feed = ElementTree.fromstring(await response.read())
    assert response.content_type == "application/atom+xml"
    ids = [entry.findtext(f"{ATOM}id") for entry in feed.findall(f"{ATOM}entry")]
    assert ids == [entry["url"] for entry in index["releases"]]
    again = await client.get("/data/releases.atom", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status == 304


async def test_a_withdrawn_release_says_why_and_what_takes_its_place(
    client: Client, made: list[Manifest], releases: Path
) -> None:
    old, new = made
    write_manifest(releases / new.release, replace(new, replaces=[old.release]))
    assert settle_withdrawals(releases, NOW)
    write_index(releases)
    for path in ("", FILE, "manifest.json", "README.md"):
        response = await client.get(f"/data/{old.release}/{path}", headers={"Accept-Language": "en"})
        text = Html(await response.text()).text
        assert (response.status, response.content_type) == (410, "text/html")
        assert "somebody took back" in text
        assert new.release in text
    assert (await client.get(f"/data/latest/{FILE}")).status == 200
    assert "這個版本取代" in await (await client.get("/data")).text()
    index = await (await client.get("/data/releases.json")).json()
    assert [entry["release"] for entry in index["withdrawn"]] == [old.release]
    assert old.release in await (await client.get("/data/releases.atom")).text()


async def test_before_the_first_release_the_page_says_so(client: Client) -> None:
    assert "還沒有發布" in await (await client.get("/data")).text()
    assert (await (await client.get("/data/releases.json")).json())["releases"] == []
    assert (await client.get("/data/latest/manifest.json")).status == 404


async def test_an_index_that_cannot_be_read_is_no_release(client: Client, made: list[Manifest], releases: Path) -> None:
    (releases / "releases.json").write_text("{half")
    assert "還沒有發布" in await (await client.get("/data")).text()


async def test_a_preview_is_short_whatever_the_table(made: list[Manifest], releases: Path) -> None:
    previews = load_previews(releases, made[-1])
    articles = previews["articles"]
    assert len(articles.rows) == 3
    assert max(len(cell) for row in articles.rows for cell in row) <= MAX_CELL
    damaged = releases / made[-1].release / FILE
    damaged.write_bytes(b"not gzip")
    (releases / made[-1].release / "csv/articles.csv.zip").write_bytes(b"no zip")
    assert "articles" not in load_previews(releases, made[-1])
