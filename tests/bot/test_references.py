"""References as people write them become sources that can be pressed, or stay text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.linkify import Piece, to_pieces
from bot.references import Reference, site_name, to_references, to_uri

HPA = "http://health99.hpa.gov.tw/a.aspx?TopIcNo=1942"


@pytest.mark.parametrize(
    ("text", "references"),
    [
        (None, ()),
        ("  \n ", ()),
        (HPA, (Reference("", HPA),)),
        (f"{HPA}\n關於不可以混吃的謠言", (Reference("關於不可以混吃的謠言", HPA),)),
        (f"關於不可以混吃的謠言\n{HPA}", (Reference("關於不可以混吃的謠言", HPA),)),
        (f"衛福部：{HPA}", (Reference("衛福部", HPA),)),
        (f"一\n{HPA}\n二\nhttps://b.tw/", (Reference("一", HPA), Reference("二", "https://b.tw/"))),
        (f"{HPA}\n一\nhttps://b.tw/\n二", (Reference("一", HPA), Reference("二", "https://b.tw/"))),
        ("我問過醫師", (Reference("我問過醫師"),)),
        ("見「https://a.tw/x」。", (Reference("見「 」。", "https://a.tw/x"),)),
        ("https://a.tw/中文?q={a|b}", (Reference("", "https://a.tw/%E4%B8%AD%E6%96%87?q=%7Ba%7Cb%7D"),)),
        ("javascript:alert(1)", (Reference("javascript:alert(1)"),)),
        ("https://[bad/ x", (Reference("x https://[bad/"),)),
    ],
)
def test_it_pairs_addresses_with_titles(text: str | None, references: tuple[Reference, ...]) -> None:
    assert to_references(text) == references


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://a.tw/",
        "//a.tw",
        "https://",
        "not a url",
        "https://a.tw/" + "x" * 1000,
    ],
)
def test_it_makes_no_address_of_what_line_would_refuse(url: str) -> None:
    assert to_uri(url) is None


@given(st.text(max_size=80))
def test_it_takes_any_text(text: str) -> None:
    for reference in to_references(text):
        assert reference.caption
        assert reference.url is None or reference.url.isascii()


@given(st.text(max_size=80).map(lambda tail: "https://a.tw/" + tail))
def test_an_address_is_always_one_that_line_takes(url: str) -> None:
    address = to_uri(url)
    assert address is None or (address.isascii() and not set(address) & set(' "<>\\^`{|}') and len(address) <= 1000)


def test_it_names_a_site() -> None:
    assert site_name("https://www.mohw.gov.tw/x") == "mohw.gov.tw"
    assert Reference("", "https://www.mohw.gov.tw/x").caption == "mohw.gov.tw"


def test_it_links_addresses_in_a_text_and_nothing_else() -> None:
    text = "請看 https://a.tw/x?y=1&z=2，或 javascript:alert(1) <b>http://b.tw"
    assert to_pieces(text) == [
        Piece("請看 "),
        Piece("https://a.tw/x?y=1&z=2", "https://a.tw/x?y=1&z=2"),
        Piece("，或 javascript:alert(1) <b>"),
        Piece("http://b.tw", "http://b.tw/"),
    ]


@given(st.text(max_size=120))
def test_linking_loses_no_text(text: str) -> None:
    assert "".join(piece.text for piece in to_pieces(text)) == text
