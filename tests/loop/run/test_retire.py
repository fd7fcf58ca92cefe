"""A running controller and a customer who leaves: the webhooks go, and then no call names the app."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from controller.core.render.statuses import read_documents
from controller.model.manifest import App, AppState, Desired, Subscription
from controller.model.passes import WHOLE_PARTNER
from tests.builders.manifest import PARTNER, desired
from tests.builders.upstream import HERE
from tests.loop.apply_fixture import app
from tests.loop.run_fixture import TEMPO, Tending, tending

HOOK = "https://hooks.example.com/1"
MODES = frozenset({"MESSAGE"})
APP = app("AppNoOne", "910000000001", callback=None)
WANTED = Subscription("events", PARTNER.name, APP.name, "events", HOOK, 3, MODES)
LEFT = replace(APP, state=AppState.RETIRED)
HOUR = 3_600.0


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Tending]:
    with capture_logs(), tending(tmp_path) as found:
        yield found


def declared(one: App, revision: str) -> Desired:
    return desired(one, WANTED, revision=revision)


async def state(there: Tending) -> list[str]:
    statuses = read_documents(await there.store.statuses.read(HERE))
    return [each.type for found in statuses for each in found.conditions if found.item.name == APP.name]


def test_nothing_of_a_retired_app_is_called_once_its_webhooks_are_gone(there: Tending) -> None:
    """Neither a sweep, nor an event, nor a request about everything; a request about the app does look."""
    app_id = there.remote.put(APP.app_name, APP.phone)
    worker = there.tenure(declared(APP, "r1"))

    async def scene() -> list[list[str]]:
        serving = asyncio.create_task(there.serve(worker, 3 * HOUR))
        await asyncio.sleep(HOUR)
        assert list(there.remote.subs[app_id]) == ["events"]
        worker.declare(declared(LEFT, "r2"))
        await asyncio.sleep(2 * TEMPO.interval)
        assert there.remote.subs[app_id] == {}
        assert "Retired" in await state(there)
        there.remote.calls.clear()
        assert worker.event([APP.phone])
        await there.store.hints.leave(HERE, WHOLE_PARTNER, "check")
        await asyncio.sleep(HOUR / 2)
        settled = sorted({verb for verb, _ in there.remote.calls})
        await there.store.hints.leave(HERE, APP.name, "check")
        await asyncio.sleep(2 * TEMPO.interval)
        asked = sorted({verb for verb, _ in there.remote.calls})
        there.remote.calls.clear()
        await asyncio.sleep(HOUR / 2)
        after = sorted({verb for verb, _ in there.remote.calls})
        worker.declare(declared(APP, "r3"))
        await asyncio.sleep(2 * TEMPO.interval)
        assert list(there.remote.subs[app_id]) == ["events"]
        await serving
        return [settled, asked, after]

    settled, asked, after = there.run(scene())
    assert settled == ["rows"]
    assert "subscriptions" in asked
    assert after == ["rows"]
