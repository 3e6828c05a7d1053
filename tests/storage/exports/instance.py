"""An instance with a row or more in every exported table, personal data in every text, and things nobody may see."""

import gzip
import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from storage.bulk import insert_rows
from storage.database import Database
from storage.exports.manifest import Manifest
from storage.exports.release import ExportRequest, make_release
from storage.tables import (
    Article,
    ArticleCategory,
    ArticleDay,
    ArticleReply,
    ArticleReplyFeedback,
    ArticleTheme,
    ArticleType,
    ArticleVariant,
    Asker,
    Category,
    Choice,
    FeedbackReason,
    HashKind,
    Hyperlink,
    MatchDecision,
    MatchOutcome,
    MediaHash,
    Rating,
    Reply,
    ReplyRequest,
    ReplyState,
    ReplyVersion,
    Status,
    Theme,
    ThemeMap,
    Verdict,
    VerificationDecision,
    VerificationOutcome,
    VerificationRule,
)

NOW = datetime(2026, 11, 21, 9, 30, 15, tzinfo=UTC)
THEN = NOW - timedelta(days=3)
SECRET_KEY = "k" * 40

SECRETS = {
    "mobile": "0912-345-678",
    "full-width mobile": "０９１２３４５６７８",
    "landline": "(02)2345-6789",
    "foreign number": "+44 20 7946 0958",
    "e-mail": "wang.xiaoming@example.com",
    "national id": "A123456789",
    "resident certificate": "A800000014",
    "address": "台北市信義區松仁路58巷3號5樓",
    "account": "帳號：012-345678901234",
    "card": "4111 1111 1111 1111",
    "LINE id": "LINE ID：wang_8899",
    "LINE user id": "U0123456789abcdef0123456789abcdef",
    "link to an account": "https://line.me/ti/p/AbCdEf123456",
}
"""Each is in the text of an article, a wording, a reason, a comment and a reply; none may be found in a release."""

NOBODYS = (
    "asker-one",
    "asker-two",
    "volunteer-one",
    "U0123456789abcdef0123456789abcdef",
    "一則被封鎖的訊息",
    "未公開的提案",
    "沒有同意公開的訊息",
)
"""Internal pseudonyms, and texts that were blocked, not decided or not agreed to."""


def with_secrets(text: str) -> str:
    return text + "，".join(f"{name} {secret} 完" for name, secret in SECRETS.items())


async def fill(database: Database) -> None:
    """Put the whole instance into the database."""
    async with database.transaction() as session:
        for rows in _rows():
            await insert_rows(session, list(rows))


