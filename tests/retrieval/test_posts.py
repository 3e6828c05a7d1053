"""What is left of a post once addressees, tags and signatures are read for what they are."""

import time

import pytest

from retrieval.passages import remove_boilerplate
from retrieval.posts import plain_post


@pytest.mark.parametrize(
    ("post", "plain"),
    [
        ("RT @CDCgov: wash your hands", "wash your hands"),
        ("@one @two .@three they track us all", "they track us all"),
        ("Stop it #StopTheSteal #COVID19 #who_knows", "Stop it Stop The Steal COVID 19 who knows"),
        ("ask @realDonaldTrump about it", "ask real Donald Trump about it"),
        ("It is a hoax pic.twitter.com/AbC12", "It is a hoax"),
        ("Sharks on the road — A. Nonymous (@ano_99) March 27, 2020", "Sharks on the road"),
        ("Tonight -5 in Texas, Bob (@bob) March 27, 2020", "Tonight -5 in Texas, Bob (bob) March 27, 2020"),
        ("write to me@example.com", "write to me@example.com"),
        ("第3名是誰 #查證", "第3名是誰 #查證"),
    ],
)
def test_it_keeps_the_words_of_a_post(post: str, plain: str) -> None:
    assert " ".join(plain_post(post).split()) == plain


def test_it_is_part_of_reading_a_message() -> None:
    assert remove_boilerplate("@somebody masks are poisoning all of us #TakeItOff") == (
        "masks are poisoning all of us Take It Off"
    )


@pytest.mark.parametrize("text", ["@a " * 2000, "#" * 5000, "—" * 5000, "- (@" * 1500, "@" + "A_" * 2500])
def test_it_takes_bounded_time_on_hostile_texts(text: str) -> None:
    start = time.process_time()
    plain_post(text)
    assert time.process_time() - start < 0.5
