"""What is said beside a problem: the place, the field, and the value that was probably meant."""

import pytest

from controller.core.closest import closest
from controller.core.decode import decode, quantities
from controller.core.decode.quoting import clip, dotted, shown
from controller.core.decode.templates import fill
from controller.core.decode.urls import url_problem
from controller.edges.source import schemas
from controller.model.manifest import Count, Limit, Share
from controller.model.modes import MODES, mask
from controller.model.source import Rules, SourceFile
from tests.builders.manifest_files import APP, HOOK

PARTNER = """---
apiVersion: gupshup.controller/v1
kind: Partner
metadata: {name: main}
spec:
  limits: {link: 10/min}
  guards: {maxLinks: 25}
"""


@pytest.mark.parametrize(
    ("good", "bad", "rule", "at", "fix"),
    [
        pytest.param(
            '"919876543210"', "919876543210", "GS201", "6:10", '"919876543210"', id="a phone as a number"
        ),
        pytest.param('"919876543210"', "+919876543210", "GS201", "6:10", '"919876543210"', id="with a plus"),
        pytest.param(
            '"919876543210"', "'+91 98765-43210'", "GS402", "6:10", '"919876543210"', id="as printed"
        ),
        pytest.param(
            '"919876543210"', "'00919876543210'", "GS402", "6:10", '"919876543210"', id="with zeros"
        ),
        pytest.param(
            '"919876543210"', "'٩١٩٨٧٦٥٤٣٢١٠'", "GS402", "6:10", '"919876543210"', id="in Arabic digits"
        ),
        pytest.param('"919876543210"', "0919876543210", "GS201", "6:10", None, id="without a country code"),
        pytest.param('"919876543210"', "'91CALLME'", "GS402", "6:10", None, id="with letters"),
        pytest.param("wabaId", "wabaID", "GS301", "5:3", "wabaId", id="a field in another case"),
        pytest.param("wabaId", "wabbaId", "GS301", "5:3", "wabaId", id="a field with a letter too many"),
        pytest.param("kind: App", "kind: app", "GS304", "2:7", "App", id="a kind in another case"),
        pytest.param(
            "controller/v1\nkind: App",
            "controller/v2\nkind: App",
            "GS305",
            "1:13",
            "gupshup.controller/v1",
            id="another version",
        ),
        pytest.param(
            "{name: AcmeSupport}", "{name: Acme_Support}", "GS307", "3:18", "Acme-Support", id="a name"
        ),
        pytest.param(
            "{name: AcmeSupport}", "{name: 123}", "GS201", "3:18", '"123"', id="a name that is a number"
        ),
        pytest.param(
            "{name: AcmeSupport}",
            "{name: no_}",
            "GS307",
            "3:18",
            '"no"',
            id="a name that YAML 1.1 takes for false",
        ),
        pytest.param(
            "{name: AcmeSupport}",
            "{name: 12345-6}",
            "GS401",
            "3:18",
            'appName: "123456"',
            id="a name of digits at Gupshup",
        ),
        pytest.param("app: AcmeSupport", "app: 7", "GS201", "12:8", '"7"', id="a reference that is a number"),
        pytest.param("version: 3", "version: '3'", "GS202", "14:12", "3", id="a version in quotes"),
        pytest.param("version: 3", "version: 3.0", "GS202", "14:12", "3", id="a version with a fraction"),
        pytest.param("version: 3", "version: 0x3", "GS202", "14:12", "3", id="a version in hexadecimal"),
        pytest.param("version: 3", "version: 0o3", "GS202", "14:12", "3", id="in octal"),
        pytest.param("version: 3", "version: 03", "GS202", "14:12", "3", id="with a nought before it"),
        pytest.param("version: 3", "version: 0b11", "GS202", "14:12", "3", id="in binary"),
        pytest.param("version: 3", "version: '0x3'", "GS202", "14:12", "3", id="in hexadecimal and quotes"),
        pytest.param("version: 3", "version: 0x7", "GS202", "14:12", None, id="a version that is none"),
        pytest.param("maxLinks: 25", "maxLinks: 0o31", "GS202", "22:22", "25", id="a ceiling in octal"),
        pytest.param("maxLinks: 25", "maxLinks: '025'", "GS322", "22:22", None, id="two numbers, in quotes"),
        pytest.param(
            "app: AcmeSupport", "app: 0o7", "GS201", "12:8", '"0o7"', id="text that looks like octal"
        ),
        pytest.param("[SENT]", "SENT, READ", "GS204", "15:10", "[SENT, READ]", id="modes with commas"),
        pytest.param("[SENT]", "[SENT, sent_]", "GS510", "15:17", "SENT", id="a mode misspelt"),
        pytest.param("[SENT]", "[DELETE]", "GS510", "15:11", "DELETED", id="DELETE"),
        pytest.param("[SENT]", "[FLOW_MESSAGE]", "GS510", "15:11", "FLOWS_MESSAGE", id="FLOW_MESSAGE"),
        pytest.param(
            "app: AcmeSupport", "app: AcmeSuport", "GS311", "12:8", "AcmeSupport", id="a reference misspelt"
        ),
        pytest.param(
            "https://hooks", "http://hooks", "GS501", "13:8", "https://hooks.example.com/x", id="http"
        ),
        pytest.param("com/x", "com/x#y", "GS506", "13:8", "https://hooks.example.com/x", id="a fragment"),
        pytest.param("10/min", "10 per minute", "GS321", "21:18", "10/min", id="a pace in words"),
        pytest.param("10/min", "ten", "GS321", "21:18", None, id="no pace"),
        pytest.param("maxLinks: 25", "maxLinks: 20 %", "GS322", "22:22", "20%", id="a share with a space"),
        pytest.param(
            "maxLinks: 25", "maxLinks: 025", "GS202", "22:22", None, id="a number that is octal elsewhere"
        ),
    ],
)
def test_a_problem_shows_the_corrected_value(
    good: str, bad: str, rule: str, at: str, fix: str | None
) -> None:
    text = (APP + HOOK + PARTNER).replace(good, bad, 1)
    problems = decode([SourceFile("a.yaml", text.encode())], schemas.load(), Rules()).problems
    assert (rule, f"a.yaml:{at}", fix) in [(one.rule, str(one.place), one.fix) for one in problems]


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        pytest.param("spec:\n", "spec:\n  appName: {}\n", id="where it breaks a pattern"),
        pytest.param("{name: AcmeSupport}", "{{name: {}}}", id="as the name of a manifest"),
        pytest.param("[SENT]", "{}", id="where a list belongs"),
    ],
)
@pytest.mark.parametrize(
    "secret",
    ["sk_0123456789abcdef0123456789abcdef", "eyJhbGciOiJI.eyJhIjoxfQaa.abcdefgh", "xoxb-123456789012"],
)
def test_a_secret_is_never_corrected(good: str, bad: str, secret: str) -> None:
    text = (APP + HOOK).replace(good, bad.format(secret), 1)
    problems = decode([SourceFile("a.yaml", text.encode())], schemas.load(), Rules()).problems
    end = secret[-8:]

    assert "GS601" in {one.rule for one in problems}
    assert not [one for one in problems if end in f"{one.message} {one.fix}"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("45s", 45), ("10m", 600), ("24h", 86_400), ("1d", 86_400), ("0s", 0)],
)
def test_a_duration_is_decoded_to_seconds(text: str, seconds: float) -> None:
    assert quantities.duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "above"),
    [
        pytest.param("10/min", False, id="as published"),
        pytest.param("11/min", True, id="one more"),
        pytest.param("1/s", True, id="sixty a minute"),
        pytest.param("10/h", False, id="slower"),
        pytest.param("100/h", True, id="slower, but all of them may come in one minute"),
    ],
)
def test_a_limit_exceeds_the_published_one_if_any_window_can(text: str, *, above: bool) -> None:
    assert quantities.above(quantities.limit(text), Limit(10, 60)) is above


