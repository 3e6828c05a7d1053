"""Draw the sample that ships with chaming from a folder of Cofacts' open data.

`python -m scripts.sample.draw DIR` writes the files beside this module. The same folder always gives the same bytes:
articles are taken in the order of their ids' hashes, which is as good as chance and never changes.
"""

import csv
import hashlib
import io
import re
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.cofacts.files import Record, find_file, open_records

HERE = Path(__file__).parent
ANSWERED, STOCK, UNANSWERED = 480, 30, 90
"""Articles with a substantive reply, with nothing but "this is no claim", and without any reply."""

MIN_TEXT, MAX_TEXT, MAX_REPLY = 20, 900, 1_500
"""Characters: of a message without its links, of a whole message, and of a reply."""

MAX_REQUESTS = 5
"""Requests kept of one article."""

SUBSTANTIVE = {"RUMOR", "NOT_RUMOR", "OPINIONATED"}
PRIVATE_CATEGORIES = ("轉發協尋、捐款捐贈", "政治、政黨")
"""Missing people, bank accounts, and who is said to have said what: full of names."""

LINK = re.compile(r"https?://\S+")
PERSONAL = re.compile(
    r"""\d[\d\s()-]{6,}\d | [A-Z][12]\d{8} | [\w.+-]+@[\w-]+\.\w  # telephone, account, identity card, e-mail
    | ^\s*\d{1,2}:\d\d\s | ^\d{4}[./]\d\d[./]\d\d               # a copied chat: who said what, and when
    | 先生 | 小姐 | 女士 | 太太 | 同學 | 同事 | 網友 | 教授 | 博士 | 主任 | 院長 | 老師 | 師兄 | 師姐
    | 立委 | 議員 | 市長 | 縣長 | 總統 | 部長 | 局長 | 主席 | 民進黨 | 國民黨
    | 蔡英文 | 韓國瑜 | 賴清德 | 柯文哲 | 柯P | 馬英九 | 蘇貞昌 | 陳水扁 | 陳菊
    | 律師 | 船長 | 夫人 | 明星 | 直播 | 董事長 | 老董 | 校長 | 作者 | 漢奸 | 邀請碼 | 獎助
    | 嫌犯 | 罪犯 | 犯人 | 兇手 | 死刑 | 槍 | 性奴 | 強暴 | 墜樓 | 輕生
    | [王李張劉陳楊黃趙周吳徐孫朱馬胡郭林何高鄭羅宋謝唐韓許鄧蕭曾程蔡彭潘董余蘇葉呂魏蔣沈范江傅鍾盧戴廖姚方邱譚洪莊連顧]
      [\u4e00-\u9fff]{1,2}(?:醫師|醫生|表示|指出|說|透露|爆料)
    | 協尋 | 尋人 | 失蹤 | 走失 | 車禍 | 罹難 | 往生 | 過世 | 帳戶 | 帳號 | 匯款 | 身分證 | 手機號碼 | 電話""",
    re.VERBOSE | re.MULTILINE,
)
"""Signs that a message may name or point to a private person. Many harmless ones are left out with them."""

LEFT_OUT = {"p8akcrl82kz6", "puooebg0ns8d", "3bqon8mkt5qpm", "2szg99hrw3eu4", "8dl0sjykquqo", "26h8605t1ejkd"}
"""Messages that passed all that, and on reading were about a particular person all the same."""

REFUSED_IN_REPLIES = re.compile(r"\d[\d\s()-]{8,}\d|[\w.+-]+@[\w-]+\.\w|民進黨|國民黨")

Row = Mapping[str, str]


@dataclass(frozen=True)
class OpenData:
    """The files the sample is drawn from, in memory: the source is a sample itself."""

    articles: Sequence[Row]
    replies: Mapping[str, Row]
    links: Mapping[str, Sequence[Row]]
    hyperlinks: Mapping[str, Sequence[Row]]
    article_categories: Mapping[str, Sequence[Row]]
    categories: Sequence[Row]
    requests: Mapping[str, Sequence[Row]]


def read_open_data(folder: Path) -> OpenData:
    return OpenData(
        articles=_read(folder, "articles"),
        replies={row["id"]: row for row in _read(folder, "replies")},
        links=_by_article(row for row in _read(folder, "article_replies") if row["status"] == "NORMAL"),
        hyperlinks=_by_article(_read(folder, "article_hyperlinks")),
        article_categories=_by_article(_read(folder, "article_categories")),
        categories=_read(folder, "categories"),
        requests=_by_article(_read(folder, "reply_requests")),
    )


