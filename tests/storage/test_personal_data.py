"""What may tell who somebody is: found in the forms people write it, by checksum where there is one."""

import itertools
import json
import random
import re
import time

import pytest

from scripts.bench.personal_data import HERE, SAMPLE, count
from scripts.bench.quality.sample import load_sample
from storage.personal_data import MASK, Finding, Kind, detectors, find_personal_data, mask


def found(text: str) -> list[tuple[Kind, str]]:
    return [(one.kind, text[one.start : one.end]) for one in find_personal_data(text)]


@pytest.mark.parametrize(
    ("text", "kind", "part"),
    [
        ("請打0912345678找我", Kind.PHONE, "0912345678"),
        ("０９１２－３４５－６７８", Kind.PHONE, "０９１２－３４５－６７８"),
        ("+886 912 345 678", Kind.PHONE, "+886 912 345 678"),
        ("電話(02)2345-6789#12", Kind.PHONE, "(02)2345-6789#12"),
        ("049-2345678", Kind.PHONE, "049-2345678"),
        ("電話：2345-6789", Kind.PHONE, "2345-6789"),
        ("電話 2345-6789 02.2345.6789", Kind.PHONE, "02.2345.6789"),
        ("零九一二三四五六七八", Kind.PHONE, "零九一二三四五六七八"),
        ("零9一二三四五六七八", Kind.PHONE, "零9一二三四五六七八"),
        ("〇9一二三四五六七八", Kind.PHONE, "〇9一二三四五六七八"),
        ("0 九一二三四五六七八", Kind.PHONE, "0 九一二三四五六七八"),
        ("09一二345六七八", Kind.PHONE, "09一二345六七八"),
        ("0️⃣9️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣", Kind.PHONE, "0️⃣9️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8"),
        ("mary(at)example.com", Kind.EMAIL, "mary(at)example.com"),
        ("mary [at] example [dot] com", Kind.EMAIL, "mary [at] example [dot] com"),
        ("寄到 mary.chen@example.com.tw。", Kind.EMAIL, "mary.chen@example.com.tw"),
        ("A123456789", Kind.NATIONAL_ID, "A123456789"),
        ("a123456789", Kind.NATIONAL_ID, "a123456789"),
        ("A1-2345-6789", Kind.NATIONAL_ID, "A1-2345-6789"),
        ("A 123456789", Kind.NATIONAL_ID, "A 123456789"),
        ("身分證字號A123456788", Kind.NATIONAL_ID, "A123456788"),
        ("A800000014", Kind.ARC_ID, "A800000014"),
        ("AC01234567", Kind.ARC_ID, "AC01234567"),
        ("帳號 1234-5678-9012", Kind.BANK_ACCOUNT, "1234-5678-9012"),
        ("捐款請匯(822)123456789012", Kind.BANK_ACCOUNT, "(822)123456789012"),
        ("卡號4111 1111 1111 1111", Kind.CARD, "4111 1111 1111 1111"),
        ("加賴abc1234領取", Kind.LINE_ID, "abc1234"),
        ("加我LINE shop88x", Kind.LINE_ID, "shop88x"),
        ("賴ID shop88x", Kind.LINE_ID, "shop88x"),
        ("微信號 shop88x", Kind.LINE_ID, "shop88x"),
        ("LINE ID：@shop88x", Kind.LINE_ID, "@shop88x"),
        ("住台北市大安區忠孝東路三段12巷5號4樓", Kind.ADDRESS, "台北市大安區忠孝東路三段12巷5號4樓"),
        ("聽王小明醫師說的", Kind.NAME, "王小明"),
        ("陳小姐您好", Kind.NAME, "陳"),
        ("聯絡人：歐陽菲菲", Kind.NAME, "歐陽菲菲"),
        ("我是林志明", Kind.NAME, "林志明"),
        ("王○明住院了", Kind.NAME, "王○明"),
        ("記者孫建國／台北報導", Kind.NAME, "孫建國"),
        ("我同學王罔市昨天看到", Kind.NAME, "王罔市"),
        ("陳○國住院了", Kind.NAME, "陳○國"),
        ("張李美華 說", Kind.NAME, "張李美華"),
        ("听刘伟明医生说", Kind.NAME, "刘伟明"),
        ("Dr. John Smith", Kind.NAME, "John Smith"),
        ("https://line.me/ti/p/~mary99", Kind.URL_WITH_ACCOUNT, "https://line.me/ti/p/~mary99"),
        ("請點line.me/ti/p/~mary99", Kind.URL_WITH_ACCOUNT, "line.me/ti/p/~mary99"),
        ("或 t.me/mary_99。", Kind.URL_WITH_ACCOUNT, "t.me/mary_99"),
        ("https://app.example.com/twn?raf=JPZbGg", Kind.URL_WITH_ACCOUNT, "https://app.example.com/twn?raf=JPZbGg"),
        ("https://www.facebook.com/mary.chen", Kind.URL_WITH_ACCOUNT, "https://www.facebook.com/mary.chen"),
    ],
)
def test_it_finds(text: str, kind: Kind, part: str) -> None:
    assert (kind, part) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "A123456788",  # wrong check digit, and nothing says what it is
        "B1 0800-1234",  # a floor and a number whose check digit fits
        "4111 1111 1111 1112",
        "2020-03-14 20:30",
        "3.5%的人在1999年",
        "http://www.cna.com.tw/news/asoc/201803180097-1.aspx",
        "https://www.facebook.com/setnews/videos/1751705681580679/",
        "韓國的高鐵和花蓮的溫水",
        "林務局證實",
        "黃金成長",
        "馬公市表示",
        "韩国的黄金和温水",
        "https://example.com/news?ref=share",
        "喝熱水可以殺死病毒，請轉發給家人！",
    ],
)
def test_it_leaves_alone(text: str) -> None:
    assert found(text) == []