def test_ceilings_are_numbers_or_shares() -> None:
    assert (quantities.ceiling(25), quantities.ceiling("20%")) == (Count(25), Share(20))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("1970-01-01T00:01:00Z", 60, id="in UTC"),
        pytest.param("1970-01-01t01:01:00.5+01:00", 60.5, id="in a zone, with a fraction"),
        pytest.param("1970-02-30T00:00:00Z", None, id="no such day"),
        pytest.param("1970-01-01T25:00:00Z", None, id="no such hour"),
    ],
)
def test_a_timestamp_is_a_day_of_the_calendar(text: str, moment: float | None) -> None:
    assert quantities.moment(text) == moment


@pytest.mark.parametrize(
    ("url", "insecure", "rule"),
    [
        pytest.param("https://hooks.example.com/x?y=%20#".rstrip("#"), False, None, id="as it should be"),
        pytest.param("https://HOOKS.example.com", False, None, id="in capitals"),
        pytest.param("http://127.0.0.1:9/x", True, None, id="http in a lab"),
        pytest.param("http://sink:8080/x", True, None, id="a single word in a lab"),
        pytest.param("ftp://sink/x", True, "GS501", id="ftp even in a lab"),
        pytest.param("https://2130706433/", True, "GS503", id="a disguise even in a lab"),
        pytest.param("https://[fe80::1]/", False, "GS503", id="link-local"),
        pytest.param("https://[2002:a00:1::]/", False, "GS503", id="a private address in 6to4"),
        pytest.param("https://[64:ff9b::a00:1]/", False, "GS503", id="a private address behind NAT64"),
        pytest.param("https://[64:ff9b::808:808]/", False, None, id="a public address behind NAT64"),
        pytest.param("https://[::127.0.0.1]/", False, "GS503", id="loopback in an old form of IPv6"),
        pytest.param("https://[::7f00:1]/", False, "GS503", id="the same in hexadecimal"),
        pytest.param("https://[::8.8.8.8]/", False, "GS503", id="an old form, which nobody routes"),
        pytest.param("https://[::ffff:8.8.8.8]/", False, None, id="a public address of IPv4 in IPv6"),
        pytest.param("https://[fec0::1]/", False, "GS503", id="site-local"),
        pytest.param("https://[64:ff9b:1::7f00:1]/", False, "GS503", id="a local NAT64"),
        pytest.param("https://[4000::1]/", False, "GS503", id="what is not handed out yet"),
        pytest.param("https://[2600::1]/", False, None, id="a public address"),
        pytest.param("https://1.1.1.1.home.arpa/", False, "GS503", id="home.arpa"),
        pytest.param("https://a:b:c/", False, "GS506", id="two ports"),
    ],
)
def test_a_url_is_accepted_if_gupshup_could_call_it(url: str, rule: str | None, *, insecure: bool) -> None:
    found = url_problem(url, insecure=insecure)
    assert (found.rule if found else None) == rule


