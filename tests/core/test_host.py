"""The host of a webhook, as DNS spells it, or none if two readers could see two; patterns that allow it."""

import pytest

from controller.core.host import host_of, is_allowed


@pytest.mark.parametrize(
    ("url", "host"),
    [
        pytest.param("https://hooks.example.com/a?b#c", "hooks.example.com", id="plain"),
        pytest.param("HTTPS://Hooks.Example.COM", "hooks.example.com", id="in lower case"),
        pytest.param("https://hooks.example.com:8443/a", "hooks.example.com", id="without its port"),
        pytest.param("https://hooks.example.com./a", "hooks.example.com", id="without the dot of the root"),
        pytest.param("https://user:password@hooks.example.com/a", "hooks.example.com", id="without a user"),
        pytest.param(
            "https://hooks.example.com@evil.example/", "evil.example", id="a user that looks like a host"
        ),
        pytest.param("https://a@b@evil.example?x@hooks.example.com", "evil.example", id="several signs"),
        pytest.param("https://bücher.example/", "xn--bcher-kva.example", id="an international host"),
        pytest.param("https://BÜCHER.example/", "xn--bcher-kva.example", id="the same in capitals"),
        pytest.param("https://bu\u0308cher.example/", "xn--bcher-kva.example", id="the same in two letters"),
        pytest.param(
            "https://xn--bcher-kva.example/", "xn--bcher-kva.example", id="the same as DNS spells it"
        ),
        pytest.param(
            "https://straße.example/", "xn--strae-oqa.example", id="a letter that old readers replace"
        ),
        pytest.param("https://192.0.2.1/a", "192.0.2.1", id="an address"),
        pytest.param("https://[2001:DB8:0::1]:8443/a", "[2001:db8::1]", id="an address of version 6"),
        pytest.param("https://[2001:db8:::1]/a", "", id="no address of version 6"),
        pytest.param("https://evil.example\\@hooks.example.com/", "", id="a backslash ends the host, or not"),
        pytest.param("https://evil.example\uff0f.hooks.example.com/", "", id="a wide slash"),
        pytest.param("https://evil.example\u3002com/", "", id="an ideographic dot"),
        pytest.param("https://evil.example%2f.example.com/", "", id="an escape in the host"),
        pytest.param("https://evil.example .example.com/", "", id="a space in the host"),
        pytest.param("https://a:b:c/", "", id="two ports"),
        pytest.param("https://-a.example.com/", "", id="a label that DNS does not have"),
        pytest.param(f"https://{'a.' * 130}com/", "", id="longer than a name may be"),
        pytest.param("https:///path", "", id="no host"),
        pytest.param("hooks.example.com/a", "", id="no scheme"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_the_host_of_a_url(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("host", "patterns", "allowed"),
    [
        pytest.param("hooks.example.com", ["hooks.example.com"], True, id="the host itself"),
        pytest.param("a.hooks.example.com", ["hooks.example.com"], False, id="a host below it"),
        pytest.param("a.example.com", ["*.example.com"], True, id="one label"),
        pytest.param("a.b.example.com", ["*.example.com"], True, id="two labels"),
        pytest.param("example.com", ["*.example.com"], False, id="no label"),
        pytest.param("badexample.com", ["*.example.com"], False, id="only the same end"),
        pytest.param(
            "example.com.evil.org", ["*.example.com", "example.com"], False, id="only the same beginning"
        ),
        pytest.param(
            "b.example.org", ["a.example.org", "*.example.com", "b.example.org"], True, id="the last one"
        ),
        pytest.param("a.example.com", [], False, id="no pattern"),
        pytest.param("", ["*.example.com"], False, id="no host"),
    ],
)
def test_a_pattern_allows_a_host(host: str, patterns: list[str], *, allowed: bool) -> None:
    assert is_allowed(host, patterns) is allowed
