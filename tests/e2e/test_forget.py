"""`gupshupctl forget` at its edges: killed half-way, twice, on a server, of an app that never was linked."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.edges.clock import SystemClock
from controller.edges.store import open_store
from controller.model.upstream import Upstream
from tests.e2e.world import AMPLE, HASTY, World, app, subscription, world
from tests.postgresql import Server

LOOSE = HASTY.replace("spec: {", "spec: {guards: {maxShrink: 100%}, ")
ONE, TWO = app("AppOne", 1), app("AppTwo", 2)
ELSEWHERE = "http://127.0.0.1:9#7"
PHONES = ("910000000001", "910000000002")


@pytest.fixture
def there(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, *AMPLE) as made:
        made.stay_signed_in()
        yield made


def declare(there: World, *apps: str) -> None:
    there.declare(LOOSE, *apps, subscription())


def apply(there: World, *apps: str, store: str = "") -> int:
    declare(there, *apps)
    return there.apply("--wait", *(("--store", store) if store else ())).code


def holding(there: World, *words: str) -> list[str]:
    """Return those of *words* that a file of the store has."""
    files = [each for each in (there.folder / ".gupshupctl").rglob("*") if each.is_file()]
    return [word for word in words if any(word.encode() in each.read_bytes() for each in files)]


def test_an_app_whose_link_was_refused_is_seen_and_forgotten(there: World) -> None:
    """It never had an id: its phone is known from its manifest of then."""
    there.seed({"name": "AppTwo", "phone": "919999999999", "partner": "stranger"})
    assert apply(there, ONE, TWO) == 5
    since = conditions(there, "AppTwo")
    assert apply(there, ONE, app("Another", 2, "appName: AppTwo")) == 5
    assert conditions(there, "Another") == since, "the same app under another name"

    assert apply(there, ONE) == 0
    (row,) = [each for each in there.run("get").out.splitlines() if each.startswith("Another")]
    assert row.endswith("ManifestGone")
    assert holding(there, *PHONES) == [*PHONES]
    done = there.run("forget", "Another", "--yes")
    assert (done.code, "1 of refusals" in done.out, "the app at Gupshup" in done.out) == (0, True, False)
    assert holding(there, *PHONES) == [PHONES[0]]
    assert "AppTwo" in there.run("events").out, "it was tried under a name that is no more, and without an id"
    assert there.run("forget", "AppTwo", "--yes").code == 0
    assert holding(there, "App/AppTwo") == []
    again = there.run("forget", "AppTwo", "--yes")
    assert (again.code, "the store holds nothing that names App/AppTwo" in again.err) == (1, True)


def conditions(there: World, name: str) -> list[tuple[str, str]]:
    (item,) = there.run("get", "apps", name, "-o", "json").json()["items"]
    return [(each["type"], each["lastTransitionTime"]) for each in item["conditions"]]


def test_a_forget_that_was_killed_before_the_bytes_went_is_finished_by_the_next(there: World) -> None:
    assert apply(there, ONE, TWO) == 0
    assert apply(there, ONE) == 0
    asyncio.run(erase(there, "AppTwo", PHONES[1]))
    assert holding(there, *PHONES) == [*PHONES]
    again = there.run("forget", "AppTwo", "--yes")
    assert (again.code, "the store holds nothing that names App/AppTwo" in again.err) == (1, True)
    assert holding(there, *PHONES) == [PHONES[0]]


async def erase(there: World, name: str, phone: str) -> None:
    """Do the first half of `forget`, with a SQLite that leaves the bytes of deleted rows."""
    async with open_store(there.folder / ".gupshupctl/state.db", SystemClock(), inline=True) as store:
        await store._database.read(lambda own: own.exec_driver_sql("PRAGMA secure_delete=OFF") and None)
        async with store.writer(Upstream(there.upstream())):
            await store.erasure.erase(there.upstream(), name, {phone})


def test_an_app_that_had_the_name_before_keeps_its_history(there: World) -> None:
    """And the phone of an app that stays is no word to erase by."""
    assert apply(there, ONE, TWO) == 0
    swapped = [app("AppTwo", 1, "appName: AppOne"), app("AppOne", 2, "appName: AppTwo", "state: Retired")]
    assert apply(there, *swapped) == 0
    before = there.run("events", "AppTwo", "-o", "json").json()["items"]
    assert [each["target"] for each in before][-1] == "App/AppOne", "the name that the other one has now"
    refused = there.run("forget", "AppOne", "--yes", "--phone", PHONES[0])
    assert (refused.code, "App/AppTwo has this phone" in refused.err) == (1, True)
    assert there.run("forget", "AppOne", "--yes").code == 0
    assert there.run("events", "AppTwo", "-o", "json").json()["items"] == before
    assert holding(there, *PHONES) == [PHONES[0]]


def test_an_account_in_which_it_is_active_is_left(there: World) -> None:
    """Such as that of a rehearsal, whose simulator is gone: no pass will ever find it retired there."""
    assert apply(there, ONE, TWO) == 0
    asyncio.run(rehearsed(there, "App/AppTwo"))
    assert apply(there, ONE) == 0
    done = there.run("forget", "AppTwo", "--yes")
    assert (done.code, f"- App/AppTwo in {ELSEWHERE}, where it is declared" in done.out) == (0, True)
    assert [each["upstream"] for each in items(there, "AppTwo")] == [ELSEWHERE]
    again = there.run("forget", "AppTwo", "--yes")
    assert (again.code, f"{ELSEWHERE}: App/AppTwo is declared" in again.err) == (1, True)


def items(there: World, name: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = there.run("get", "apps", name, "-o", "json").json()["items"]
    return found


async def rehearsed(there: World, resource: str) -> None:
    """Let the resource stand in another account as it does in this one."""
    async with open_store(there.folder / ".gupshupctl/state.db", SystemClock(), inline=True) as store:
        known = await store.statuses.read(there.upstream())
        await store.statuses.save(ELSEWHERE, {resource: known[resource]})


def test_forget_on_a_server_leaves_nothing_in_its_tables(there: World, server: Server) -> None:
    """Nor in what the server sampled of them. Its log is its own, and that is told, also the next time."""
    name_of_it = server.database()
    url = server.url(name_of_it)
    phone, name = "910000007771", "AppSeven"
    assert apply(there, ONE, app(name, 7771), store=url) == 0
    assert apply(there, ONE, store=url) == 0
    gone = there.apps()[name]["id"]
    with server.connect(name_of_it) as connection:
        connection.execute("ANALYZE")
    assert in_tables(server, phone, gone) == [phone, gone]
    done = there.run("forget", name, "--yes", "--store", url)
    assert done.code == 0, done.err
    assert "- bytes of the deleted rows may be in the server's log (WAL)" in done.out
    assert in_tables(server, phone, gone) == []
    assert name not in there.run("get", "--all", "--store", url).out
    again = there.run("forget", name, "--yes", "--store", url)
    assert (again.code, "deleted before may be in the server's log" in again.err) == (1, True)
    assert there.apply("--store", url).summary == {"unchanged": 2}
    assert in_tables(server, phone, gone) == []


def in_tables(server: Server, *words: str) -> list[str]:
    with server.connect() as connection:
        connection.execute("CHECKPOINT")
    files = [each.read_bytes() for each in (server.folder / "data/base").rglob("*") if each.is_file()]
    return [word for word in words if any(word.encode() in data for data in files)]