def test_templates_are_filled_and_escaped_once() -> None:
    values = {"app.name": "${app.phone}/x", "app.labels.a": ""}
    assert fill("${app.name}-${app.labels.a}-${app.nope}-${other}", values) == (
        "%24%7Bapp.phone%7D%2Fx--unknown-${other}",
        ["app.nope"],
    )


def test_quoted_values_are_clipped_and_cannot_steer_a_terminal() -> None:
    assert clip("x" * 100, 10) == "x" * 9 + "…"
    assert shown("\x1b[31m\u202e") == '"\\u001b[31m\\u202e"'
    values: list[object] = [True, 5, None, [1], {}]
    assert [shown(one) for one in values] == ["true", "5", "nothing", "a list", "a mapping"]
    assert dotted(("spec", "modes", 2, "a b")) == 'spec.modes[2]["a b"]'
    assert closest("x" * 10_000, ["wabaId"]) is None


def test_a_mask_is_the_sum_of_known_bits() -> None:
    assert mask(frozenset({"SENT", "ENQUEUED"})) == 1025
    assert mask(frozenset({"SENT", "DELIVERED", "READ", "OTHERS", "FAILED", "MESSAGE", "ENQUEUED"})) == 1143
    assert mask(frozenset({"NONE"})) == 0
    assert mask(frozenset({"SENT", "COPY"})) is None
    assert mask(frozenset({"UNHEARD_OF"})) is None
    assert set(MODES) == set(schemas_modes())


def schemas_modes() -> list[str]:
    found: object = schemas.load()["Subscription"]
    for step in ("properties", "spec", "properties", "modes", "items", "enum"):
        assert isinstance(found, dict)
        found = found[step]
    assert isinstance(found, list)
    return found
