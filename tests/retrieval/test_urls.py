"""One page is one link, whoever shared it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.urls import MAX_URLS, canonical_urls, find_urls, strip_urls


@pytest.mark.parametrize(
    ("shared", "canonical"),
    [
        ("看 https://www.example.com/a/?utm_source=line&b=2&a=1#top", "example.com/a?a=1&b=2"),
        ("http://youtu.be/abc?si=x", "youtube.com/watch?v=abc"),
        ("https://m.youtube.com/watch?v=abc&feature=share&t=9", "youtube.com/watch?v=abc"),
        ("（www.example.com/報導）", None),
        ("www.example.com/a。很重要", "example.com/a"),
        ("HTTPS://EXAMPLE.COM/A，", "example.com/A"),
        ("https://example.com/", None),
        ("3.5 % 不是 35 %", None),
    ],
)
def test_it_finds_the_page_behind_a_shared_link(shared: str, canonical: str | None) -> None:
    assert canonical_urls(shared) == ([canonical] if canonical else [])


def test_it_reads_only_the_first_links_of_a_list() -> None:
    text = " ".join(f"https://example.com/{i}" for i in range(100))
    assert len(canonical_urls(text)) == MAX_URLS


def test_it_takes_links_out_of_a_text() -> None:
    assert strip_urls("前https://example.com/a 後").split() == ["前", "後"]


@given(st.text(max_size=60))
def test_it_takes_any_text_after_a_scheme(text: str) -> None:
    assert len(canonical_urls(f"https://{text}")) <= len(find_urls(f"https://{text}")) <= MAX_URLS
