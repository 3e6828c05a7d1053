import random
import threading

import numpy as np
import pytest

from retrieval import lexical
from retrieval.lexical import LexicalIndex
from retrieval.lexical_terms import lexical_terms, many_lexical_terms

TEXTS = {
    0: "喝溫檸檬水可以治好癌症",
    1: "颱風天台電今晚八點全台停電",
    2: "吃隔夜菜會中毒",
    3: "drinking bleach cures the coronavirus",
    4: "癌症病人不可以喝檸檬水",
}


@pytest.fixture
def index() -> LexicalIndex:
    made = LexicalIndex()
    made.replace(list(TEXTS), list(TEXTS.values()))
    return made


def found(index: LexicalIndex, key: str, k: int = 10) -> list[int]:
    return [slot for slot, _ in index.search(key, k)]


def random_texts(n: int) -> list[str]:
    characters = random.Random(0)
    return ["".join(chr(0x4E00 + characters.randrange(300)) for _ in range(30)) for _ in range(n)]


def test_it_puts_what_shares_most_first(index: LexicalIndex) -> None:
    assert found(index, "溫檸檬水治癌症") == [0, 4]
    assert found(index, "颱風天會停電嗎")[0] == 1
    assert found(index, "cures corona")[0] == 3


def test_it_finds_nothing_where_nothing_is_shared(index: LexicalIndex) -> None:
    assert found(index, "微信") == []
    assert found(index, "") == []
    assert LexicalIndex().search("微信", 5) == []


def test_it_returns_at_most_k(index: LexicalIndex) -> None:
    assert found(index, "檸檬水", 1) == found(index, "檸檬水", 5)[:1]


def test_a_change_is_seen_by_the_next_search(index: LexicalIndex) -> None:
    index.replace([9], ["手機放枕頭邊會得腦瘤"])
    assert found(index, "手機腦瘤") == [9]

    index.replace([9], ["疫苗裡有晶片"])
    assert found(index, "手機腦瘤") == []
    assert found(index, "晶片") == [9]

    index.remove([9, 77])
    assert found(index, "晶片") == []
    assert len(index) == len(TEXTS)


def test_asking_changes_nothing(index: LexicalIndex) -> None:
    first = index.search("檸檬水癌症", 5)
    index.search("颱風天停電", 5)
    assert index.search("檸檬水癌症", 5) == first


def test_a_removed_text_that_comes_back_is_found(index: LexicalIndex) -> None:
    index.remove([2])
    assert found(index, "隔夜菜") == []
    index.replace([2], [TEXTS[2]])
    assert found(index, "隔夜菜") == [2]
    index.settle(fully=True)
    assert found(index, "隔夜菜") == [2]


def test_what_is_deferred_is_found_after_settling(index: LexicalIndex) -> None:
    index.replace([9], ["疫苗裡有晶片"], defer=True)
    assert found(index, "晶片") == []
    index.settle()
    assert found(index, "晶片") == [9]


@pytest.mark.slow
def test_it_finds_the_same_however_it_was_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = random_texts(600)
    whole, grown = LexicalIndex(), LexicalIndex()
    whole.replace(range(600), texts, defer=True)
    whole.settle()
    monkeypatch.setattr(lexical, "MIN_DELTA", 100)
    for slot, text in enumerate(texts):
        grown.replace([slot], ["轉"])
        grown.replace([slot], [text])
        grown.settle()

    for query in texts[:20]:
        key = query[:12]
        assert grown.search(key, 10) == whole.search(key, 10)


def test_it_is_the_same_after_dump_and_load(index: LexicalIndex) -> None:
    index.remove([1])
    again = LexicalIndex.from_dump(index.dump())
    again.replace([9], ["疫苗裡有晶片"])

    assert len(again) == len(TEXTS)
    assert again.search("溫檸檬水治癌症", 5)[0][0] == 0
    assert found(again, "颱風天停電") == []
    assert found(again, "晶片") == [9]


def test_a_dump_holds_nothing_of_what_was_removed(index: LexicalIndex) -> None:
    index.remove([3])
    dump = index.dump()

    assert np.isin(lexical_terms(TEXTS[3]), dump["terms"]).sum() == 0
    assert 3 not in dump["base_slots"]


def test_a_short_claim_is_found_inside_a_long_message() -> None:
    index = LexicalIndex()
    texts = random_texts(300)
    index.replace(range(300), texts)

    assert found(index, "".join(texts[5:9]) + texts[200][:15] + "".join(texts[9:13]), 9)[:8] != []
    assert 200 in found(index, texts[3] + texts[200][4:20] + texts[4], 3)


@pytest.mark.slow
def test_others_may_search_while_it_changes() -> None:
    index = LexicalIndex()
    texts = random_texts(300)
    index.replace(range(300), texts)
    stop, problems = threading.Event(), []

    def search() -> None:
        while not stop.is_set():
            try:
                assert found(index, texts[7], 3)[0] == 7
            except Exception as error:
                problems.append(error)

    readers = [threading.Thread(target=search) for _ in range(2)]
    for reader in readers:
        reader.start()
    for slot in range(300, 600):
        index.replace([slot], [texts[slot - 300][::-1]])
        index.remove([slot - 1] if slot > 300 else [])
        index.settle(fully=slot % 50 == 0)
    stop.set()
    for reader in readers:
        reader.join()
    assert not problems


@pytest.mark.parametrize(
    ("one", "other"),
    [("中文", "文中"), ("abcd", "abce"), ("a", "b"), ("5g", "5"), ("กิน", "กน"), ("👍", "🔴"), ("2021", "2022")],
)
def test_different_keys_have_different_terms(one: str, other: str) -> None:
    assert set(lexical_terms(one)).isdisjoint(lexical_terms(other))


def test_terms_are_those_of_the_runs_a_key_consists_of() -> None:
    assert len(lexical_terms("中文字")) == 2
    assert len(lexical_terms("abcdef")) == 3
    # 用5, g手 and 手機, and the run 5g itself
    assert len(lexical_terms("用5g手機")) == 4
    assert set(lexical_terms("5g")) <= set(lexical_terms("用5g手機"))


def test_many_keys_have_the_terms_each_has_alone() -> None:
    keys = ["", "中", "a", "中文字", "hello world", "5g", "", "查明中"]

    assert [list(terms) for terms in many_lexical_terms(keys)] == [list(lexical_terms(key)) for key in keys]
    assert many_lexical_terms([]) == []
