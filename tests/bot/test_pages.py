"""The public page: what it says, in which language, and that nothing on it can do harm."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.article_page import CSS_CLASSES
from bot.buttons import Buttons
from bot.labels import MAX_NAME, VERDICTS
from bot.pages import add_pages, read_style
from bot.pseudonyms import Pseudonyms
from bot.wording import load_wordings
from storage.database import Database
from storage.exports.pseudonyms import EpochPseudonyms
from storage.tables import (
    Article,
    ArticleReply,
    Reply,
    ReplyRequest,
    ReplyState,
    Status,
    Verdict,
)
from tests.bot.makers import CHECKED_AT
from tests.moderation.community import HELPFUL, add_answer, add_trusted, say

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> {{ 7*7 }} &amp; \u202ereversed"
SECRET_KEY = "a secret for tests"
VOLUNTEER = "67c190169c249d8e"
WRITER = Pseudonyms(SECRET_KEY).of_writer(VOLUNTEER, CHECKED_AT)[:MAX_NAME]
Client = TestClient[web.Request, web.Application]


class Html(HTMLParser):
    """Tags, links and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._hidden = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._hidden = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._hidden else data

    def links(self) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == "a"]


@pytest.fixture
async def client(sqlite_database: Database) -> AsyncIterator[Client]:
    app = web.Application()
    add_pages(
        app,
        database=sqlite_database,
        wordings=load_wordings(),
        buttons=Buttons(SECRET_KEY),
        public_url="https://chaming.example.tw/",
        pseudonyms=Pseudonyms(SECRET_KEY),
    )
    async with TestClient(TestServer(app)) as opened:
        yield opened


async def add(
    database: Database,
    *verdicts: Verdict,
    article_id: str = "article",
    text: str | None = "喝熱水可以殺死病毒",
    status: Status = Status.NORMAL,
    state: ReplyState = ReplyState.IMPORTED,
    reply_text: str = "這是謠言。",
    reference: str | None = "衛福部\nhttps://www.mohw.gov.tw/x?y=1&z=2",
    source: str = "cofacts",
    written_at: datetime = CHECKED_AT,
    **link: object,
) -> None:
    async with database.transaction() as session:
        session.add(Article(id=article_id, text=text, status=status, created_at=CHECKED_AT))
        await session.flush()
        session.add(ReplyRequest(article_id=article_id, contributor="someone"))
        for number, verdict in enumerate(verdicts):
            reply_id = f"{article_id}-{number}"
            session.add(
                Reply(
                    id=reply_id,
                    verdict=verdict,
                    text=reply_text,
                    reference=reference,
                    source=source,
                    contributor=VOLUNTEER,
                    created_at=written_at,
                )
            )
            await session.flush()
            session.add(ArticleReply(article_id=article_id, reply_id=reply_id, state=state, **link))


async def read(client: Client, path: str = "/articles/article", **headers: str) -> Html:
    response = await client.get(path, headers=headers)
    return Html(await response.text())


async def test_it_shows_message_verdict_reply_source_date_and_attribution(
    client: Client, sqlite_database: Database
) -> None:
    await add(sqlite_database, Verdict.RUMOR, positive_feedback_count=3, negative_feedback_count=1)
    page = await read(client)
    for must in (
        "喝熱水可以殺死病毒", "含有不實訊息", "✕", "這是謠言。", "衛福部", "2020年3月15日", WRITER, "CC0",
        "Cofacts 真的假的", "3 個人覺得有幫助", "1 個人覺得沒有幫助", "1 個人問過", "https://chaming.example.tw/articles/article",
    ):  # fmt: skip
        assert must in page.text, must
    hrefs = [link["href"] or "" for link in page.links()]
    assert "https://www.mohw.gov.tw/x?y=1&z=2" in hrefs
    assert "https://cofacts.tw" in hrefs
    assert any(href.startswith("https://line.me/R/share?text=") for href in hrefs)


async def test_it_names_a_volunteer_as_the_releases_of_that_quarter_do(
    client: Client, sqlite_database: Database
) -> None:
    quarters = [datetime(2026, 3, 31, 12, tzinfo=UTC), datetime(2026, 4, 1, 12, tzinfo=UTC)]
    names = [EpochPseudonyms(SECRET_KEY).of(VOLUNTEER, moment).partition(".")[2][:MAX_NAME] for moment in quarters]
    for number, moment in enumerate(quarters):
        await add(sqlite_database, Verdict.RUMOR, article_id=f"a{number}", source="chaming", written_at=moment)
    pages = [(await read(client, f"/articles/a{number}")).text for number in range(2)]
    assert [[name in page for name in names] for page in pages] == [[True, False], [False, True]]
    assert not any(VOLUNTEER[:MAX_NAME] in page for page in pages)


