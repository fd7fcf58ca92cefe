"""`apply` brings what is declared live and subscribed with the fewest calls, and then leaves it alone."""

import math
from collections.abc import Sequence
from pathlib import Path

from controller.edges.clock import SystemClock
from controller.edges.store import open_store
from controller.model.manifest import AppId
from controller.model.memory import Bind, Binding
from tests.e2e.world import AMPLE, HASTY, THREE, app, subscription, world


def test_three_apps_go_live_and_are_subscribed_and_are_then_left_alone(tmp_path: Path) -> None:
    """The stand-in refuses subscriptions before an app is live here, and would say so."""
    with world(tmp_path, "--switch", "subscribe-before-live=no", scale=500) as there:
        there.declare(*THREE)
        first = there.apply("--wait")

        assert (first.code, first.summary) == (0, {"linked": 3, "subscribed": 3})
        assert there.tags() == {"AppOne": ["events"], "AppTwo": ["events"], "AppThree": ["events"]}
        assert all(each["live"] for each in there.apps().values())
        assert len(there.calls("link")) == len(there.calls("subscribe")) == 3
        assert {call["status"] for call in there.calls()} <= {200, 202}

        calls = len(there.calls())
        second = there.apply("--wait")
        assert (second.code, second.summary) == (0, {"unchanged": 6})
        assert there.counted(since=calls) == {"list": 2, "mintPartner": 1, "subscriptions": 3}
        assert there.within_limits()


async def test_a_settled_fleet_costs_a_sign_in_and_one_call_an_app_beside_its_list(tmp_path: Path) -> None:
    count = 150
    with world(tmp_path, *AMPLE, "--switch", "page-size-max=0") as there:
        there.declare(HASTY, *(app(f"Shop{n:04}", n) for n in range(count)), subscription())
        ids = there.seed(*(_settled(n) for n in range(count)))
        await _know(tmp_path / "state.db", there.upstream(), ids)
        calls = len(there.calls())
        done = there.apply("--wait", "--store", "state.db")

        assert (done.code, done.summary) == (0, {"unchanged": 2 * count})
        counted = there.counted(since=calls)
        assert counted.pop("list") <= math.ceil(count / 100) + 1
        assert counted == {"login": 1, "mintPartner": 1, "subscriptions": count}
        calls = len(there.calls())
        assert there.apply("--wait", "--store", "state.db").code == 0
        assert len(there.calls(since=calls)) <= count + math.ceil(count / 100) + 2
        assert there.within_limits()


def _settled(number: int) -> dict[str, object]:
    url = f"https://hooks.example.com/Shop{number:04}"
    events = {"tag": "events", "url": url, "version": 3, "modes": ["SENT", "MESSAGE"]}
    return {"name": f"Shop{number:04}", "phone": f"91{number:010}", "subscriptions": [events]}


async def _know(path: Path, upstream: str, ids: Sequence[str]) -> None:
    """Let a store know the apps and that Gupshup does not show their WABA, as after an earlier run."""
    async with open_store(path, SystemClock()) as store:
        known = [Bind(Binding(f"91{n:010}", AppId(each), waba="")) for n, each in enumerate(ids)]
        await store.memories.note(upstream, known)
