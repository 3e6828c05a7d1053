"""How much of what may tell who somebody is `storage.personal_data` finds: `python -m scripts.bench.personal_data`.

Two measures. 200 messages of the shipped sample, drawn by the hash of their ids, were read and labelled by hand
(`personal_data_labels.jsonl`: article id and spans). The sample was cleared of private people before it came here, so
what is left in it are public figures; the second measure puts made-up details, in the forms people write them, into the
same 200 messages, two into each.
"""

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.bench.quality.sample import load_sample
from storage.personal_data import Finding, Kind, find_personal_data
from storage.personal_data.checksums import LETTERS, is_card, is_national_id

HERE = Path(__file__).parent
SAMPLE = HERE.parent / "sample"
SURNAMES = "陳林黃張李王吳劉蔡楊許鄭謝洪郭邱曾廖賴徐周葉蘇莊呂江何蕭羅高潘簡朱鍾彭游詹胡施沈余盧梁趙顏柯翁魏孫戴"
GIVEN = [
    "雅婷",
    "志明",
    "淑芬",
    "俊宏",
    "怡君",
    "建國",
    "美玲",
    "家豪",
    "秀英",
    "宗翰",
    "佩珊",
    "冠廷",
    "麗華",
    "柏翰",
    "阿嬌",
    "品妤",
    "大同",
    "若曦",
    "添丁",
    "罔市",
    "子軒",
]
ROADS = [
    "中山路",
    "民生東路三段",
    "忠孝街",
    "大同路二段",
    "成功一路",
    "文化三路一段",
    "中正北路",
    "復興街",
    "永和路",
    "建國南路一段",
]
TOWNS = [
    "台北市大安區",
    "新北市板橋區",
    "桃園市中壢區",
    "臺中市西屯區",
    "高雄市苓雅區",
    "彰化縣員林鎮",
    "南投縣埔里鎮",
    "三重區",
    "鳳山區",
    "台南市",
]


@dataclass(frozen=True, slots=True)
class Counts:
    """Of labelled spans and of findings: how many met one of the other kind."""

    labelled: int
    found: int
    alarms: int
    right_alarms: int

    @property
    def recall(self) -> float:
        return self.found / self.labelled if self.labelled else 1.0

    @property
    def precision(self) -> float:
        return self.right_alarms / self.alarms if self.alarms else 1.0


def main() -> None:
    texts = load_sample(SAMPLE).messages
    rows = [json.loads(line) for line in (HERE / "personal_data_labels.jsonl").read_text("utf-8").splitlines()]
    labelled = [(texts[row["article_id"]], [Finding(a, b, Kind(k)) for a, b, k in row["findings"]]) for row in rows]
    print(f"{len(labelled)} messages read by eye")
    _report(count(labelled))
    chance = random.Random(7)
    made = [plant(chance, text) for text, _ in labelled for _ in range(2)]
    print(f"{len(made)} made-up details in the same messages")
    for kind in Kind:
        of_kind = [(text, [truth]) for text, truth in made if truth.kind == kind]
        if of_kind:
            print(f"  {kind.value}: found {count(of_kind).found} of {len(of_kind)}")
    total = count([(text, [truth]) for text, truth in made])
    print(f"  all: found {total.found} of {total.labelled}, recall {total.recall:.3f}")


def count(labelled: Sequence[tuple[str, Sequence[Finding]]]) -> Counts:
    """Compare; a label is found when a finding covers at least half of it, so that masking hides who it is."""
    totals: Counter[str] = Counter()
    for text, truth in labelled:
        alarms = find_personal_data(text)
        totals["labelled"] += len(truth)
        totals["found"] += sum(any(_covers(alarm, one) for alarm in alarms) for one in truth)
        totals["alarms"] += len(alarms)
        totals["right"] += sum(any(_covers(alarm, one) for one in truth) for alarm in alarms)
    return Counts(totals["labelled"], totals["found"], totals["alarms"], totals["right"])


def plant(chance: random.Random, text: str) -> tuple[str, Finding]:
    """The message with one made-up detail in a line of its own, and where it stands."""
    kind, before, detail, after = chance.choice(list(make_details(chance)))
    lines = text.split("\n")
    place = chance.randint(0, len(lines))
    head = "\n".join(lines[:place]) + ("\n" if place else "")
    tail = ("\n" if lines[place:] else "") + "\n".join(lines[place:])
    start = len(head) + len(before)
    return head + before + detail + after + tail, Finding(start, start + len(detail), kind)