@pytest.mark.parametrize(
    ("headers", "query", "lang", "words"),
    [
        ({}, "", "zh-Hant", "含有不實訊息"),
        ({"Accept-Language": "en-US,en;q=0.9"}, "", "en", "Contains false information"),
        ({"Accept-Language": "ja"}, "", "ja", "誤った情報を含みます"),
        ({"Accept-Language": "en"}, "?lang=ja", "ja", "誤った情報を含みます"),
        ({}, "?lang=%3Cscript%3E", "zh-Hant", "含有不實訊息"),
    ],
)
async def test_it_speaks_the_readers_language(
    client: Client, sqlite_database: Database, headers: dict[str, str], query: str, lang: str, words: str
) -> None:
    await add(sqlite_database, Verdict.RUMOR)
    response = await client.get("/articles/article" + query, headers=headers)
    page = Html(await response.text())
    assert page.tags[0] == ("html", {"lang": lang})
    assert response.headers["Content-Language"] == lang
    assert response.headers["Vary"] == "Accept-Language"
    assert words in page.text


async def test_it_lets_hostile_text_be_text(client: Client, sqlite_database: Database) -> None:
    await add(
        sqlite_database,
        Verdict.RUMOR,
        text=HOSTILE + " javascript:alert(1)",
        reply_text=HOSTILE + " https://a.tw/\"onmouseover='x' javascript:alert(2)",
        reference='javascript:alert(3)\ndata:text/html,<b>\nhttps://b.tw/"><script>',
        source=HOSTILE,
    )
    page = await read(client)
    assert {tag for tag, _ in page.tags} <= {
        "html", "head", "meta", "title", "link", "style", "body", "header", "span", "main", "section", "h1", "h2", "h3",
        "h4", "blockquote", "p", "article", "small", "div", "ul", "li", "a", "footer",
    }  # fmt: skip
    assert not any(name.startswith("on") or name == "style" for _, attributes in page.tags for name in attributes)
    assert all((link["href"] or "").startswith(("https://", "?lang=", "#")) for link in page.links())
    assert "<script>alert(1)</script>" in page.text
    assert "49" not in page.text
    assert "\u202e" not in page.text


async def test_links_of_volunteers_are_marked_as_theirs(client: Client, sqlite_database: Database) -> None:
    await add(sqlite_database, Verdict.RUMOR, reply_text="請看 https://a.tw/x")
    rels = {link["href"]: link.get("rel") for link in (await read(client)).links()}
    assert rels["https://a.tw/x"] == "nofollow noopener ugc"
    assert rels["https://www.mohw.gov.tw/x?y=1&z=2"] == "nofollow noopener ugc"


async def test_it_loads_nothing_and_runs_nothing(client: Client, sqlite_database: Database) -> None:
    await add(sqlite_database, Verdict.RUMOR)
    response = await client.get("/articles/article")
    html = await response.text()
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "unsafe" not in policy
    loaded = [value for tag, a in Html(html).tags for name, value in a.items() if name in {"src", "srcset", "data"}]
    assert loaded == []
    assert [a["href"] for tag, a in Html(html).tags if tag == "link" and a["rel"] != "canonical"] == ["data:,"]
    assert "url(" not in html
    assert "@import" not in html
    assert len(html.encode()) < 16_000


async def test_a_reader_who_has_the_page_is_not_sent_it_again(client: Client, sqlite_database: Database) -> None:
    await add(sqlite_database, Verdict.RUMOR)
    first = await client.get("/articles/article")
    again = await client.get("/articles/article", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, await again.read()) == (304, b"")
    other = await client.get(
        "/articles/article", headers={"If-None-Match": first.headers["ETag"], "Accept-Language": "en"}
    )
    assert other.status == 200
    assert "max-age=60" in first.headers["Cache-Control"]


async def test_the_verdict_stands_before_the_message(client: Client, sqlite_database: Database) -> None:
    await add(sqlite_database, Verdict.RUMOR, state=ReplyState.PROVISIONAL, source="chaming")
    page = await read(client)
    assert ("p", {"class": "verdict rumor"}) in page.tags
    before, _, after = page.text.partition("訊息內容")
    assert "含有不實訊息" in before
    assert "初步查核" in before
    assert "含有不實訊息" in after


@pytest.mark.parametrize(
    ("verdicts", "told"), [((), "還沒有人查證"), ((Verdict.RUMOR, Verdict.NOT_RUMOR), "看法不一致")]
)
async def test_where_there_is_no_verdict_that_is_said_before_the_message(
    client: Client, sqlite_database: Database, verdicts: tuple[Verdict, ...], told: str
) -> None:
    await add(sqlite_database, *verdicts)
    page = await read(client)
    before, _, after = page.text.partition("訊息內容")
    assert told in before
    assert told not in after
    assert not any("verdict" in (attributes.get("class") or "") for _, attributes in page.tags)


