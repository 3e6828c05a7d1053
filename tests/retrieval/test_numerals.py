"""What numbers come to, in digits and in Chinese numerals, and what only looks like one."""

import pytest

from retrieval.details import quantities
from retrieval.normalise import fold
from retrieval.numerals import agree, value_of


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("六千", "6000"),
        ("一万", "10000"),
        ("1.5万", "15000"),
        ("10,000", "10000"),
        ("两千", "2000"),
        ("十", "10"),
        ("二十五", "25"),
        ("三百零五", "305"),
        ("三千五", "3500"),
        ("百万", "1000000"),
        ("二〇二六", "2026"),
        ("3亿2000万", "320000000"),
        ("两万亿", "2000000000000"),
        ("1千5百", "1500"),
        (".50", "0.5"),
        ("-5", "-5"),
        ("10^2", "10^2"),
    ],
)
def test_it_reads_what_a_number_comes_to(number: str, value: str) -> None:
    assert value_of(number) == value


@pytest.mark.parametrize(
    "text",
    [
        "萬一",
        "千萬不要",
        "三明治",
        "十分",
        "百香果",
        "一些",
        "一起",
        "一定",
        "三百貨公司",
        "5千萬不要點",
        "數百人",
        "兩三個人",
        "三四十人",
    ],
)
def test_it_counts_nothing_where_nothing_is_counted(text: str) -> None:
    assert quantities(fold(text)) == {}


def test_a_large_number_counts_without_a_unit_and_ends_before_a_date() -> None:
    assert quantities(fold("補助3萬12月起"))["元", ""] == ["30000"]


def test_a_number_of_several_units_is_read_to_its_end() -> None:
    assert quantities(fold("編列1億2千萬預算"))["元", ""] == ["120000000"]


def test_what_is_numbered_counts_apart_from_how_many() -> None:
    assert quantities(fold("第二航廈有3個門"))["第航", ""] == ["2"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("144000", "140000", True),
        ("83160000000", "83200000000", True),
        ("144000", "100000", False),
        ("144000", "150000", False),
        ("831", "831.6", True),
        ("37", "37.5", False),
        ("2018", "2020", False),
        ("17", "17", True),
    ],
)
def test_a_rounded_amount_agrees_with_the_amount(one: str, other: str, same: bool) -> None:
    assert agree(one, other) is agree(other, one) is same
