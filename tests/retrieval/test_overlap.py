"""What two texts share, unit by unit and weighed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.background import load_background
from retrieval.overlap import Overlap, WeighedText, compare, weigh_many, weigh_text
from retrieval.signals import FEATURES, signal_matrix
from retrieval.units import runs_of, unit_hashes

CLAIM = "柿子和優酪乳一起吃會中毒"


def weighed(text: str) -> WeighedText:
    return weigh_text(text, load_background())


def overlap(query: str, *entries: str) -> Overlap:
    return compare(weighed(query), [weighed(entry) for entry in entries])


def test_it_weighs_many_texts_as_it_weighs_each() -> None:
    texts = [CLAIM, "🔴", "好", "明天台北停班停課 3.5 %", "no two of these are alike"]
    together = weigh_many([unit_hashes(text) for text in texts], load_background())
    for one, text in zip(together, texts, strict=True):
        assert one.hashes.tolist() == unit_hashes(text).tolist()
        assert one.weights.tolist() == weighed(text).weights.tolist()
        assert one.total == weighed(text).total == float(one.weights.sum())
        assert one.runs.tolist() == runs_of(one.hashes).tolist()
    assert weigh_many([], load_background()) == []


def test_it_says_that_a_text_holds_itself_whole() -> None:
    same = overlap(CLAIM, CLAIM)
    for share in (same.cover_q, same.cover_e, same.run_q, same.run_e, same.window_q, same.window_e):
        assert share[0] == pytest.approx(1)
    assert same.gap_q[0] == same.gap_e[0] == 0


def test_it_says_that_strangers_share_nothing() -> None:
    none = overlap(CLAIM, "明天台北停班停課", "🔴", "")
    assert none.cover_q.tolist() == none.cover_e.tolist() == [0, 0, 0]
    assert none.gap_q == pytest.approx([1, 1, 1])


def test_it_finds_a_claim_inside_a_long_debunk() -> None:
    long = overlap(CLAIM, "近日網路流傳一則消息。" * 10 + CLAIM + "，食藥署表示沒有根據。" * 10)
    assert long.cover_q[0] == pytest.approx(1)
    assert long.window_q[0] == pytest.approx(1)
    assert long.cover_e[0] < 0.5


def test_it_tells_scattered_words_from_a_claim() -> None:
    scattered = "柿子很甜。" + "天氣真好。" * 30 + "優酪乳很酸。" + "股票大漲。" * 30 + "食物中毒。"
    both = overlap(CLAIM, scattered, "聽說" + CLAIM)
    assert both.window_q[0] < both.window_q[1]


def test_it_weighs_a_rare_word_more_than_a_common_one() -> None:
    rare, common = overlap("螃蟹大家", "螃蟹", "大家").cover_q
    assert rare > common


def test_it_forgives_script_width_and_links() -> None:
    same = overlap("謠言：每天喝５杯水 https://example.com/a", "谣言 每天喝5杯水")
    assert same.cover_q[0] == pytest.approx(1)


@given(st.lists(st.text(max_size=60), min_size=1, max_size=5), st.text(max_size=60))
def test_it_keeps_every_share_between_nothing_and_all(entries: list[str], query: str) -> None:
    rows = [weighed(entry) for entry in entries]
    matrix = signal_matrix(weighed(query), rows, np.zeros(len(rows), np.float32))
    assert matrix.shape == (len(entries), len(FEATURES))
    assert np.isfinite(matrix).all()
    shares = matrix[:, [i for i, name in enumerate(FEATURES) if not name.startswith(("weight", "dense"))]]
    assert shares.min() >= -1e-5
    assert shares.max() <= 1 + 1e-5
