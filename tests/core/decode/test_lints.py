"""Lints of webhooks: what is allowed and probably not meant, and hosts that a Partner does not allow."""

import pytest

from controller.core.decode import decode, strict
from controller.edges.source import schemas
from controller.model.problem import Severity
from controller.model.source import Decoded, Rules, SourceFile

SCHEMAS = schemas.load()
HEAD = "---\napiVersion: gupshup.controller/v1\n"


def app(number: int = 1, labels: str = "{fleet: all}") -> str:
    names = f"metadata: {{name: customer{number}, labels: {labels}}}"
    return f'{HEAD}kind: App\n{names}\nspec: {{wabaId: "1{number:014}", phone: "49{number:09}"}}\n'


def hook(name: str, version: int, modes: str, more: str = "app: customer1") -> str:
    spec = f"{more}, version: {version}, modes: [{modes}], url: https://hooks.example.com/{name}"
    return f"{HEAD}kind: Subscription\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n"


def partner(webhooks: str) -> str:
    return f"{HEAD}kind: Partner\nmetadata: {{name: main}}\nspec: {{webhooks: {webhooks}}}\n"


def read(*documents: str) -> Decoded:
    return decode([SourceFile("a.yaml", "".join(documents).encode())], SCHEMAS, Rules())


ACCOUNT = hook("account", 2, "ACCOUNT")
EVERY = "appSelector: {matchLabels: {fleet: all}}"


@pytest.mark.parametrize(
    ("documents", "words"),
    [
        pytest.param([hook("a", 3, "SENT")], [], id="no OTHERS"),
        pytest.param([hook("a", 3, "OTHERS, FAILED, BILLING")], [], id="all three in one webhook"),
        pytest.param([hook("a", 3, "OTHERS, BILLING")], ["no FAILED"], id="without FAILED"),
        pytest.param([hook("a", 3, "OTHERS, FAILED")], ["no BILLING"], id="without BILLING"),
        pytest.param([hook("a", 3, "OTHERS")], ["no FAILED, BILLING"], id="without both"),
        pytest.param(
            [hook("a", 3, "OTHERS"), hook("b", 3, "FAILED, BILLING")], [], id="another webhook has both"
        ),
        pytest.param(
            [hook("a", 3, "OTHERS"), hook("b", 3, "FAILED, BILLING", "active: false, app: customer1")],
            ["no FAILED, BILLING"],
            id="another webhook has both, and is switched off",
        ),
        pytest.param([hook("a", 3, "OTHERS", "active: false, app: customer1")], [], id="switched off"),
        pytest.param([hook("a", 3, "ALL")], [], id="ALL holds every mode"),
        pytest.param(
            [app(2), hook("a", 3, "OTHERS", EVERY)], ["customer1"], id="once for all apps of a selector"
        ),
    ],
)
def test_others_covers_neither_failures_nor_bills(documents: list[str], words: list[str]) -> None:
    result = read(app(), ACCOUNT, *documents)
    found = [one for one in result.problems if one.rule == "GS516"]
    assert [(one.severity, one.field) for one in found] == [(Severity.WARNING, "spec.modes") for _ in words]
    assert all(word in one.message for word, one in zip(words, found, strict=True))


@pytest.mark.parametrize(
    ("older", "newer", "both"),
    [
        pytest.param(hook("old", 2, "SENT, READ"), hook("new", 3, "READ, FAILED"), "READ", id="one mode"),
        pytest.param(
            hook("old", 1, "READ, SENT"), hook("new", 3, "READ, SENT"), "SENT, READ", id="two modes"
        ),
        pytest.param(hook("old", 2, "SENT"), hook("new", 3, "READ"), "", id="each mode in one version"),
        pytest.param(hook("old", 3, "SENT"), hook("new", 3, "SENT"), "", id="one version"),
        pytest.param(hook("old", 2, "SENT"), hook("new", 1, "SENT"), "", id="two old versions"),
        pytest.param(hook("old", 2, "VOICE"), hook("new", 3, "ALL"), "VOICE", id="ALL holds every mode"),
        pytest.param(hook("old", 2, "NONE"), hook("new", 3, "ALL"), "", id="NONE holds none"),
        pytest.param(
            hook("old", 2, "SENT", "active: false, app: customer1"),
            hook("new", 3, "SENT"),
            "",
            id="switched off",
        ),
    ],
)
def test_a_mode_in_two_versions_comes_twice(older: str, newer: str, both: str) -> None:
    result = read(app(), older, newer)
    found = [one for one in result.problems if one.rule == "GS517"]
    told = f"version 3 has {both} as well, by Subscription/new on App/customer1: each event comes twice"
    assert [(one.severity, one.message) for one in found] == ([(Severity.WARNING, told)] if both else [])


@pytest.mark.parametrize(
    ("documents", "words"),
    [
        pytest.param([app()], None, id="an app without webhooks is only observed"),
        pytest.param([app(), ACCOUNT], None, id="asked for"),
        pytest.param([app(), hook("a", 2, "ALL")], None, id="ALL holds ACCOUNT"),
        pytest.param([app(), hook("a", 3, "SENT")], "App/customer1 asks", id="nowhere"),
        pytest.param(
            [app(), hook("a", 2, "ACCOUNT", "active: false, app: customer1")],
            "App/customer1",
            id="switched off",
        ),
        pytest.param(
            [app(), app(2), app(3), hook("a", 3, "SENT", EVERY), ACCOUNT],
            "App/customer2 and 1 more",
            id="one hint for a fleet",
        ),
    ],
)
def test_a_hint_says_that_nobody_is_told_of_a_ban(documents: list[str], words: str | None) -> None:
    result = read(*documents)
    assert [one.rule for one in result.problems] == ([] if words is None else ["GS518"])
    assert all(one.severity is Severity.HINT and words and words in one.message for one in result.problems)
    assert (result.errors, result.warnings) == (0, 0)