def _rows() -> Iterator[list[object]]:  # in the order that foreign keys ask for
    yield [Category(id="c1", title="食品安全", description=with_secrets("食物"), created_at=THEN)]
    yield [
        Article(id="a1", text=with_secrets("喝醋治高血壓 "), contributor="asker-one", app_id="BOT", created_at=THEN),
        Article(id="a2", text="吃香蕉會變聰明", contributor="asker-two", created_at=THEN - timedelta(days=100)),
        Article(id="B-first", text="大寫字母排在前面", source="cofacts", contributor="theirs", created_at=None),
        Article(id="picture", type=ArticleType.IMAGE, text=None, created_at=THEN),
        Article(id="blocked", text="一則被封鎖的訊息", status=Status.BLOCKED, created_at=THEN),
        Article(id="merged", text="吃香蕉", status=Status.MERGED, merged_into="a2", created_at=THEN),
    ]
    yield [
        ArticleVariant(
            id="v1", article_id="a1", text=with_secrets("聽說喝醋 "), contributor="asker-two", created_at=THEN
        ),
        ArticleVariant(id="v2", article_id="a1", text="沒有同意公開的訊息", created_at=THEN, detached_at=NOW),
    ]
    yield [
        Hyperlink(article_id="a1", url="https://example.org/vinegar", normalized_url="example.org/vinegar", title="醋"),
        Hyperlink(article_id="a1", url=SECRETS["link to an account"]),
        Hyperlink(article_id="blocked", url="https://example.org/blocked", title="一則被封鎖的訊息"),
    ]
    yield [ArticleCategory(article_id="a1", category_id="c1", ai_confidence=0.25, ai_model="bert", created_at=THEN)]
    yield [
        Reply(
            id="r1",
            verdict=Verdict.RUMOR,
            text=with_secrets("沒有根據。"),
            reference="https://www.facebook.com/tfc.taiwan",
            contributor="volunteer-one",
            created_at=THEN,
            updated_at=NOW,
        ),
        Reply(id="r2", verdict=Verdict.NOT_RUMOR, text="", source="cofacts", contributor="theirs", created_at=None),
        Reply(id="r3", verdict=Verdict.RUMOR, text="未公開的提案", contributor="volunteer-one", created_at=THEN),
    ]
    yield [
        ReplyVersion(
            reply_id="r1", version=1, verdict=Verdict.OPINIONATED, text=with_secrets("再看看 "), replaced_at=NOW
        )
    ]
    yield [
        ArticleReply(
            article_id="a1",
            reply_id="r1",
            state=ReplyState.VERIFIED,
            contributor="volunteer-one",
            positive_feedback_count=3,
            created_at=THEN,
            published_at=THEN,
        ),
        ArticleReply(
            article_id="a2",
            reply_id="r2",
            state=ReplyState.IMPORTED,
            positive_feedback_count=7,
            source_positive_count=7,
            created_at=None,
        ),
        ArticleReply(article_id="a1", reply_id="r3", state=ReplyState.PROPOSED, created_at=THEN),
    ]
    yield [
        VerificationDecision(
            article_id="a1",
            reply_id="r1",
            rule=VerificationRule.YOUNG,
            inputs={"ratings": 2},
            outcome=outcome,
            decided_at=THEN,
            actor="volunteer-one",
        )
        for outcome in (VerificationOutcome.HELD, VerificationOutcome.PROVISIONAL)
    ]
    yield [Rating(article_id="a1", reply_id="r1", rater="volunteer-one", score=0.5, reasons=["clear"], created_at=THEN)]
    yield [
        ReplyRequest(
            article_id="a1", contributor="asker-one", reason=with_secrets("想知道 "), app_id="BOT", created_at=THEN
        ),
        ReplyRequest(article_id="a1", contributor=None, source="cofacts", created_at=THEN),
        ReplyRequest(article_id="a1", contributor=None, source="cofacts", created_at=THEN),
        ReplyRequest(article_id="a2", contributor="asker-one", created_at=THEN - timedelta(days=100)),
    ]
    yield [
        ArticleReplyFeedback(
            article_id="a1",
            reply_id="r1",
            score=-1,
            comment=with_secrets("看不懂 "),
            reason=FeedbackReason.UNCLEAR,
            contributor="asker-two",
            created_at=THEN,
        ),
    ]
    offered = [
        {"article_id": "a1", "probability": 0.875, "band": "answer", "signals": {"dense": 0.93, "lexical": 0.5}},
        {"article_id": "a2", "probability": 0.1, "band": "candidate", "signals": {}, "contradicted": True},
    ]
    yield [
        MatchDecision(
            id="m1",
            asker_id="asker-one",
            key_hash="keyed",
            text="沒有同意公開的訊息",
            outcome=MatchOutcome.CANDIDATES,
            model_id="e5@1",
            top_probability=0.875,
            offered=offered,
            choice=Choice.NONE,
            chosen_at=THEN,
            created_at=THEN,
        ),
        MatchDecision(id="m2", outcome=MatchOutcome.NO_MATCH, model_id="e5@1", offered=[], created_at=THEN),
    ]
    yield [ArticleDay(article_id="a1", day=date(2026, 11, 1), people=21, messages=30)]
    yield [MediaHash(article_id="picture", kind=HashKind.PICTURE, value=bytes(range(32)), created_at=THEN)]
    yield [ThemeMap(id=1, model_id="e5@1", articles=2, is_complete=True, made_at=THEN)]
    yield [Theme(map_id=1, number=0, words=["喝醋", "血壓"])]
    yield [
        ArticleTheme(map_id=1, article_id="a1", number=0, x=0.5, y=-1.25),
        ArticleTheme(map_id=1, article_id="a2", number=None, x=0.25, y=2.0),
        ArticleTheme(map_id=1, article_id="blocked", number=0, x=0.0, y=0.0),
    ]
    yield [Asker(id="asker-one", line_user_id=SECRETS["LINE user id"], created_at=THEN)]


def request(root: Path, **fields: object) -> ExportRequest:
    defaults = {
        "root": root,
        "instance": "a.example",
        "secret_key": SECRET_KEY,
        "licence": "CC-BY-SA-4.0",
        "attribution": "A example and its volunteers",
    }
    return ExportRequest(**(defaults | fields))  # type: ignore[arg-type]


async def release(database: Database, root: Path, now: datetime = NOW, **fields: object) -> Manifest:
    made = await make_release(database, request(root, **fields), now)
    assert made is not None
    return made


def every_content(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of a release as it is, and unpacked where it is packed: zips, gzip, Parquet's columns."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        yield str(path), content
        if path.suffix == ".zip":
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                yield from ((f"{path}!{name}", archive.read(name)) for name in archive.namelist())
        elif path.suffix == ".gz":
            yield f"{path}!", gzip.decompress(content)
        elif path.suffix == ".parquet":
            import pyarrow.parquet as pq

            table = pq.read_table(path)
            yield f"{path}!", (repr(table.to_pylist()) + repr(table.schema.metadata)).encode()