def make_details(chance: random.Random) -> Iterator[tuple[Kind, str, str, str]]:
    """One of each form: what it is, what stands before it, itself, and what follows."""

    def digits(n: int) -> str:
        return "".join(chance.choices("0123456789", k=n))

    name = chance.choice(SURNAMES) + chance.choice(GIVEN)
    mobile = "09" + digits(8)
    yield Kind.PHONE, "請洽", mobile, "謝謝"
    yield Kind.PHONE, "電話：", f"{mobile[:4]}-{mobile[4:7]}-{mobile[7:]}", ""
    yield Kind.PHONE, "我的手機 ", f"{mobile[:4]} {mobile[4:]}", "，24小時"
    yield Kind.PHONE, "Tel ", f"+886-{mobile[1:4]}-{mobile[4:]}", ""
    yield Kind.PHONE, "訂購專線(", f"02)2{digits(3)}-{digits(4)}", ""
    yield Kind.PHONE, "市話", f"04-2{digits(3)}{digits(4)}", " 找店長"
    yield Kind.PHONE, "電話", f"０４９－２{digits(6)}", "分機3"
    yield Kind.PHONE, "聯絡電話: ", f"2{digits(3)}-{digits(4)}", ""
    letter, rest = chance.choice("".join(LETTERS)), chance.choice("12") + digits(7)
    ids = [letter + rest + last for last in "0123456789" if is_national_id(letter + rest + last)]
    yield Kind.NATIONAL_ID, "身分證", ids[0], "請查收"
    yield Kind.NATIONAL_ID, "本人 ", ids[0].lower(), " 同意"
    yield Kind.EMAIL, "寄到", f"user{digits(3)}@example.com.tw", "即可"
    yield Kind.BANK_ACCOUNT, "匯款帳號：", f"{digits(4)}-{digits(4)}-{digits(4)}", ""
    yield Kind.BANK_ACCOUNT, "捐款請匯 ", f"(822){digits(12)}", ""
    yield Kind.BANK_ACCOUNT, "郵局700 帳號", f"{digits(7)}-{digits(7)}", " 戶名同上"
    card = "4" + digits(14)
    full = next(card + last for last in "0123456789" if is_card(card + last))
    yield Kind.CARD, "卡號", " ".join(full[i : i + 4] for i in range(0, 16, 4)), "被盜刷"
    yield Kind.LINE_ID, "加賴", f"abc{digits(4)}", "領取"
    yield Kind.LINE_ID, "LINE ID：", f"@{chance.choice('qwerty')}{digits(3)}xyz", ""
    yield Kind.LINE_ID, "我的line: ", f"mary_{digits(3)}", ""
    road, town = chance.choice(ROADS), chance.choice(TOWNS)
    number = chance.randint(1, 400)
    yield Kind.ADDRESS, "地址：", f"{town}{road}{number}號", ""
    yield Kind.ADDRESS, "就在", f"{road}{number % 90 + 1}巷{number}號{number % 12 + 1}樓", "旁邊"
    yield Kind.ADDRESS, "住", f"{town}{road}{number % 90 + 1}巷5弄12之{number % 9 + 1}號", "的人家"
    yield Kind.NAME, "聽", name, "醫師說的"
    yield Kind.NAME, "聯絡人", name, ""
    yield Kind.NAME, "", name[0], "小姐您好"
    yield Kind.NAME, "大家好，我是", name, "，請幫忙轉傳"
    yield Kind.NAME, "記者", name, "／台北報導"
    yield Kind.NAME, "請找", name, f" {mobile}"
    yield Kind.NAME, "我同學", name, "昨天親眼看到"
    yield Kind.NAME, "", f"{name[0]}○{name[-1]}", "住院了"
    yield Kind.URL_WITH_ACCOUNT, "", f"https://line.me/ti/p/~user{digits(4)}", ""
    yield Kind.URL_WITH_ACCOUNT, "臉書 ", f"https://www.facebook.com/mary.{digits(4)}", ""


def _covers(alarm: Finding, truth: Finding) -> bool:
    common = min(alarm.end, truth.end) - max(alarm.start, truth.start)
    return 2 * common >= truth.end - truth.start


def _report(counts: Counts) -> None:
    print(f"  labelled {counts.labelled}, found {counts.found}, recall {counts.recall:.3f}")
    print(f"  alarms {counts.alarms}, right {counts.right_alarms}, precision {counts.precision:.3f}")


if __name__ == "__main__":
    main()
