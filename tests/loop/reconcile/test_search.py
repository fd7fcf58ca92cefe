"""Apps that are searched match as they do with the whole list, and with the fewest calls."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.core.planning.match import Absent, Match, Undecided, index, match
from controller.errors import Busy
from controller.loop.reconcile.search import searched
from controller.model.history import Declared
from controller.model.manifest import App, AppId
from controller.model.memory import Binding, Memory
from controller.model.plan import Observed, WaitFor
from controller.model.upstream import Facts, Listing, Row
from tests.builders.manifest import SETTLE
from tests.builders.memory import memory
from tests.builders.upstream import HERE
from tests.loop.apply_fixture import Bench, app, bench

PHONES = ("910000000001", "9100000000012", "910000000002", "1910000000001")
NAMES = ("AppOne", "AppOneTwo", "AppTwo", "MyAppOne")
IDS = tuple(AppId(f"app-{number}") for number in range(1, 6))
phones, names = st.sampled_from(PHONES), st.sampled_from(NAMES)
rows = st.lists(
    st.builds(Row, st.sampled_from(IDS), names, st.one_of(phones, st.none())),
    max_size=5,
    unique_by=lambda row: row.id,
)
apps = st.builds(
    lambda phone, name, app_id: replace(app(name, phone), app_id=app_id),
    phones,
    names,
    st.sampled_from([None, None, *IDS]),
)
memories = st.dictionaries(phones, st.sampled_from(IDS), max_size=2).map(
    lambda bound: memory(bindings=[Binding(phone, app_id) for phone, app_id in bound.items()])
)


def matched(wanted: App, listing: Listing, known: Memory) -> Match:
    seen = Observed(1000.0, listing.rows, Facts(), known, listed=1000.0)
    return match(wanted, index(seen.rows, seen.facts), seen, SETTLE)


async def look(there: Bench, *wanted: App) -> tuple[Listing, list[str]]:
    """Search, and return what was found and which calls it took."""
    before = len(there.remote.calls)
    found = await searched(there.account(), wanted)
    return found, [verb for verb, _ in there.remote.calls[before:]]


async def account_of(there: Bench, count: int) -> None:
    await there.store.revisions.declare(HERE, Declared(count, 0))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows, apps, memories)
async def test_a_searched_app_matches_as_it_does_with_the_whole_list(
    tmp_path_factory: pytest.TempPathFactory, listed: Sequence[Row], wanted: App, known: Memory
) -> None:
    """Whatever phones and names collide, and whether the app is known by its id.

    A row without a phone, and with another name, is the exception: only the whole list shows that it might be
    the app, so that `apply` asks for its phone before a link.
    """
    async with bench(tmp_path_factory.mktemp("store") / "state.db") as there:
        there.remote.apps = {row.id: replace(row, created=0.0) for row in listed}
        whole = Listing(await there.remote.rows(), 1000.0)
        found, calls = await look(there, wanted)
        expected, answer = matched(wanted, whole, known), matched(wanted, found, known)

    assert "rows" not in calls
    assert len(calls) <= 3
    hidden = [row for row in listed if row.phone is None and row.name != wanted.app_name]
    if wanted.app_id is None and hidden and isinstance(expected, Undecided):
        assert answer in {Absent(), expected} or isinstance(answer, Undecided)
    else:
        assert answer == expected


async def test_a_row_without_its_phone_is_found_by_its_name(there: Bench) -> None:
    there.remote.put("AppOne", None, id_="app-1")
    found, calls = await look(there, app())
    undecided = matched(app(), found, Memory())
    assert isinstance(undecided, Undecided)
    assert (undecided.wait_for, undecided.ask) == (WaitFor.PHONE, ("app-1",))
    assert calls == ["search", "search"]


@pytest.mark.parametrize(
    ("app_id", "verbs"),
    [
        pytest.param(None, ["search", "search"], id="by phone and by name"),
        pytest.param("app-1", ["search"], id="by an id, where the phone leads to it"),
        pytest.param("app-2", ["search", "details", "search"], id="by an id, where it has another phone"),
        pytest.param("app-9", ["search", "details"], id="by an id that is not this partner's"),
    ],
)
async def test_an_app_takes_few_calls(there: Bench, app_id: str | None, verbs: list[str]) -> None:
    there.remote.put("AppOne", "910000000001", id_="app-1")
    there.remote.put("AppTwo", "910000000002", id_="app-2")
    _, calls = await look(there, replace(app(), app_id=None if app_id is None else AppId(app_id)))
    assert calls == verbs


async def test_an_app_with_an_id_and_no_name_there_is_found_in_the_list(there: Bench) -> None:
    there.remote.put("", "910000000007", id_="app-1")
    _, calls = await look(there, replace(app(), app_id=AppId("app-1")))
    assert calls == ["search", "details", "rows"]


@pytest.mark.parametrize(
    ("count", "of", "verbs"),
    [
        pytest.param(3, 300, {"rows"}, id="more searches than pages"),
        pytest.param(2, 300, {"search"}, id="as many searches as pages"),
        pytest.param(20, None, {"search"}, id="an account whose size is not known"),
        pytest.param(21, None, {"rows"}, id="many apps of such an account"),
        pytest.param(0, None, set(), id="no app needs no call"),
    ],
)
async def test_many_apps_are_found_in_the_list(
    there: Bench, count: int, of: int | None, verbs: set[str]
) -> None:
    if of is not None:
        await account_of(there, of)
    wanted = [app(f"AppNo{number}x", f"91{number:010}") for number in range(count)]
    there.remote.put("AppNo0x", "910000000000")
    found, calls = await look(there, *wanted)
    assert set(calls) == verbs
    assert [row.name for row in found.rows] == ["AppNo0x"][:count]
    assert found.at == there.clock.now()


@pytest.mark.parametrize("alike", ["phones", "names"])
async def test_an_app_with_too_many_alike_is_found_in_the_list(there: Bench, alike: str) -> None:
    there.remote.longest_search = 1
    there.remote.put("AppOne", "910000000007")
    there.remote.put("AppOneTwo" if alike == "names" else "AppTwo", "9100000000071")
    phone = "910000000007" if alike == "phones" else "910000000009"
    found, calls = await look(there, app("AppOne", phone))
    assert calls == ["search"] * (1 if alike == "phones" else 2) + ["rows"]
    assert len(found.rows) == 2


async def test_a_search_that_fails_is_no_absence(tmp_path: Path) -> None:
    async with bench(tmp_path / "state.db") as there:
        there.remote.on("search", Busy("no answer"))
        with pytest.raises(Busy):
            await look(there, app())
