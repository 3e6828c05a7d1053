import threading
import time
from pathlib import Path

import numpy as np
import pytest

from retrieval import index as index_module
from retrieval.index import MatchingIndex
from retrieval.normalise import key_hash, matching_key
from retrieval.snapshot import SnapshotCorruptError, SnapshotModelError
from retrieval.types import Entry, EntryKind
from retrieval.urls import canonical_urls
from tests.retrieval.made import DIMENSION, HashEncoder, make_entry

LEMON, BLACKOUT = "喝溫檸檬水可以治好癌症 https://lemon.example/a?utm_source=line", "颱風天台電今晚八點全台停電"
REPLY = "沒有研究支持檸檬水治癌 https://who.example/lemon"
ENCODER = HashEncoder()


@pytest.fixture
def index() -> MatchingIndex:
    """Two articles, the first with a published reply."""
    made = MatchingIndex("m", DIMENSION)
    put(made, "lemon", make_entry("lemon", LEMON), make_entry("lemon", REPLY, EntryKind.REPLY))
    put(made, "blackout", make_entry("blackout", BLACKOUT))
    made.seq = 7
    return made


def put(index: MatchingIndex, article_id: str, *entries: Entry) -> None:
    index.replace_article(article_id, entries, ENCODER.encode([entry.text for entry in entries]))


def ways(index: MatchingIndex, text: str) -> set[str]:
    """By which ways the index leads from this text to an entry that says exactly that."""
    vector = ENCODER.encode([text])[0]
    found = {
        "exact": index.exact(key_hash(text) or ""),
        "url": [slot for url in canonical_urls(text) for slot in index.by_url(url)],
        "lexical": [slot for slot, _ in index.lexical(matching_key(text), 3)],
        "dense": [slot for slot, score in index.dense(vector, 3) if score > 0.99],
    }
    return {way for way, slots in found.items() if any(index.entry(slot).text == text for slot in slots)}


def test_it_finds_an_entry_by_key_link_words_and_meaning(index: MatchingIndex) -> None:
    assert len(index) == 3
    assert index.articles == 2
    assert ways(index, LEMON) == {"exact", "url", "lexical", "dense"}
    assert ways(index, BLACKOUT) == {"exact", "lexical", "dense"}


def test_the_letters_of_a_link_are_no_words(index: MatchingIndex) -> None:
    entry = make_entry("link", "柿子有毒 https://example.com/persimmonpoisoning")
    index.replace_article("link", [entry], HashEncoder().encode([entry.text]))
    assert "link" not in {index.article_id(slot) for slot, _ in index.lexical("persimmonpoisoning", 5)}


def test_a_replys_links_lead_nowhere(index: MatchingIndex) -> None:
    assert ways(index, REPLY) == {"exact", "lexical", "dense"}


def test_an_entry_has_its_key_and_its_vector(index: MatchingIndex) -> None:
    (slot,) = index.exact(key_hash(BLACKOUT) or "")

    assert index.entry(slot) == make_entry("blackout", BLACKOUT)
    assert index.key(slot) == matching_key(BLACKOUT)
    assert index.cosines([slot], ENCODER.encode([BLACKOUT]))[0, 0] == pytest.approx(1, abs=1e-3)


def test_it_forgets_a_removed_article_in_every_way(index: MatchingIndex) -> None:
    put(index, "lemon")

    assert len(index) == index.articles == 1
    assert ways(index, LEMON) == ways(index, REPLY) == set()
    assert ways(index, BLACKOUT) == {"exact", "lexical", "dense"}


def test_it_has_an_articles_new_entries_and_no_others(index: MatchingIndex) -> None:
    put(index, "lemon", make_entry("lemon", LEMON), make_entry("lemon", "檸檬水是一種飲料", EntryKind.REPLY))

    assert ways(index, REPLY) == set()
    assert ways(index, LEMON) == {"exact", "url", "lexical", "dense"}
    assert ways(index, "檸檬水是一種飲料") == {"exact", "lexical", "dense"}


def test_what_stays_the_same_keeps_its_slot(index: MatchingIndex) -> None:
    before = index.exact(key_hash(LEMON) or "")
    put(index, "lemon", make_entry("lemon", LEMON))

    assert index.exact(key_hash(LEMON) or "") == before


def test_two_articles_may_say_the_same(index: MatchingIndex) -> None:
    put(index, "again", make_entry("again", BLACKOUT))
    assert len(index.exact(key_hash(BLACKOUT) or "")) == 2
    put(index, "blackout")
    assert [index.entry(slot).article_id for slot in index.exact(key_hash(BLACKOUT) or "")] == ["again"]


def test_an_entry_without_letters_is_found_by_meaning_alone(index: MatchingIndex) -> None:
    put(index, "emoji", make_entry("emoji", "👍👍"))

    assert ways(index, "👍👍") <= {"dense", "lexical", "exact"}
    assert "dense" in ways(index, "👍👍")


