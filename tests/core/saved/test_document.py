"""The document of a saved plan: what is refused as none, its age, and the manifests that it needs."""

import json
from dataclasses import replace

import pytest

from controller.core.planning.matched_app import app_item, subscription_item
from controller.core.saved.document import (
    KIND,
    SKEW,
    needed_apps,
    needed_files,
    read_document,
    refuse_age,
    saved_document,
)
from controller.errors import PlanFileError
from controller.model.manifest import App, Subscription
from controller.model.plan import (
    Blocked,
    HeldChange,
    Link,
    Plan,
    Verb,
    WaitFor,
    Waiting,
)
from controller.model.problem import Place
from controller.model.source import SourceFile
from tests.builders.manifest import PARTNER, app, desired, subscription
from tests.builders.saved_plan import (
    LINK,
    SCHEMA,
    again,
    forged,
    row,
    saved,
    text_of,
)

WHOLE = text_of(saved(Plan(PARTNER, "r1", actions=(LINK,))))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", "it is no whole plan: Expecting value at line 1, column 1; plan again", id="empty"),
        pytest.param(WHOLE[:-9], "it is no whole plan: ", id="cut"),
        pytest.param(WHOLE + "x", "it is no whole plan: Extra data at line 1", id="with more behind it"),
        pytest.param("\ufeff" + WHOLE, "it is no whole plan: ", id="a byte order mark"),
        pytest.param("[" * 100_000, "it is no plan; plan again", id="brackets"),
        pytest.param('{"a":' * 100_000, "it is no plan; plan again", id="braces"),
        pytest.param("9" * 5_000, "it is no plan; plan again", id="a figure without end"),
        pytest.param(WHOLE.replace("1000.5", "NaN"), "it is no plan", id="no number"),
        pytest.param(WHOLE.replace("1000.5", "Infinity"), "it is no plan", id="an endless number"),
        pytest.param(WHOLE.replace("1000.5", "1e999"), "at created", id="a number that is endless for us"),
        pytest.param(WHOLE.replace("1000.5", "9" * 400), "at created", id="a number that no clock shows"),
        pytest.param(WHOLE.replace('"r1"', '"\\ud800"'), "it is no plan", id="half a character"),
        pytest.param(WHOLE.replace('{"kind"', '{"digest": "x", "kind"'), "it is no plan", id="a key twice"),
        pytest.param("[]", "it is no saved plan, which `gupshupctl plan --out FILE` writes", id="a list"),
        pytest.param("{}", "it is no saved plan", id="nothing"),
        pytest.param('{"kind": "App"}', "it is no saved plan", id="another kind"),
        pytest.param('{"kind": ["x"]}', "it is no saved plan", id="no text for a kind"),
        pytest.param(f'{{"kind": "{KIND}"}}', "its format is None, and this gupshupctl", id="no version"),
        pytest.param(
            again(formatVersion="2.0"),
            "its format is 2.0, and this gupshupctl knows 1.0: use the version that made it, or plan again",
            id="a newer format",
        ),
        pytest.param(again(formatVersion="10.0"), "its format is 10.0, and", id="a much newer format"),
        pytest.param(again(formatVersion=1.0), "at formatVersion", id="a number for a version"),
        pytest.param(again(formatVersion="1.x"), "at formatVersion", id="no version at all"),
        pytest.param(again(more=1), "at its top: ", id="an unknown key"),
        pytest.param(again(created=-1), "at created", id="before all clocks"),
        pytest.param(again(since={"ref": "main"}), "at since", id="a comparison without its commit"),
        pytest.param(again(manifests=[{"path": 1, "text": ""}]), "at manifests/0/path", id="a manifest"),
        pytest.param(again(upstreams={}), "not one plan for each of its accounts", id="no account"),
        pytest.param(
            again(plans=[forged(), forged()]), "not one plan for each of its accounts", id="a partner twice"
        ),
        pytest.param(
            WHOLE.replace("r1", "r2"), "it was changed after it was made: its digest is sha256:", id="changed"
        ),
        pytest.param(
            again(plans=[forged(actions=[row("update", before=None)])]),
            "at plans/0/actions/0",
            id="an update of nothing",
        ),
        pytest.param(
            again(plans=[forged(actions=[row("unsubscribe", before=None)])]),
            "at plans/0/actions/0",
            id="a removal of nothing",
        ),
        pytest.param(
            again(plans=[forged(actions=[{**row(), "effect": "delete"}])]),
            "at plans/0/actions/0",
            id="an unknown effect",
        ),
    ],
)
def test_what_is_no_plan_as_it_was_written_is_refused(text: str, words: str) -> None:
    with pytest.raises(PlanFileError) as refused:
        read_document(text, SCHEMA)
    assert words in str(refused.value)
    assert len(str(refused.value)) < 500, "an error is read, whatever the file holds"