def test_it_finds_no_two_things_in_one_place() -> None:
    text = "王小明先生，電話0912345678，帳號0912345678901，住中山路12號，信箱a@b.tw"
    spans = [(one.start, one.end) for one in find_personal_data(text)]
    assert spans == sorted(spans)
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))


def test_it_masks_what_was_found_and_nothing_else() -> None:
    text = "請打０９１２３４５６７８找王小明先生"
    assert mask(text, find_personal_data(text)) == f"請打{MASK}找{MASK}先生"
    assert mask(text, []) == text
    assert mask("abc", [Finding(0, 2, Kind.NAME), Finding(1, 2, Kind.PHONE)]) == f"{MASK}c"


@pytest.mark.parametrize(
    "numbers",
    [
        *("2345-6789 2345-6790", "2345-6789 0912", "1922-1234-5678", "2345-6789、2345-6790", "234-5678或234-5679"),
        *(
            "2345 6789 2345 6790 2345 6791",
            "1234-567 1234-568",
            "2345-6789 02.2345.6789",
            "2345-6789 4111 1111 1111 1111",
        ),
    ],
)
def test_it_leaves_no_digit_of_a_run_of_numbers(numbers: str) -> None:
    text = f"電話：{numbers}"
    assert not re.search(r"\d", mask(text, find_personal_data(text)))


def test_a_first_look_passes_over_nothing_that_the_patterns_would_find(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(20)
    messages = list(load_sample(SAMPLE).messages.values())
    texts = [*messages, *(spoil(chance.choice(messages), chance) for _ in range(1_500))]
    quick = [find_personal_data(text) for text in texts]
    for first_look in ("_ENOUGH_DIGITS", "_HANDLE", "_HOUSE_NUMBER", "_SPELT_START"):
        monkeypatch.setattr(detectors, first_look, re.compile(""))
    assert quick == [find_personal_data(text) for text in texts]
    assert len({one.kind for found in quick for one in found}) >= 9  # the made ones hold nearly every kind


def test_without_names_it_finds_all_else_the_same() -> None:
    text = "王小明先生，電話0912345678，住台北市中山路12號，信箱a@b.tw"
    assert find_personal_data(text, names=False) == [one for one in find_personal_data(text) if one.kind != Kind.NAME]


DETAILS = (
    *("0912-345-678", "０９１２３４５６７８", "(02)2345-6789#12", "電話：2345-6789", "+44 20 7946 0958", "049-2345678"),
    *("a.b@example.com", "A123456789", "A800000014", "身分證A12345678", "帳號 1234 - 5678 9012", "822-123456789012"),
    *("4111 1111 1111 1111", "加賴 abc1234", "ID:wang_88", "LINE ID：＠shop88", "我的line abc1234", "2021/1/11"),
    *("住台北市松仁路58巷3號", "忠孝東路三段十二巷", "https://line.me/ti/p/~mary99", "王小明先生"),
    *("零9一二三四五六七八", "電話2345-6789 2345-6790"),
)


def spoil(message: str, chance: random.Random) -> str:
    """The message with a detail or two in it, some of them not quite right."""
    place = chance.randrange(len(message) + 1)
    details = chance.choices(DETAILS, k=chance.randrange(1, 4))
    for at, detail in enumerate(details):
        if chance.random() < 0.4:
            cut = chance.randrange(len(detail))
            details[at] = detail[:cut] + chance.choice("0129 -.A@:號○（　") + detail[cut + 1 :]
    return message[:place] + chance.choice(["", "，", " ", "\n"]).join(details) + message[place:]


HOSTILE = (
    *("1-" * 7_000, "一" * 14_000, "中" * 7_000 + "路" * 7_000, "王" * 14_000, "0九" * 7_000),
    *("電話2345-6789" + " 1" * 7_000, "電話2345-6789" + "、2345-6789" * 1_400, "電話1234567" * 1_400, "A1 " * 4_600),
)


@pytest.mark.parametrize("text", HOSTILE)
def test_it_takes_no_longer_for_hostile_texts(text: str) -> None:
    started = time.process_time()
    find_personal_data(text)
    assert time.process_time() - started < 1.0


def test_it_does_on_the_labelled_messages_what_the_readme_says() -> None:
    texts = load_sample(SAMPLE).messages
    lines = (HERE / "personal_data_labels.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    counts = count(
        [(texts[row["article_id"]], [Finding(a, b, Kind(k)) for a, b, k in row["findings"]]) for row in rows]
    )
    assert len(rows) == 200
    assert counts.recall >= 0.8
    assert counts.precision >= 0.9