def choose_articles(data: OpenData) -> list[Row]:
    """Conflicting verdicts first, since they are few, then so many of each kind; in the order of the file."""
    suitable = sorted((row for row in data.articles if _is_suitable(data, row)), key=lambda row: _rank(row["id"]))
    verdicts = {
        row["id"]: {data.replies[link["replyId"]]["type"] for link in data.links[row["id"]]} for row in suitable
    }
    answered = [row for row in suitable if verdicts[row["id"]] & SUBSTANTIVE]
    answered.sort(key=lambda row: len(verdicts[row["id"]]) < 2)
    stock = [row for row in suitable if verdicts[row["id"]] == {"NOT_ARTICLE"}]
    unanswered = [row for row in suitable if not verdicts[row["id"]]]
    chosen = {row["id"] for row in (*answered[:ANSWERED], *stock[:STOCK], *unanswered[:UNANSWERED])}
    return [row for row in data.articles if row["id"] in chosen]


def draw(data: OpenData) -> dict[str, list[Row]]:
    """The rows of each file of the sample."""
    articles = choose_articles(data)
    ids = [row["id"] for row in articles]
    links = [link for id_ in ids for link in data.links[id_]]
    used = {link["replyId"] for link in links}
    return {
        "articles": articles,
        "article_replies": links,
        "replies": [row for id_, row in data.replies.items() if id_ in used],
        "article_hyperlinks": [row for id_ in ids for row in data.hyperlinks[id_] if not PERSONAL.search(row["title"])],
        "article_categories": [row for id_ in ids for row in data.article_categories[id_]],
        "categories": list(data.categories),
        # What people wrote when they asked was meant for the volunteers who read it then.
        "reply_requests": [{**row, "reason": ""} for id_ in ids for row in data.requests[id_][:MAX_REQUESTS]],
    }


def write_sample(files: Mapping[str, Sequence[Row]], folder: Path) -> None:
    for stem, rows in files.items():
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        entry = zipfile.ZipInfo(f"{stem}.csv")  # dated 1980, so that the same rows give the same bytes
        entry.compress_type = zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(folder / f"{stem}.csv.zip", "w") as archive:
            archive.writestr(entry, text.getvalue().encode(), compresslevel=9)


def _is_suitable(data: OpenData, article: Row) -> bool:
    """Readable, not too long, and without a sign of a private person, in the message and in what answers it."""
    text, links = article["text"], data.links[article["id"]]
    replies = [data.replies.get(link["replyId"]) for link in links]
    titles = {row["id"]: row["title"] for row in data.categories}
    categories = {titles.get(row["categoryId"]) for row in data.article_categories[article["id"]]}
    return (
        article["status"] == "NORMAL"
        and article["id"] not in LEFT_OUT
        and len(LINK.sub("", text).strip()) >= MIN_TEXT
        and len(text) <= MAX_TEXT
        and not PERSONAL.search(LINK.sub("", text))
        and categories.isdisjoint(PRIVATE_CATEGORIES)
        and all(reply is not None and _is_suitable_reply(reply) for reply in replies)
    )


def _is_suitable_reply(reply: Row) -> bool:
    texts = LINK.sub("", reply["text"]) + "\n" + LINK.sub("", reply["reference"])
    return len(reply["text"]) <= MAX_REPLY and not re.search(
        r"\d[\d\s()-]{8,}\d|[\w.+-]+@[\w-]+\.\w|民進黨|國民黨", texts
    )


def _rank(article_id: str) -> str:
    return hashlib.sha256(article_id.encode()).hexdigest()


def _read(folder: Path, stem: str) -> list[Row]:
    path = find_file(folder, stem)
    if path is None:
        sys.exit(f"{folder} holds no {stem}.csv or {stem}.csv.zip")
    with open_records(path, ()) as records:
        return [record.fields for record in records if isinstance(record, Record)]


def _by_article(rows: Iterable[Row]) -> Mapping[str, Sequence[Row]]:
    grouped: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["articleId"]].append(row)
    return grouped


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m scripts.sample.draw DIR")
    write_sample(draw(read_open_data(Path(sys.argv[1]))), HERE)
