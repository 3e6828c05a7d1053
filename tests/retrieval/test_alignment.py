import random

from retrieval.alignment import align, most_alike

LETTERS = "柿子不能和牛奶吃會中毒ab"


def test_two_texts_are_never_more_alike_than_was_told_beforehand() -> None:
    rng = random.Random(1)
    for _ in range(300):
        text = "".join(rng.choices(LETTERS, k=rng.randrange(40)))
        start, end = sorted(rng.choices(range(len(text) + 1), k=2))
        other = text[start:end] + "".join(rng.choices(LETTERS, k=rng.randrange(40)))
        assert align(text, other)[2] <= most_alike(text, other)
        assert align(other, text)[2] <= most_alike(other, text)


def test_texts_without_a_pair_of_characters_in_common_are_not_alike_beforehand() -> None:
    assert most_alike("柿子不能配牛奶", "奶牛配能不子柿") == 0
    assert most_alike("", "柿子") == most_alike("柿", "柿子") == 0
    assert most_alike("柿子不能", "聽說柿子不能配牛奶") == 1
