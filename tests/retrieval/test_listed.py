from retrieval.listed import CLASSES, WORDS, find_names, find_opposites, named
from retrieval.normalise import fold


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


def test_a_word_that_only_seems_to_hold_a_listed_one_names_nothing() -> None:
    assert [name.told for name in find_names(fold("第一台電腦造成都市停電"))] == []
    assert [name.told for name in find_names(fold("成都的台電大樓"))] == [fold("成都"), fold("台電")]


def test_one_thing_is_of_one_class_under_all_its_names() -> None:
    kinds = {name: kind for kind, names in named(fold("川普 特朗普 trump")).items() for name in names}
    assert len(kinds) == 1


def test_what_names_nothing_is_listed_as_nothing_else() -> None:
    nothing = set(fold((WORDS / "no_name.txt").read_text(encoding="utf-8")).split())
    listed = {word for name in CLASSES for word in fold((WORDS / f"{name}.txt").read_text(encoding="utf-8")).split()}
    assert not nothing & listed
