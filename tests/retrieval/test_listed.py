from retrieval.listed import find_names, find_opposites, named


def test_it_finds_every_word_with_an_opposite_and_each_place_of_it() -> None:
    found = find_opposites("电费涨价，油价也涨，水费下降，涨价")
    assert found["涨价"] == [2, 15]
    assert found["下降"] == [12]
    assert found["涨"] == [2, 8, 15]
    assert "上升" not in found


def test_a_character_that_is_part_of_another_word_is_no_direction() -> None:
    assert find_opposites("两公升的水") == {}
    assert find_opposites("") == {}


def test_a_listed_word_within_another_is_not_named_beside_it() -> None:
    assert [name.told for name in find_names("喝牛奶和吃柿子")] == ["牛奶", "柿子"]
    assert named("").keys() == named("喝").keys() == set()
