"""Two spellings of one URL."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.url import normal, same

URL = "https://hooks.example.com/a/b?x=1&y=2"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(URL, URL, id="the same text"),
        pytest.param(URL, "HTTPS://Hooks.Example.COM/a/b?x=1&y=2", id="scheme and host in upper case"),
        pytest.param(URL, "https://hooks.example.com:443/a/b?x=1&y=2", id="a port that is usual"),
        pytest.param(URL, "https://hooks.example.com:/a/b?x=1&y=2", id="an empty port"),
        pytest.param("https://h.example.com:8443/", "https://h.example.com:08443/", id="zeros before a port"),
        pytest.param("http://h.example.com/", "http://h.example.com:80", id="of http, too"),
        pytest.param("https://h.example.com", "https://h.example.com/", id="an empty path"),
        pytest.param("https://h.example.com?x=1", "https://h.example.com/?x=1", id="before a query, too"),
        pytest.param("https://h.example.com/~m-1_.3", "https://h.example.com/%7Em%2d1%5F%2E3", id="escapes"),
        pytest.param("https://h.example.com/%C3%A9%2F", "https://h.example.com/%c3%a9%2f", id="their digits"),
        pytest.param("https://h.example.com/?q=%7E", "https://h.example.com/?q=~", id="in a query, too"),
        pytest.param("https://h.example.com/a%20b", "https://h.example.com/a b", id="a blank"),
        pytest.param("https://h.example.com/%C3%A9", "https://h.example.com/\u00e9", id="a letter"),
        pytest.param(URL, "https://hooks.example.com/./a/c/../b?x=1&y=2", id="dots"),
        pytest.param("https://h.example.com/a/", "https://h.example.com/a/b/..", id="dots at the end"),
        pytest.param("https://h.example.com/", "https://h.example.com/../.", id="dots above the root"),
        pytest.param("https://h.example.com/a/c", "https://h.example.com/a/b/%2E%2e/c", id="escaped dots"),
        pytest.param("https://[2001:db8::1]/", "https://[2001:0DB8:0:0::0001]:443", id="an IPv6 address"),
        pytest.param(
            "https://xn--bcher-kva.example/", "https://B\u00fccher.example/", id="a name in letters"
        ),
        pytest.param("https://xn--bcher-kva.example/", "https://b%C3%BCcher.example/", id="and escaped"),
        pytest.param("https://xn--strae-oqa.example/", "https://stra\u00dfe.example/", id="letter by letter"),
        pytest.param("https://h.example.com/", "https://%48.example.com/", id="a host that is escaped"),
    ],
)
def test_a_url_in_another_spelling_is_the_same(one: str, other: str) -> None:
    assert same(one, other)
    assert same(other, one)
    assert normal(one) == normal(other)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("http://hooks.example.com/a/b?x=1&y=2", id="another scheme"),
        pytest.param("https://hooks.example.com.evil.test/a/b?x=1&y=2", id="another host"),
        pytest.param("https://hooks.example.com./a/b?x=1&y=2", id="a host with a dot at its end"),
        pytest.param("https://hooks.example.com:444/a/b?x=1&y=2", id="another port"),
        pytest.param("https://hooks.example.com/A/b?x=1&y=2", id="a path in other cases"),
        pytest.param("https://hooks.example.com/a/b/?x=1&y=2", id="a slash at the end of a path"),
        pytest.param("https://hooks.example.com/a%2Fb?x=1&y=2", id="a slash that is escaped"),
        pytest.param("https://hooks.example.com//a/b?x=1&y=2", id="two slashes"),
        pytest.param("https://hooks.example.com/a/b?y=2&x=1", id="a query in another order"),
        pytest.param("https://hooks.example.com/a/b?X=1&y=2", id="a query in other cases"),
        pytest.param("https://hooks.example.com/a/b", id="no query"),
        pytest.param("https://hooks.example.com/a/b?x=1&y=2#", id="an empty fragment"),
        pytest.param("https://me@hooks.example.com/a/b?x=1&y=2", id="a user"),
        pytest.param("https://hooks.example.com%2Fa/b?x=1&y=2", id="a host that swallows the path"),
        pytest.param("https://a:b:c/a/b?x=1&y=2", id="an authority that is none"),
        pytest.param("https://[2001:db8::zz]/a/b?x=1&y=2", id="an address that is none"),
        pytest.param("", id="nothing"),
        pytest.param("hooks.example.com/a/b?x=1&y=2", id="no scheme"),
    ],
)
def test_a_different_url_is_not_taken_for_the_same(other: str) -> None:
    assert not same(URL, other)
    assert normal(normal(other)) == normal(other)


def test_a_plus_in_a_url_is_no_blank_and_a_sharp_s_no_double_s() -> None:
    assert not same("https://h.example.com/?q=a+b", "https://h.example.com/?q=a%20b")
    assert not same("https://strasse.example/", "https://stra\u00dfe.example/")


@given(st.text(max_size=40))
def test_any_text_has_one_normal_form_as_a_url(text: str) -> None:
    for url in (text, f"https://{text}", f"https://h.example.com/{text}"):
        assert normal(normal(url)) == normal(url)