async def test_replies_that_disagree_stand_side_by_side_under_a_notice(
    client: Client, sqlite_database: Database
) -> None:
    await add(sqlite_database, Verdict.RUMOR, Verdict.NOT_RUMOR, Verdict.OPINIONATED, Verdict.NOT_ARTICLE)
    page = await read(client)
    assert "看法不一致" in page.text
    assert all(load_wordings()["zh_Hant"](look.label) in page.text for look in VERDICTS.values())
    assert not any((link["href"] or "").startswith("https://line.me") for link in page.links())


async def test_a_provisional_reply_says_so(client: Client, sqlite_database: Database) -> None:
    await add(sqlite_database, Verdict.RUMOR, state=ReplyState.PROVISIONAL, source="chaming")
    page = await read(client)
    assert "初步查核" in page.text
    assert "state provisional" in [attributes.get("class") for _, attributes in page.tags]


async def test_a_message_nobody_has_checked_says_so(client: Client, sqlite_database: Database) -> None:
    await add(sqlite_database)
    assert "還沒有人查證" in (await read(client)).text


@pytest.mark.parametrize(("verdicts", "told"), [((), "大家正在等答案"), ((Verdict.RUMOR,), "更好的回覆")])
async def test_whoever_knows_more_is_told_what_they_can_do(
    client: Client, sqlite_database: Database, verdicts: tuple[Verdict, ...], told: str
) -> None:
    await add(sqlite_database, *verdicts)
    page = await read(client)
    assert ("section", {"id": "know-more"}) in page.tags
    assert told in page.text
    assert "https://chaming.example.tw/review/articles/article/write" in [link["href"] for link in page.links()]


async def test_a_withdrawn_reply_leaves_a_note_and_none_of_its_words(client: Client, sqlite_database: Database) -> None:
    await add(sqlite_database, Verdict.RUMOR, state=ReplyState.WITHDRAWN, withdrawn_at=CHECKED_AT)
    page = await read(client)
    assert "有一則回覆已在 2020年3月15日 撤回。" in page.text
    assert "這是謠言。" not in page.text


@pytest.mark.parametrize(
    ("status", "code", "words"), [(Status.BLOCKED, 410, "不公開顯示"), (Status.DELETED, 410, "已經收回")]
)
async def test_what_was_taken_down_is_gone_and_says_why(
    client: Client, sqlite_database: Database, status: Status, code: int, words: str
) -> None:
    await add(sqlite_database, Verdict.RUMOR, status=status)
    response = await client.get("/articles/article")
    page = Html(await response.text())
    assert response.status == code
    assert words in page.text
    assert "喝熱水" not in page.text
    assert ("meta", {"name": "robots", "content": "noindex"}) in page.tags


@pytest.mark.parametrize(
    "path", ["/articles/unknown", "/articles/%3Cscript%3E", "/articles/%00", "/articles/" + "x" * 2000]
)
async def test_an_unknown_address_says_so_in_words(client: Client, path: str) -> None:
    response = await client.get(path)
    assert response.status == 404
    assert "找不到" in (await response.text())


async def test_ids_with_odd_characters_have_pages_too(client: Client, sqlite_database: Database) -> None:
    await add(sqlite_database, Verdict.RUMOR, article_id="-id with/slash")
    response = await client.get("/articles/-id%20with%2Fslash")
    assert response.status == 200
    assert "https://chaming.example.tw/articles/-id%20with%2Fslash" in await response.text()


def test_the_pages_colours_are_the_bubbles_colours() -> None:
    for verdict, look in VERDICTS.items():
        assert f".{CSS_CLASSES[verdict]} h3{{background:{look.colour}}}" in read_style()


async def test_the_page_of_a_merged_article_leads_to_the_other(client: Client, sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        session.add_all([Article(id="one", text="一"), Article(id="two", status=Status.MERGED, merged_into="one")])
    response = await client.get("/articles/two?lang=en", allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (302, "/articles/one?lang=en")


async def test_the_page_says_why_an_answer_is_shown_in_the_consoles_words(
    client: Client, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        await add_answer(session)
        await add_trusted(session, "t1", "t2")
        for rater in ("n1", "t1", "t2"):
            await say(session, rater, HELPFUL)
    text = Html(await (await client.get("/articles/a?lang=en")).text()).text
    assert "3 volunteers rated this answer, 2 of them with a long good record, and 100 % found it helpful" in text
    chinese = await (await client.get("/articles/a?lang=zh_Hant")).text()
    assert "3 位志工評分，其中 2 位長期紀錄良好，100% 認為有幫助：已通過初步查核。" in chinese
    assert "https://chaming.example.tw/review/history/a/r" in chinese
