"""A host is the one that is allowed, or another one: a part of its name, or more around it, is not it."""

import pytest

from controller.core.decode.urls import UrlProblem, upstream
from controller.model.source import Rules

LISTED = Rules(url="https://own.example.net", allowed_urls=("https://gs.example.com:8443/",))


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://gs.example.com.evil.com:8443", id="it begins alike"),
        pytest.param("https://gs.example.com:84430", id="its port begins alike"),
        pytest.param("https://gs.example.com:443", id="another port"),
        pytest.param("https://gs.example.co:8443", id="it is a beginning"),
        pytest.param("https://evil-gs.example.com:8443", id="it ends alike"),
        pytest.param("https://evil.gs.example.com:8443", id="a name below it"),
        pytest.param("https://example.com:8443", id="a name above it"),
        pytest.param("https://gsxexample.com:8443", id="a dot is no letter"),
        pytest.param("http://gs.example.com:8443", id="another scheme"),
        pytest.param("https://own.example.net.evil.com", id="GUPSHUP_URL: it begins alike"),
        pytest.param("https://evilown.example.net", id="GUPSHUP_URL: it ends alike"),
        pytest.param("https://partner.gupshup.io.evil.com", id="Gupshup's: it begins alike"),
        pytest.param("https://evilpartner.gupshup.io", id="Gupshup's: it ends alike"),
        pytest.param("https://partner.gupshup.io:8443", id="Gupshup's: another port"),
        pytest.param("https://gupshup.io", id="Gupshup's: a name above it"),
    ],
)
def test_an_address_that_only_resembles_an_allowed_one_gets_no_credentials(url: str) -> None:
    assert isinstance(upstream(url, LISTED), UrlProblem)


@pytest.mark.parametrize(
    "url", ["https://GS.example.com:8443", "https://own.example.net/", "https://partner.gupshup.io:443"]
)
def test_an_address_is_the_same_in_another_spelling(url: str) -> None:
    assert not isinstance(upstream(url, LISTED), UrlProblem)