def test_a_hint_fails_nothing_and_waits_until_there_is_no_error() -> None:
    hinted = strict(read(app(), hook("a", 3, "SENT")))
    assert hinted.desired is not None
    assert [one.severity for one in hinted.problems] == [Severity.HINT]
    assert (hinted.errors, hinted.warnings) == (0, 0)
    warned = strict(read(app(), hook("a", 3, "OTHERS")))
    assert warned.desired is None
    assert {one.rule: one.severity for one in warned.problems} == {
        "GS516": Severity.ERROR,
        "GS518": Severity.HINT,
    }
    broken = read(app(), hook("a", 3, "SENT"), hook("a", 3, "SENT"))
    assert "GS518" not in {one.rule for one in broken.problems}


@pytest.mark.parametrize(
    ("webhooks", "rule"),
    [
        pytest.param("{}", None, id="no list, every host"),
        pytest.param("{allowedHosts: [hooks.example.com]}", None, id="the host"),
        pytest.param(
            "{allowedHosts: [a.example.org, '*.EXAMPLE.com'], onForeign: Block}", None, id="a pattern"
        ),
        pytest.param("{allowedHosts: ['*.example.org']}", "GS519", id="another host"),
        pytest.param("{allowedHosts: []}", "GS519", id="no host at all"),
        pytest.param("{allowedHosts: ['*.hooks.example.com']}", "GS519", id="only hosts below it"),
        pytest.param("{onForeign: Report}", None, id="to report needs no list"),
        pytest.param("{onForeign: Block}", "GS325", id="to block needs a list"),
        pytest.param("{allowedHosts: [bücher.example]}", "GS324", id="not as DNS spells it"),
        pytest.param("{allowedHosts: ['a.*.example.com']}", "GS324", id="a star inside"),
        pytest.param("{allowedHosts: hooks.example.com}", "GS204", id="no list"),
    ],
)
def test_a_partner_lists_the_hosts_that_webhooks_may_have(webhooks: str, rule: str | None) -> None:
    result = read(app(), ACCOUNT, partner(webhooks))
    assert [one.rule for one in result.problems] == ([] if rule is None else [rule])


def test_a_host_that_is_filled_in_is_judged_as_it_is_sent() -> None:
    url = f"{HEAD}kind: Subscription\nmetadata: {{name: a}}\nspec: {{{EVERY}, version: 2, modes: [ACCOUNT], "
    url += "url: 'https://${app.labels.host}/x'}\n"
    allowed = app(1, "{fleet: all, host: a.example.com}")
    other = app(2, "{fleet: all, host: a.example.org}")
    result = read(allowed, other, url, partner("{allowedHosts: ['*.example.com']}"))
    (problem,) = result.problems
    assert (problem.rule, "a.example.org" in problem.message) == ("GS519", True)


GOLD = hook("gold", 2, "ALL", "appSelector: {matchLabels: {tier: gold}}")
BOTH = hook("both", 2, "ALL", "appSelector: {matchLabels: {tier: gold, in: de}}")
GLOD = "no selector asks for tier: glod; did you mean tier: gold?"
TEIR = "no selector asks for teir: gold; did you mean tier: gold?"
REMEDY = "give it a label that a selector asks for, or declare a Subscription"


@pytest.mark.parametrize(
    ("documents", "hints"),
    [
        pytest.param([app(), app(2)], [], id="a source without webhooks only looks after apps"),
        pytest.param([app(1, "{tier: gold}"), GOLD], [], id="all have one"),
        pytest.param(
            [app(1, "{tier: gold}"), app(2, "{teir: gold}"), app(3, "{teir: gold}"), GOLD],
            [
                f"metadata.labels no webhook is declared for App/customer2 and 1 more; {TEIR}",
            ],
            id="a misspelt label",
        ),
        pytest.param(
            [app(1, "{tier: gold}"), app(2, "{a: b, tier: glod}"), app(3, "{}"), GOLD],
            [
                f"metadata.labels no webhook is declared for App/customer2; {GLOD}",
                f"metadata.name no webhook is declared for App/customer3; {REMEDY}",
            ],
            id="one misspelt, one without labels",
        ),
        pytest.param(
            [app(1, "{tier: gold, in: de}"), app(2, "{tier: gold}"), app(3, "{x: y}"), BOTH],
            [f"metadata.name no webhook is declared for App/customer2 and 1 more; {REMEDY}"],
            id="one label of two",
        ),
        pytest.param(
            [app(), app(2).replace("spec: {", "spec: {state: Retired, "), ACCOUNT], [], id="a retired app"
        ),
    ],
)
def test_a_hint_names_apps_without_a_webhook(documents: list[str], hints: list[str]) -> None:
    result = strict(read(*documents))
    assert [f"{one.field} {one.message}" for one in result.problems] == hints
    assert {(one.rule, one.severity) for one in result.problems} <= {("GS520", Severity.HINT)}
    assert result.desired is not None


def test_a_selector_that_matches_nothing_is_explained_first() -> None:
    assert [one.rule for one in read(app(1, "{teir: gold}"), app(2), ACCOUNT, GOLD).problems] == ["GS313"]
