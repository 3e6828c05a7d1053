"""Whom a request counts for: nobody can choose it by writing a header."""

import pytest
from aiohttp.test_utils import make_mocked_request

from moderation.client_address import find_address


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", None),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1, 203.0.113.9", "203.0.113.9"),
        (2, "203.0.113.9, 198.51.100.7", "203.0.113.9"),
        (2, "forged, 203.0.113.9, 198.51.100.7", "203.0.113.9"),
        (2, "198.51.100.7", None),
        (1, "", None),
    ],
)
def test_it_believes_only_what_our_own_proxies_wrote(proxies: int, forwarded: str, address: str | None) -> None:
    request = make_mocked_request("GET", "/", headers={"X-Forwarded-For": forwarded})
    assert find_address(request, proxies) == (address or request.remote)
