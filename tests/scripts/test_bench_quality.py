"""The labelled files of the quality benchmark say what the benchmark takes them for."""

import random

from scripts.bench.quality.examples import question_rows, read_titles, shared_replies
from scripts.bench.quality.made import make_near_misses


def test_it_takes_all_messages_that_make_a_claim_for_right_whoever_asks() -> None:
    same = shared_replies()
    assert len(same) == 34
    assert all(others and one not in others for one, others in same.items())
    assert all(one in same[other] for one, others in same.items() for other in others if other in same)


def test_each_report_has_questions_about_it_and_near_ones_that_are_others() -> None:
    rows = question_rows()
    assert {row["set"] for row in rows} == {"first", "second"}
    assert all(row["same"] and row["near"] and not set(row["same"]) & set(row["near"]) for row in rows)
    assert len({row["report"] for row in rows}) == len(rows)


def test_near_misses_are_made_with_lists_of_their_own() -> None:
    made = make_near_misses("每天喝三杯咖啡可以預防大腸癌，台大醫院的研究這樣說", random.Random(1))
    assert {"food", "drug", "name"} <= {one.kind for one in made}
    assert all(not one.same for one in made)


def test_a_title_that_tells_nothing_asks_nothing_and_what_was_read_as_the_same_answers() -> None:
    by_message, by_title = read_titles("message → title"), read_titles("title → message")
    assert [len(read) for read in (by_message, by_title)] == [287, 286]
    assert [sum(also is None for also in read.values()) for read in (by_message, by_title)] == [162, 175]
    assert by_title["1fw940itjddqk"] == {"3rqenjjwplcpo", "3cz2f25r8xwnc"}
    assert read_titles("message → reply") == {}
