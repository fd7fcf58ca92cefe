"""Health in a process that never stops: each app once a day, soon after an event, and never for a restart."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from controller.core.health.reading import DAY, HOUR
from controller.core.render.statuses import read_documents
from controller.errors import Busy
from controller.model.manifest import App, AppId, Desired
from controller.model.passes import Timing
from controller.model.plan import Kind
from controller.model.status import Condition, Truth
from tests.builders.health import BANNED, FINE
from tests.builders.manifest import desired
from tests.builders.upstream import HERE
from tests.loop.apply_fixture import ONE, app
from tests.loop.run_fixture import Tending, tending

LAZY = Timing(interval=900.0, drift=6 * HOUR, hint_poll=3 * HOUR)
NAME, ID = ONE.name, AppId("app-1")
OURS = replace(FINE, waba_id=ONE.waba_id)


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Tending]:
    with capture_logs(), tending(tmp_path) as found:
        found.tempo = LAZY
        yield found
        assert found.remote.faults == []


def fleet(there: Tending, count: int) -> Desired:
    """Return so many apps, all of them live."""
    apps: list[App] = [
        app(f"App{number:04d}", f"9100000{number:05d}", callback=None) for number in range(count)
    ]
    for each in apps:
        there.remote.health[there.remote.put(each.app_name, each.phone)] = OURS
    return desired(*apps)


def serve(there: Tending, declared: Desired, seconds: float) -> None:
    """Let one process work for so many seconds."""
    there.run(there.serve(there.tenure(declared), seconds), limit=30 * DAY)


def reads(there: Tending) -> Counter[str]:
    return Counter(about for verb, about in there.remote.calls if verb == "waba")


def sendable(there: Tending) -> Condition:
    async def read() -> Condition:
        found = read_documents(await there.store.statuses.read(HERE))
        (status,) = (each for each in found if each.item.kind is Kind.APP)
        condition = status.condition("Sendable")
        assert condition is not None
        return condition

    return there.run(read())


def test_each_app_is_read_once_a_day_all_day_long(there: Tending) -> None:
    declared = fleet(there, 24)
    serve(there, declared, HOUR / 60)
    assert set(reads(there).values()) == {1}, "as it is first seen live"
    there.remote.calls.clear()
    hours, began = [], there.seconds
    for _ in range(23):
        before = reads(there).total()
        serve(there, declared, HOUR)
        hours.append(reads(there).total() - before)
    assert there.seconds - began <= DAY
    assert set(reads(there).values()) == {1}
    assert len(reads(there)) >= 22
    assert max(hours) <= 6, "a fleet is spread over the day, although it was found at once"


def test_restarts_cause_no_further_reads(there: Tending) -> None:
    declared = fleet(there, 5)
    for _ in range(3 * 20):
        serve(there, declared, DAY / 20)
    days = int(there.seconds // DAY)
    most = days + 2  # as it is first seen live, and in the day that has begun
    assert len(reads(there)) == 5
    assert days <= min(reads(there).values()) <= max(reads(there).values()) <= most


def test_a_ban_is_found_within_a_minute_of_its_event_and_within_a_day_without(there: Tending) -> None:
    there.remote.health[there.remote.put(NAME, ONE.phone)] = OURS
    made = there.tenure(desired(ONE))
    there.run(there.serve(made, HOUR))
    assert sendable(there).status is Truth.TRUE
    there.remote.health[ID] = replace(BANNED, waba_id=ONE.waba_id)
    assert made.event([ID])
    there.run(there.serve(made, 60.0))
    found = sendable(there)
    assert (found.status, found.reason) == (Truth.FALSE, "AccountBanned")
    there.remote.health[ID] = OURS
    there.run(there.serve(made, DAY), limit=2 * DAY)
    assert sendable(there).reason == "CanSend"


def test_a_read_after_an_event_is_tried_again_if_it_fails(there: Tending) -> None:
    there.remote.health[there.remote.put(NAME, ONE.phone)] = OURS
    there.tempo = replace(LAZY, interval=60.0)
    made = there.tenure(desired(ONE))
    there.run(there.serve(made, HOUR))
    there.remote.health[ID] = replace(BANNED, waba_id=ONE.waba_id)
    there.remote.on("waba", Busy("away"), Busy("away"))
    made.event([ID])
    there.run(there.serve(made, 300.0))
    assert sendable(there).reason == "AccountBanned"


def test_an_app_whose_health_cannot_be_read_is_tried_once_an_hour(there: Tending) -> None:
    there.remote.put(NAME, ONE.phone)
    there.remote.on("waba", *(Busy("away") for _ in range(99)))
    there.tempo = replace(LAZY, interval=60.0, drift=300.0)
    serve(there, desired(ONE), 6 * HOUR)
    assert 6 <= reads(there)[ID] <= 7


def test_a_process_that_only_observes_reads_once_a_day_as_well(there: Tending) -> None:
    there.tempo = replace(LAZY, enforce=False)
    serve(there, fleet(there, 3), 3 * DAY)
    assert set(reads(there).values()) == {4}
