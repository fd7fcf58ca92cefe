"""What a manifest may reach: addresses, variables and files that the operator handed out, nothing else."""

import pytest

from controller.core.decode import decode
from controller.core.decode.urls import UrlProblem, upstream
from controller.edges.source import schemas
from controller.model.grant import Grant
from controller.model.manifest import FromEnv, FromFile, Login, Token
from controller.model.source import Decoded, Rules, SourceFile

SCHEMAS = schemas.load()
PARTNER = "apiVersion: gupshup.controller/v1\nkind: Partner\nmetadata: {name: main}\nspec:\n  "
HOOK = """apiVersion: gupshup.controller/v1
kind: App
metadata: {name: AcmeSupport}
spec: {wabaId: "109876543210987", phone: "919876543210"}
---
apiVersion: gupshup.controller/v1
kind: Subscription
metadata: {name: hook}
spec:
  app: AcmeSupport
  url: https://hooks.example.com/x
  version: 2
  modes: [ACCOUNT]
  headers: {X-A: """
GRANT = Grant(
    "GUPSHUP_",
    listed=frozenset({"ASIA_TOKEN"}),
    folder="/run/secrets",
    excluded="/run/secrets/hooks",
    files=frozenset({"/etc/gupshup/secret", "/run/kubernetes.io/serviceaccount/token"}),
    taken={"/run/secrets/git-token": "GUPSHUPCTL_GIT_TOKEN_FILE"},
)


def read(text: str, rules: Rules) -> Decoded:
    return decode([SourceFile("a.yaml", text.encode())], SCHEMAS, rules)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        pytest.param("https://partner.gupshup.io", "https://partner.gupshup.io", id="Gupshup's"),
        pytest.param(
            "https://PARTNER.gupshup.io:443/", "https://partner.gupshup.io", id="in another spelling"
        ),
        pytest.param("http://127.0.0.1:8085/", "http://127.0.0.1:8085", id="GUPSHUP_URL, on loopback"),
        pytest.param("http://[::1]:8085/", "http://[::1]:8085", id="loopback that is listed"),
        pytest.param("https://listed.example.com:8443", "https://listed.example.com:8443", id="listed"),
        pytest.param("https://listed.example.com", None, id="a listed host at another port"),
        pytest.param("https://partner.gupshup.io.evil.example", None, id="one that begins as Gupshup's"),
        pytest.param("https://partner.gupshup.io:4430", None, id="a port that only begins so"),
        pytest.param("https://listed.example.com.evil.example", None, id="a host that only begins so"),
        pytest.param("https://evil-listed.example.com:8443", None, id="a host that only ends so"),
        pytest.param(
            "https://listed.example.com:8443@evil.example", None, id="a listed one as a user's name"
        ),
        pytest.param("https://listed.example.com:8443/..", None, id="a listed one with a path"),
        pytest.param("http://listed.example.com:8443", None, id="a listed one without TLS"),
        pytest.param("http://127.0.0.1:9200", None, id="another port of loopback"),
        pytest.param("https://127.0.0.1:8085", None, id="the port of loopback with TLS"),
        pytest.param("http://localhost:8085", None, id="loopback by another name"),
        pytest.param("http://127.0.0.2:8085", None, id="another address of loopback"),
        pytest.param("http://127.1:8085", None, id="loopback in short"),
        pytest.param("https://127.1:8085", None, id="loopback in short, with TLS"),
        pytest.param("https://2130706433:8085", None, id="loopback as a number"),
        pytest.param("https://0x7f000001:8085", None, id="loopback as a hexadecimal number"),
        pytest.param("https://localhost.:8085", None, id="loopback with a dot at its end"),
        pytest.param("https://127.0.0.1.:8085", None, id="an address with a dot at its end"),
        pytest.param("http://[::ffff:127.0.0.1]:8085", None, id="loopback of IPv4 in IPv6"),
        pytest.param("http://[::127.0.0.1]:8085", None, id="loopback of IPv4 in old IPv6"),
        pytest.param("http://[0:0:0:0:0:0:0:1]:8085", None, id="loopback of IPv6 written out"),
        pytest.param("https://0.0.0.0:8085", None, id="every address"),
        pytest.param("http://169.254.169.254", None, id="where clouds keep keys"),
        pytest.param("https://127.0.0.1.evil.com", None, id="a host that only looks like loopback"),
    ],
)
def test_credentials_go_only_to_addresses_that_the_operator_allowed(url: str, origin: str | None) -> None:
    listed = ("https://listed.example.com:8443/", "http://[::1]:8085", "http://no.example.com", "junk")
    found = upstream(url, Rules(url="http://127.0.0.1:8085", allowed_urls=listed))
    assert (None if isinstance(found, UrlProblem) else found) == origin


def test_a_loopback_address_is_refused_with_the_setting_that_allows_it() -> None:
    found = upstream("http://LOCALHOST:9200/", Rules())
    assert isinstance(found, UrlProblem)
    assert "set GUPSHUPCTL_ALLOW_URLS=http://localhost:9200 where" in found.message