@pytest.mark.parametrize("effect", ["link", "callback", "subscribe", "update", "unsubscribe"])
def test_a_row_has_all_that_its_effect_needs(effect: str) -> None:
    needed = [name for name in row(effect) if name != "finishesLink" or effect == "callback"]
    for name in needed:
        short = {key: value for key, value in row(effect).items() if key != name}
        with pytest.raises(PlanFileError):
            read_document(again(plans=[forged(actions=[short])]), SCHEMA)


def test_another_order_and_other_spaces_are_the_same_plan() -> None:
    found = json.loads(WHOLE)
    turned = json.dumps(dict(reversed(found.items())), indent=7)
    assert read_document(turned, SCHEMA) == found


@pytest.mark.parametrize(
    ("created", "words"),
    [
        pytest.param(5_000, "", id="just made"),
        pytest.param(4_000, "", id="as old as allowed"),
        pytest.param(3_999, "1970-01-01T01:06:39Z, longer ago than --max-age allows; plan again", id="older"),
        pytest.param(5_000 + SKEW, "", id="another clock"),
        pytest.param(5_001 + SKEW, "which is still to come: check the clocks; plan again", id="the future"),
    ],
)
def test_a_plan_has_an_age(created: float, words: str) -> None:
    if not words:
        refuse_age(created, 5_000, 1_000)
        return
    with pytest.raises(PlanFileError) as refused:
        refuse_age(created, 5_000, 1_000)
    assert words in str(refused.value)


def test_what_the_plan_is_compared_with_is_in_the_file() -> None:
    since = {"ref": "main", "commit": "0" * 40}
    found = saved_document(replace(saved(Plan(PARTNER, "r1")), since=since))
    assert read_document(json.dumps(found), SCHEMA)["since"] == since


def test_a_plan_is_about_the_apps_that_it_would_change() -> None:
    """What is only shown needs no manifest in the file."""
    waits = Waiting(Verb.SUBSCRIBE, subscription_item(subscription(2)), WaitFor.LIVE, effect=subscription(2))
    found = Plan(
        PARTNER,
        "r1",
        actions=(Link(app(1)),),
        waiting=(waits, replace(waits, effect=None, item=app_item(app(9)))),
        blocked=(
            Blocked(app_item(app(3)), "X", "", app(3), drift=True),
            Blocked(app_item(app(8)), "X", ""),
        ),
        held=(HeldChange(Link(app(4)), "links"),),
        unchanged=(app_item(app(7)),),
    )
    assert needed_apps([found, Plan(PARTNER, "r1")]) == {app(number).name for number in range(1, 5)}


def placed(file: str, line: int, *things: App | Subscription) -> list[App | Subscription]:
    return [replace(each, place=Place(file, line)) for each in things]


@pytest.mark.parametrize(
    ("apps", "kept"),
    [
        pytest.param({app(1).name}, "partner one hooks", id="an app, its webhooks and all partners"),
        pytest.param(
            {app(2).name}, "partner two hooks far end", id="what names an app of another file, and so on"
        ),
        pytest.param({app(3).name}, "partner three hooks", id="a selector names no app"),
        pytest.param(set(), "partner", id="nothing to change"),
    ],
)
def test_a_file_of_a_plan_has_the_manifests_that_it_needs(apps: set[str], kept: str) -> None:
    """Each of these files is decoded alone later: no reference in it may lead nowhere."""
    declared = desired(
        *placed("one", 1, app(1)),
        *placed("two", 1, app(2)),
        *placed("two", 2, subscription(4, "named")),
        *placed("three", 1, app(3)),
        *placed("hooks", 1, subscription(1), subscription(2), subscription(3)),
        *placed("far", 1, app(4)),
        *placed("far", 2, subscription(5, "named")),
        *placed("end", 1, app(5), app(6)),
        *placed("end", 2, subscription(4, "back")),
        partner=replace(PARTNER, place=Place("partner")),
    )
    files = [
        SourceFile(name, b"") for name in ("partner", "one", "two", "three", "hooks", "far", "end", "empty")
    ]
    found = needed_files(frozenset(apps), declared, files)
    assert [each.path for each in found] == kept.split()
