"""Apps whose manifests are gone: they stay in the record, and say what to do."""

from dataclasses import replace

import pytest

from controller.core.planning.digest import digest, link_key, retired_key
from controller.core.planning.matched_app import match_apps
from controller.core.status.conditions import statuses
from controller.core.status.state import state_of
from controller.core.status.summary import summarize
from controller.core.status.unmanaged import unmanaged, unmanaged_note
from controller.model.manifest import AppState, Desired
from controller.model.memory import Binding, Intent, LedgerEntry, Memory, Refusal
from controller.model.plan import Item, Observed
from controller.model.status import Status
from tests.builders.manifest import APP, PARTNER, WANTED, app, desired
from tests.builders.memory import NOW, memory
from tests.builders.plan import ITEM, observed, planned
from tests.builders.upstream import app_id, live, looked, remote

SEEN = observed(live(1), facts=looked(1, there={1: (remote(WANTED),)}))
LATER = replace(SEEN, at=NOW + 60)
TWO = app(2)
BOTH = desired(APP, WANTED, TWO)


def standing(declared: Desired, seen: Observed = SEEN) -> list[Status]:
    matches = match_apps(declared, PARTNER, seen)
    return list(statuses(matches, planned(declared, seen), {}))


def gone(declared: Desired, before: list[Status], seen: Observed = LATER) -> list[Status]:
    previous = {each.item: each for each in before}
    return list(unmanaged(match_apps(declared, PARTNER, seen), standing(declared, seen), previous))


def words(status: Status) -> list[str]:
    return [f"{each.type} {each.status} {each.reason}" for each in status.conditions]


def test_an_app_whose_manifest_is_gone_stays_and_says_what_to_do() -> None:
    """Only apps do, and only those that were at Gupshup: app-0002 never was."""
    (found,) = gone(desired(app(3), revision="r2"), standing(BOTH))
    assert (found.item, found.app_id, found.at, found.revision) == (ITEM, app_id(1), NOW + 60, "r2")
    assert words(found) == ["Unmanaged True ManifestGone"]
    assert state_of(found) == ("Unmanaged", found.conditions[0])
    assert "put the manifest back" in found.conditions[0].message
    again = gone(desired(app(3)), [found], replace(LATER, at=NOW + 120))
    assert [(each.at, each.conditions[0].since) for each in again] == [(NOW + 120, NOW + 60)]
    summary = summarize([found], each=True)
    assert (summary.ready, summary.unready, summary.stages, summary.oldest) == ({}, {}, {}, None)


@pytest.mark.parametrize(
    ("held", "stays"),
    [
        pytest.param(memory(), False, id="never tried"),
        pytest.param(memory(intents=[Intent(1, TWO.phone, "App2")]), True, id="a link is under way"),
        pytest.param(
            memory(refusals=[Refusal(link_key(TWO.phone), "d", "Rejected", "no", NOW)]), True, id="refused"
        ),
        pytest.param(memory(bindings=[Binding(TWO.phone, app_id(2))]), True, id="linked, and lost"),
        pytest.param(memory(bindings=[Binding(APP.phone, app_id(1))]), False, id="another one was linked"),
    ],
)
def test_an_app_without_an_id_stays_if_the_store_holds_its_phone(held: Memory, *, stays: bool) -> None:
    """Else nobody could see what is left of it, and `forget` would not find it."""
    seen = observed(live(1), known=held)
    found = gone(desired(APP), standing(BOTH), seen)
    assert [(each.item.name, each.phone) for each in found] == [(TWO.name, TWO.phone)] * stays
    assert [each.item for each in gone(desired(APP), found, seen)] == [each.item for each in found]
    assert gone(desired(APP, replace(TWO, name="renamed")), found, seen) == []


def test_it_ends_with_a_manifest_of_the_app_under_any_name() -> None:
    before = gone(desired(app(3)), standing(BOTH))
    assert gone(BOTH, before) == []
    assert gone(desired(replace(APP, name="renamed")), before) == []


def test_an_app_that_is_lost_at_gupshup_has_its_manifest() -> None:
    assert gone(BOTH, standing(BOTH), observed(at=NOW + 60)) == []


def test_the_record_of_a_retired_app_stays_retired() -> None:
    settled = observed(
        live(1), known=memory(ledger=[LedgerEntry(retired_key(app_id(1)), digest([None, []]))])
    )
    before = standing(desired(replace(APP, state=AppState.RETIRED)), settled)
    (found,) = gone(desired(app(3)), before)
    assert words(found) == ["Retired True Retired", "Unmanaged True ManifestGone"]
    assert state_of(found)[0] == "Retired"
    assert found.conditions[1].message == (
        "no manifest of its partner declares it: `gupshupctl forget NAME` erases what the store holds of it"
    ), "no webhook of ours is left"


def test_a_note_names_a_few() -> None:
    (one,) = gone(desired(app(3)), standing(BOTH))
    assert unmanaged_note(standing(BOTH)) == ""
    assert unmanaged_note([one]).startswith(
        "No manifest of its partner declares App/app-0001: nothing of it is read"
    )
    many = [replace(one, item=Item(ITEM.kind, "main", f"a{number}", f"a{number}")) for number in range(7)]
    assert "declares App/a0, App/a1, App/a2, App/a3, App/a4 and 2 more: " in unmanaged_note(many)