@pytest.mark.parametrize(
    ("name", "granted"),
    [
        pytest.param("GUPSHUP_SECRET", True, id="by its beginning"),
        pytest.param("GUPSHUP_ASIA_EMAIL", True, id="that of another account"),
        pytest.param("ASIA_TOKEN", True, id="listed"),
        pytest.param("ASIA_TOKEN_2", False, id="one that begins with a listed one"),
        pytest.param("GUPSHUPCTL_GIT_TOKEN", False, id="the repository's token"),
        pytest.param("GUPSHUPCTL_HOOK_SECRET", False, id="the hook's secret"),
        pytest.param("GUPSHUPCTL_STORE", False, id="the store's password"),
        pytest.param("GUPSHUPER_KEY", False, id="a word that only begins so"),
        pytest.param("MY_GUPSHUP_SECRET", False, id="in the middle"),
        pytest.param("HOOK_SECRET", False, id="a header's"),
        pytest.param("AWS_SECRET_ACCESS_KEY", False, id="a cloud's key"),
    ],
)
def test_a_credential_comes_from_a_variable_that_is_handed_out(name: str, *, granted: bool) -> None:
    result = read(f"{PARTNER}credentials: {{token: {{env: {name}}}}}\n", Rules(credentials=GRANT))
    assert [one.rule for one in result.problems] == ([] if granted else ["GS608"])
    assert not any(name in one.message for one in result.problems), "it may be a secret in the wrong place"
    if result.desired is not None:
        assert result.desired.partners[0].credentials == Token(FromEnv(name))


FILES = [
    pytest.param("/run/secrets/gupshup", "/run/secrets/gupshup", id="below the folder"),
    pytest.param("asia/email", "/run/secrets/asia/email", id="from the folder on"),
    pytest.param("/run//secrets///gupshup", "/run/secrets/gupshup", id="with slashes to spare"),
    pytest.param("/etc/gupshup/secret", "/etc/gupshup/secret", id="named by the operator"),
    pytest.param("/run/secrets", None, id="the folder itself"),
    pytest.param("/", None, id="the root"),
    pytest.param("/run/secrets2/gupshup", None, id="a folder that begins so"),
    pytest.param("/run/secrets/../shadow", None, id="out of it"),
    pytest.param("../shadow", None, id="out of it, from within"),
    pytest.param("a/./b", None, id="a dot"),
    pytest.param("/etc/gupshup/secret2", None, id="beside what the operator named"),
    pytest.param("/proc/self/environ", None, id="every variable at once"),
    pytest.param("/run/secrets/git-token", None, id="a file that another variable names"),
    pytest.param("/run/secrets//git-token", None, id="such a file with a slash to spare"),
    pytest.param("/run/secrets/hooks/a", None, id="a header's"),
    pytest.param("/run/secrets/kubernetes.io/serviceaccount/token", None, id="the pod's token"),
    pytest.param("kubernetes.io//serviceaccount/token", None, id="the pod's token, from the folder on"),
    pytest.param(
        "/run/kubernetes.io/serviceaccount/token", None, id="the pod's token, by the operator's word"
    ),
]


@pytest.mark.parametrize(("path", "whole"), FILES)
def test_a_credential_comes_from_a_file_that_is_handed_out(path: str, whole: str | None) -> None:
    result = read(f"{PARTNER}credentials: {{secret: {{file: {path}}}}}\n", Rules(credentials=GRANT))
    assert [one.rule for one in result.problems] == ([] if whole else ["GS603"])
    if result.desired is not None:
        wanted = Login(FromEnv("GUPSHUP_EMAIL"), FromFile(whole or ""))
        assert result.desired.partners[0].credentials == wanted


@pytest.mark.parametrize(("path", "whole"), FILES)
def test_a_header_comes_from_a_file_that_is_handed_out(path: str, whole: str | None) -> None:
    result = read(f"{HOOK}{{file: {path}}}}}\n", Rules(headers=GRANT))
    assert [one.rule for one in result.problems] == ([] if whole else ["GS603"])
    if result.desired is not None:
        assert result.desired.subscriptions[0].headers == {"X-A": FromFile(whole or "")}


@pytest.mark.parametrize("path", ["/run/secrets/a", "a", "/"])
def test_a_header_comes_from_no_file_if_no_folder_is_handed_out(path: str) -> None:
    result = read(f"{HOOK}{{file: {path}}}}}\n", Rules())
    assert [one.rule for one in result.problems] == ["GS603"]
    assert "GUPSHUPCTL_HEADER_DIR, which is not set" in result.problems[0].message


@pytest.mark.parametrize(
    "name", ["GUPSHUP_SECRET", "AWS_SECRET_ACCESS_KEY", "hook_secret", "GUPSHUPCTL_GIT_TOKEN"]
)
def test_a_header_comes_from_a_variable_of_headers(name: str) -> None:
    assert [one.rule for one in read(f"{HOOK}{{env: {name}}}}}\n", Rules()).problems] == ["GS606"]
    assert not read(f"{HOOK}{{env: HOOK_{name}}}}}\n", Rules()).problems