def test_many_are_found_once_they_are_settled(index: MatchingIndex) -> None:
    texts = [f"第{i}則訊息說了別的事情" for i in range(50)]
    articles = [(f"a{i}", [make_entry(f"a{i}", text)]) for i, text in enumerate(texts)]
    index.replace_many(articles, ENCODER.encode(texts), settle=False)
    assert ways(index, texts[3]) <= {"exact"}
    index.settle()

    assert ways(index, texts[3]) == ways(index, texts[49]) == {"exact", "lexical", "dense"}
    assert len(index) == 53


def test_it_refuses_vectors_that_are_not_one_an_entry(index: MatchingIndex) -> None:
    with pytest.raises(ValueError, match="1 entries"):
        index.replace_article("lemon", [make_entry("lemon", LEMON)], ENCODER.encode([LEMON, REPLY]))
    assert ways(index, REPLY) == {"exact", "lexical", "dense"}


def test_a_removed_entry_is_readable_for_a_while_and_then_erased(
    index: MatchingIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    (slot,) = index.exact(key_hash(BLACKOUT) or "")
    put(index, "blackout")
    index.settle()
    assert index.entry(slot).text == BLACKOUT

    monkeypatch.setattr(index_module, "GRACE_S", -1.0)
    index.settle()
    assert index.entry(slot).text.strip() == ""
    assert not index.cosines([slot], ENCODER.encode([BLACKOUT])).any()


def test_it_is_the_same_after_save_and_load(index: MatchingIndex, tmp_path: Path) -> None:
    put(index, "blackout", make_entry("blackout", "另一則"))
    index.save(tmp_path / "index")
    again = MatchingIndex.load(tmp_path / "index", "m")
    put(again, "new", make_entry("new", BLACKOUT))

    assert again.seq == 7
    assert len(again) == 4
    assert ways(again, LEMON) == {"exact", "url", "lexical", "dense"}
    assert ways(again, BLACKOUT) == ways(again, "另一則") == {"exact", "lexical", "dense"}
    put(again, "lemon")
    assert ways(again, LEMON) == set()


def test_an_empty_index_can_be_saved_and_loaded(tmp_path: Path) -> None:
    MatchingIndex("m", DIMENSION).save(tmp_path / "index")
    again = MatchingIndex.load(tmp_path / "index", "m")

    assert len(again) == 0
    assert again.dense(ENCODER.encode([LEMON])[0], 5) == again.lexical("檸檬水", 5) == []


def test_a_snapshot_holds_nothing_of_what_was_removed(index: MatchingIndex, tmp_path: Path) -> None:
    put(index, "blackout")
    index.save(tmp_path / "index")

    raw = b"".join(path.read_bytes() for path in (tmp_path / "index").iterdir())
    assert BLACKOUT.encode() not in raw
    assert matching_key(BLACKOUT).encode() not in raw
    assert LEMON.encode() in raw


def test_it_refuses_a_snapshot_of_another_encoder(index: MatchingIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "index")

    with pytest.raises(SnapshotModelError, match="other"):
        MatchingIndex.load(tmp_path / "index", "other")


def test_it_refuses_a_snapshot_whose_parts_do_not_fit(
    index: MatchingIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(index._lexical), "dump", lambda _: {"terms": np.zeros(3)})
    index.save(tmp_path / "index")

    with pytest.raises(SnapshotCorruptError):
        MatchingIndex.load(tmp_path / "index", "m")


@pytest.mark.slow
def test_no_search_sees_half_an_article(index: MatchingIndex) -> None:
    """Each version of the article has two entries that share a word; every search must see two of the same version."""
    stop, seen, problems = threading.Event(), set(), []

    def search() -> None:
        while not stop.is_set():
            found = [index.entry(slot).text for slot, _ in index.lexical("稀有詞彙", 10)]
            versions = {text.split("版")[1] for text in found}
            seen.update(versions)
            if len(found) != 2 or len(versions) != 1:
                problems.append(found)

    def write(version: int) -> None:
        texts = [f"稀有詞彙的正文，版{version}", f"稀有詞彙的變體在這裡，版{version}"]
        kinds = (EntryKind.ARTICLE, EntryKind.VARIANT)
        put(index, "a", *(make_entry("a", text, kind) for text, kind in zip(texts, kinds, strict=True)))

    write(0)
    readers = [threading.Thread(target=search) for _ in range(3)]
    for reader in readers:
        reader.start()
    for version in range(1, 5_000):
        write(version)
        time.sleep(0.001)
        if version >= 150 and len(seen) > 5:
            break
    stop.set()
    for reader in readers:
        reader.join()
    assert not problems
    assert len(seen) > 5
