"""A line of `validate` for an author who made one mistake: the place, the cause and the remedy."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from controller.core.decode import decode
from controller.core.render import problems as render
from controller.edges.source import schemas
from controller.model.source import Decoded, Rules, SourceFile
from tests.builders.manifest_files import HOOK

ROOT = Path(__file__).parents[3]
SCHEMAS = schemas.load()
APP = """apiVersion: gupshup.controller/v1
kind: App
metadata: {name: AcmeSupport, labels: {tier: gold, country: de}}
spec:
  wabaId: "109876543210987"
  phone: "919876543210"
"""
PARTNER = """---
apiVersion: gupshup.controller/v1
kind: Partner
metadata: {name: main}
spec:
  url: https://partner.gupshup.io
  limits: {link: 10/min}
  settle: {lateEffect: 10m}
  v3AccountModes: false
"""
ALL = APP + HOOK + PARTNER


class Mistake(NamedTuple):
    """A text with one mistake, and the lines about it."""

    text: str
    lines: Sequence[str]


def mistakes() -> Iterator[object]:
    """Yield the blocks of remedies.txt: what it is, what of ALL is replaced, by what, and the lines."""
    blocks = (
        (ROOT / "tests/corpus/remedies.txt").read_text(encoding="utf-8").removeprefix("== ").split("\n== ")
    )
    for block in blocks:
        title, *rest = block.strip().splitlines()
        good, bad = (
            [json.loads(line[2:]) for line in rest if line.startswith(sign)] for sign in ("- ", "+ ")
        )
        lines = [line for line in rest if line.startswith("a.yaml:")]
        yield pytest.param(Mistake(ALL.replace(good[0], bad[0], 1) if good else bad[0], lines), id=title)


def decoded(text: str) -> Decoded:
    return decode([SourceFile("a.yaml", text.encode())], SCHEMAS, Rules())


def told(text: str) -> list[str]:
    return render.text(decoded(text).problems).splitlines()


MISTAKES = list(mistakes())


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_reported_with_its_remedy_and_nothing_else(mistake: Mistake) -> None:
    assert mistake.text != ALL
    assert sorted(told(mistake.text)) == sorted(mistake.lines)


def test_a_misspelt_field_is_not_reported_as_missing() -> None:
    """Everywhere, in the rules beyond the schema, too."""
    text = ALL.replace("AcmeSupport", "acme-1").replace("  wabaId", "  appname: AcmeSupport\n  wabaId")
    assert [line.split("] ")[1] for line in told(text)] == [
        'spec.appname: unknown field "appname"; did you mean appName?'
    ]
    second = PARTNER.replace("main", "other").replace(
        "spec:", "spec:\n  credentials: {token: {env: GUPSHUP_A}}"
    )
    text = ALL.replace("  wabaId", "  partnr: main\n  wabaId") + second
    assert [line.split("] ")[1] for line in told(text)] == [
        'spec.partnr: unknown field "partnr"; did you mean partner?'
    ]


def test_labels_that_match_only_apart_are_reported_by_their_combination() -> None:
    other = APP.replace("AcmeSupport", "Another1").replace("98765", "12345").replace("gold", "tin")
    text = f"{ALL}---\n{other}".replace("country: de}", "country: fr}", 1)
    text = text.replace("app: AcmeSupport", "appSelector: {matchLabels: {tier: gold, country: de}}")
    [line] = told(text)
    assert line.startswith(
        "a.yaml:12:16: warning [GS313] spec.appSelector: no app has these labels, though each "
    )
    assert line.endswith("each alone is on some app; remove one, or label an app")


@pytest.mark.parametrize(
    ("partner", "rules"),
    [
        pytest.param("", {"GS313", "GS501", "GS511", "GS607", "GS508"}, id="without a partner"),
        pytest.param(PARTNER, {"GS313", "GS501", "GS511", "GS607", "GS508"}, id="with a strict one"),
        pytest.param(
            PARTNER.replace("Modes: false", "Modes: true\n  allowInsecureUrls: true"),
            {"GS313", "GS607", "GS508"},
            id="with a lenient one",
        ),
        pytest.param("---\nkind: [\n", {"GS101", "GS607", "GS508"}, id="with one that nobody can read"),
    ],
)
def test_a_webhook_that_has_no_app_is_checked_as_well(partner: str, rules: set[str]) -> None:
    hook = HOOK.replace("app: AcmeSupport", "appSelector: {matchLabels: {a: b}}").replace(
        "SENT", "SENT, ACCOUNT"
    )
    hook = hook.replace(
        "https://hooks.example.com/x", "http://hooks.example.com/${app.nme}/${app.labels.any}"
    )
    found = decoded(hook.replace("spec:", "spec:\n  tag: a/b") + partner).problems
    assert {one.rule for one in found} == rules
    assert 'url: "${app.nme}" has no value for any app; did you mean "${app.name}"?' in render.text(found)


def test_a_sound_webhook_without_an_app_is_only_warned_of() -> None:
    hook = HOOK.replace("app: AcmeSupport", "appSelector: {matchLabels: {a: b}}")
    hook = hook.replace("com/x", "com/${app.phone}/${app.wabaId}/${app.appName}/${app.labels.a}")
    [line] = told(hook)
    assert line.startswith("a.yaml:6:16: warning [GS313] spec.appSelector: no app has these labels; ")
    assert line.endswith("no app has a label at all: add metadata.labels to an App")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("Café Zürich ß", '"Café Zürich ß"', id="Latin letters stand as they are"),
        pytest.param("\u0421afé", '"\\u0421afé"', id="a Cyrillic letter does not pass for a Latin one"),
        pytest.param("\uff41cme", '"\\uff41cme"', id="nor does a wide one"),
        pytest.param("\u212aelvin", '"\\u212aelvin"', id="nor a sign"),
        pytest.param("אבג", '"\\u05d0\\u05d1\\u05d2"', id="what runs from right to left is escaped"),
        pytest.param("😀", '"\\ud83d\\ude00"', id="and what is no letter"),
        pytest.param('a"b\\c', '"a\\"b\\\\c"', id="a quote cannot end the quote"),
    ],
)
def test_letters_that_cannot_mislead_are_shown_as_they_are(name: str, shown: str) -> None:
    [line] = [line for line in told(APP.replace("AcmeSupport,", f"'{name}',")) if "GS307" in line]
    assert f"; found {shown}" in line


def test_errors_beyond_those_listed_are_counted() -> None:
    many = "---\n".join(
        "apiVersion: gupshup.controller/v1\nkind: App\nmetadata: {}\nspec: {}\n" for _ in range(30)
    )
    found = decoded(many)
    assert render.summary(found, 1) == "invalid: at least 90 errors, 0 warnings in 1 file"
    [more] = [one.message for one in found.problems if one.rule == "GS120"]
    assert more == "40 more problems are not listed; correct the listed ones and validate again"


def test_a_single_further_problem_is_counted_in_the_singular() -> None:
    many = "---\n".join(
        "apiVersion: gupshup.controller/v1\nkind: App\nmetadata: {}\nspec: {}\n" for _ in range(17)
    )
    [more] = [one.message for one in decoded(many).problems if one.rule == "GS120"]
    assert more.startswith("1 more problem is not listed")


def test_the_summary_counts_subscriptions_as_manifests_and_as_webhooks() -> None:
    other = APP.replace("AcmeSupport", "Another1").replace("98765", "12345")
    text = f"{ALL}---\n{other}".replace("app: AcmeSupport", "appSelector: {matchLabels: {tier: gold}}")
    assert (
        render.summary(decoded(text), 1)
        == "valid: 2 apps and 1 subscription (2 webhooks) of 1 partner in 1 file"
    )
