"""A status goes with its app to the present name of its manifest: its id at Gupshup shows which app it is.

An app without an id is known by its phone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from controller.core.planning.matched_app import app_item, match_apps, subscription_item, tag_item
from controller.core.status.conditions import statuses
from controller.core.status.renamed import follow, renamed_items
from controller.model.manifest import App, AppState
from controller.model.memory import Binding
from controller.model.plan import Foreign, Item, Kind, Observed
from controller.model.status import Status
from tests.builders.manifest import APP, PARTNER, WANTED, app, desired
from tests.builders.memory import memory
from tests.builders.plan import observed, planned
from tests.builders.status import status_of
from tests.builders.upstream import app_id, live, remote, row

TWO = app(2)
ITEM, HOOK, OTHER, OF_PARTNER = (
    app_item(APP),
    subscription_item(WANTED),
    app_item(TWO),
    Item(Kind.PARTNER, "main", "", "main"),
)
NEW, NEW_HOOK = replace(ITEM, app="acme", name="acme"), replace(HOOK, app="acme")
RENAMED = replace(APP, name="acme")
BOTH = observed(live(1), live(2))


def known(**ids: int | None) -> dict[Item, Status]:
    """Return statuses of apps by their names, each with a webhook, and of the partner."""
    found = {OF_PARTNER: status_of(OF_PARTNER)}
    for name, number in ids.items():
        given = name.replace("_", "-")
        for item in (replace(ITEM, app=given, name=given), replace(HOOK, app=given)):
            found[item] = replace(status_of(item), app_id=None if number is None else app_id(number))
    return found


@pytest.mark.parametrize(
    ("declared", "seen", "before", "expected"),
    [
        pytest.param([APP], BOTH, known(app_0001=1), {}, id="the name of before"),
        pytest.param([RENAMED], BOTH, {}, {}, id="nothing was known"),
        pytest.param([RENAMED], BOTH, known(app_0001=1), {ITEM: NEW, HOOK: NEW_HOOK}, id="another name"),
        pytest.param(
            [RENAMED],
            BOTH,
            {ITEM: replace(status_of(ITEM), app_id=app_id(1))},
            {ITEM: NEW},
            id="another name of an app without webhooks",
        ),
        pytest.param([RENAMED], BOTH, known(app_0001=2), {}, id="another app had the status"),
        pytest.param([APP], BOTH, known(app_0001=None), {}, id="it was linked since"),
        pytest.param([RENAMED], observed(), known(app_0001=None), {}, id="a status of an older release"),
        pytest.param(
            [replace(RENAMED, app_name="Acme1234")],
            replace(BOTH, memory=memory(bindings=[Binding(APP.phone, app_id(1))])),
            known(app_0001=1),
            {ITEM: NEW, HOOK: NEW_HOOK},
            id="one of ours that is called otherwise at Gupshup",
        ),
        pytest.param(
            [replace(APP, name=TWO.name), replace(TWO, name=APP.name)],
            BOTH,
            known(app_0001=1, app_0002=2),
            {
                ITEM: OTHER,
                OTHER: ITEM,
                HOOK: replace(HOOK, app=TWO.name),
                replace(HOOK, app=TWO.name): HOOK,
            },
            id="two names are swapped",
        ),
    ],
)
def test_an_app_is_known_by_its_id(
    declared: Sequence[App], seen: Observed, before: Mapping[Item, Status], expected: Mapping[Item, Item]
) -> None:
    matches = match_apps(desired(*declared), PARTNER, seen)
    assert renamed_items(before, matches) == expected


def unlinked(*apps: App) -> dict[Item, Status]:
    """Return the statuses of *apps* without an id."""
    return {app_item(each): replace(status_of(app_item(each)), phone=each.phone) for each in apps}


@pytest.mark.parametrize(
    ("declared", "seen", "before", "expected"),
    [
        pytest.param([RENAMED], observed(), unlinked(APP), {ITEM: NEW}, id="another name"),
        pytest.param([RENAMED], BOTH, unlinked(APP), {ITEM: NEW}, id="linked since"),
        pytest.param([APP], observed(), unlinked(APP), {}, id="the name of before"),
        pytest.param([RENAMED], observed(), unlinked(TWO), {}, id="another phone"),
        pytest.param([replace(APP, phone=TWO.phone)], observed(), unlinked(APP), {}, id="a corrected phone"),
        pytest.param(
            [replace(APP, name=TWO.name), replace(TWO, name=APP.name)],
            observed(),
            unlinked(APP, TWO),
            {ITEM: OTHER, OTHER: ITEM},
            id="two names are swapped",
        ),
        pytest.param(
            [RENAMED],
            BOTH,
            {ITEM: replace(unlinked(APP)[ITEM], app_id=app_id(9))},
            {},
            id="an earlier app of the phone",
        ),
        pytest.param(
            [RENAMED],
            observed(),
            {ITEM: replace(unlinked(APP)[ITEM], app_id=app_id(1))},
            {ITEM: NEW},
            id="it was lost meanwhile",
        ),
        pytest.param(
            [replace(APP, name="old", state=AppState.RETIRED, replaced=True), RENAMED],
            BOTH,
            {NEW: replace(unlinked(RENAMED)[NEW], app_id=app_id(1))},
            {},
            id="a retired app does not get the status of the one that has its phone",
        ),
    ],
)
def test_an_app_without_an_id_is_known_by_its_phone(
    declared: Sequence[App], seen: Observed, before: Mapping[Item, Status], expected: Mapping[Item, Item]
) -> None:
    assert renamed_items(before, match_apps(desired(*declared), PARTNER, seen)) == expected


@pytest.mark.parametrize(
    ("app_name", "tag", "expected"),
    [
        pytest.param("app-0001", "events", "all", id="the tag stays"),
        pytest.param("acme", "events", "all", id="the app has another name, too"),
        pytest.param("app-0001", "other", None, id="another tag is another webhook"),
    ],
)
def test_a_webhook_is_known_by_its_tag(app_name: str, tag: str, expected: str | None) -> None:
    before = known(app_0001=1)
    before[HOOK] = replace(before[HOOK], listed=remote(WANTED))
    wanted = replace(WANTED, app=app_name, name="all", tag=tag)
    matches = match_apps(desired(replace(APP, name=app_name), wanted), PARTNER, BOTH)
    renamed = renamed_items(before, matches)
    now = replace(HOOK, app=app_name, name=expected or HOOK.name)
    assert renamed.get(HOOK, HOOK) == now
    after = follow(before, renamed)
    assert set(after) == {OF_PARTNER, replace(ITEM, app=app_name, name=app_name), now}
    assert after[now].listed == remote(WANTED)


def test_a_webhook_under_its_name_is_not_renamed() -> None:
    before = known(app_0001=1)
    before[HOOK] = replace(before[HOOK], listed=remote(WANTED))
    assert renamed_items(before, match_apps(desired(APP, WANTED), PARTNER, BOTH)) == {}
    more = replace(WANTED, name="new", tag="new")
    assert renamed_items(before, match_apps(desired(APP, WANTED, more), PARTNER, BOTH)) == {}


def test_a_status_has_its_dates_and_what_is_foreign_under_its_new_name() -> None:
    theirs = Foreign(tag_item(APP, "theirs"), "9", "hooks.example.org", ("SENT",), 3)
    before = known(app_0001=1)
    before[ITEM] = replace(before[ITEM], foreign=(theirs,))
    after = follow(before, {ITEM: NEW, HOOK: NEW_HOOK})
    assert set(after) == {NEW, NEW_HOOK, OF_PARTNER}
    assert after[NEW] == replace(
        before[ITEM], item=NEW, foreign=(replace(theirs, item=replace(theirs.item, app="acme")),)
    )


def test_the_statuses_of_an_app_that_is_gone_make_place_for_those_of_the_one_under_its_name() -> None:
    after = follow(known(acme=2, app_0001=1), {ITEM: NEW})
    assert {item: status.app_id for item, status in after.items() if item.app == "acme"} == {NEW: app_id(1)}


def test_a_condition_that_stays_keeps_its_time_under_a_new_name() -> None:
    first, then = desired(APP, WANTED), desired(RENAMED, replace(WANTED, app="acme"))
    seen = observed(row(1))
    was = {each.item: each for each in statuses(match_apps(first, PARTNER, seen), planned(first, seen), {})}
    later = replace(seen, at=seen.at + 60)
    matches = match_apps(then, PARTNER, later)
    found = statuses(matches, planned(then, later), follow(was, renamed_items(was, matches)))
    assert {each.item for each in found} == {NEW, NEW_HOOK}
    assert {condition.since for each in found for condition in each.conditions} == {seen.at}


def test_another_app_under_a_name_of_before_begins_anew() -> None:
    """A customer left, and another one has the name of its manifest: nothing of the first one is told."""
    seen = observed(live(1))
    matches = match_apps(desired(APP), PARTNER, seen)
    (was, *_) = statuses(matches, planned(desired(APP), seen), {})
    theirs = {ITEM: replace(was, app_id=app_id(9), phone=TWO.phone)}
    later = replace(seen, at=seen.at + 60)
    matches = match_apps(desired(APP), PARTNER, later)
    found = statuses(matches, planned(desired(APP), later), follow(theirs, renamed_items(theirs, matches)))
    assert {condition.since for condition in found[0].conditions} == {later.at}
