"""What the encoder learns from: groups that keep to their folds, and near texts that never count as the same claim."""

import itertools
import random
import re

import pytest

from scripts.bench.quality.examples import (
    Clusters,
    english_cluster,
    english_rows,
    fold_of,
    written_english_rows,
    written_rows,
)
from scripts.bench.quality.sample import Sample
from scripts.training_texts import TrainingGroup, draw_batches, draw_texts, training_groups

STYLES = {"question", "title", "retold", "foreign"}
MESSAGE = "每天喝三杯咖啡可以預防大腸癌，台大醫院的研究這樣說"


def row(article_id: str) -> dict[str, object]:
    texts = {side: {style: f"{side} {style} {article_id}" for style in STYLES} for side in ("same", "near")}
    return {"article": article_id, "language": "en", **texts}


def sample_of(*article_ids: str) -> Sample:
    messages = {a: f"{MESSAGE}，{a}" for a in article_ids}
    titles = {a: ["LINE TODAY", "每天喝三杯咖啡可以預防大腸癌"] for a in article_ids}
    replies = {"stock": "養生方法僅供參考", **{f"reply {a}": f"沒有這項研究 {a}" for a in article_ids}}
    links = {a: ["stock", f"reply {a}"] for a in article_ids}
    return Sample(messages, titles, replies, links, [])


@pytest.fixture
def groups() -> list[TrainingGroup]:
    names = [f"a{n}" for n in range(6)]
    return training_groups(map(row, names), sample_of(*names), Clusters())


def test_a_message_brings_its_written_texts_its_telling_title_and_its_own_reply(groups: list[TrainingGroup]) -> None:
    group = groups[0]
    assert set(group.same) == {*(f"same {style} a0" for style in STYLES), "每天喝三杯咖啡可以預防大腸癌"}
    assert set(group.near) == {f"near {style} a0" for style in STYLES}
    assert group.reply == "沒有這項研究 a0"
    assert group.sentence
    assert len(group.made) == 3
    assert group.sentence not in group.made
    assert set(group.texts()) >= {group.message, *group.same, *group.near, *group.made, group.reply, group.sentence}


def test_it_makes_the_same_near_misses_every_time(groups: list[TrainingGroup]) -> None:
    names = [f"a{n}" for n in range(6)]
    assert training_groups(map(row, names), sample_of(*names), Clusters()) == groups


def test_it_learns_nothing_of_a_cluster_in_a_fold_that_is_left_out() -> None:
    names = [f"a{n}" for n in range(40)]
    clusters = Clusters()
    clusters.join("a1", "a2")
    for fold in range(5):
        learned = training_groups(map(row, names), sample_of(*names), clusters, [fold])
        assert {group.cluster for group in learned} == {clusters.find(a) for a in names if fold_of(clusters, a) != fold}
    assert len(training_groups(map(row, names), sample_of(*names), clusters)) == 40


def test_what_was_written_for_a_message_that_the_sample_has_not_is_left_out() -> None:
    assert len(training_groups([row("a0"), row("gone")], sample_of("a0"), Clusters())) == 1


def test_a_near_text_never_counts_as_the_claim(groups: list[TrainingGroup]) -> None:
    rng = random.Random(1)
    for batch in itertools.islice(draw_batches(groups, 3, rng), 30):
        drawn = draw_texts(batch, rng)
        for one in drawn:
            group = batch[one.owner]
            assert one.makes_claim == (one.text not in {*group.near, *group.made})
            assert one.text in set(group.texts())
        claims = [sum(one.makes_claim and one.owner == owner for one in drawn) for owner in range(len(batch))]
        assert min(claims) >= 2


def test_no_cluster_comes_twice_in_a_batch_and_every_group_comes_up(groups: list[TrainingGroup]) -> None:
    twins = [TrainingGroup("a0", "the same rumour again", ("one",), ("other",))]
    batches = list(itertools.islice(draw_batches(groups + twins, 3, random.Random(2)), 40))
    assert all(len({group.cluster for group in batch}) == len(batch) == 3 for batch in batches)
    assert {group.message for batch in batches for group in batch} == {group.message for group in groups + twins}


def test_a_batch_is_no_larger_than_there_are_clusters(groups: list[TrainingGroup]) -> None:
    assert len(next(draw_batches(groups[:2], 24, random.Random(3)))) == 2


def test_all_that_was_written_has_four_texts_of_either_kind_and_no_address() -> None:
    rows = written_rows()
    assert len({one["article"] for one in rows}) == len(rows) > 1600
    assert [one["article"] for one in rows] == sorted(one["article"] for one in rows)
    for one in rows:
        assert one["same"].keys() == one["near"].keys() == STYLES
        texts = [*one["same"].values(), *one["near"].values()]
        assert len(set(texts)) == 8
        assert all(text == text.strip() and 5 < len(text) < 320 for text in texts)
        assert not [text for text in texts if re.search(r"https?://|www\.|09\d{2}-?\d{3}-?\d{3}|\d{9}", text)]


def test_what_is_written_in_another_language_is_in_that_language() -> None:
    letters = {
        "ja": "[ぁ-ヿ]",
        "th": "[ก-๛]",
        "vi": "[ăâđêôơưạảấầậếềểệịọốồộớờợụủứừựỳ]",
    }
    foreign = [(one["language"], one[side]["foreign"]) for one in written_rows() for side in ("same", "near")]
    assert {language for language, _ in foreign} == {"en", "id", "ja", "th", "vi"}
    assert not [text for language, text in foreign if not re.search(letters.get(language, "[a-z]"), text.lower())]


def test_claims_in_english_share_the_topics_of_those_that_are_measured() -> None:
    rows = written_english_rows()
    fields = {"topic", "claim", "post", "retold", "near_claim", "near_post", "near_close"}
    assert all(one.keys() == fields and len(set(one.values())) == 7 for one in rows)
    assert len({one["claim"] for one in rows}) == len(rows) == 299
    measured = {english_cluster(one) for one in english_rows()}
    shared = {one["claim"] for one in rows if english_cluster(one) in measured}
    assert "5G mobile phone masts cause or spread the coronavirus." in shared
