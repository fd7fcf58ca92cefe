"""A foreign webhook is told within one drift interval, by the one read that each app has anyway."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from controller.core.render.statuses import read_documents
from controller.model.manifest import WebhookPolicy
from controller.model.upstream import RemoteSubscription, SubscriptionId
from tests.builders.manifest import PARTNER, desired
from tests.builders.upstream import HERE
from tests.loop.apply_fixture import app
from tests.loop.run_fixture import TEMPO, Tending, tending

COUNT = 40

STRICT = replace(PARTNER, webhooks=WebhookPolicy(("hooks.example.com",)))
NAMES = [f"AppNo{number:04d}" for number in range(COUNT)]
APPS = [app(name, f"9100000{number:05d}", callback=None) for number, name in enumerate(NAMES)]
FLEET = desired(*(replace(each, policies=frozenset()) for each in APPS))
THEIRS = RemoteSubscription(
    SubscriptionId("9"), "theirs", "https://hooks.example.org/x", 3, 64, ("MESSAGE",), active=True
)


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Tending]:
    with capture_logs(), tending(tmp_path) as found:
        yield found


async def alarmed(there: Tending) -> list[str]:
    statuses = read_documents(await there.store.statuses.read(HERE))
    return [each.item.name for each in statuses if each.condition("ForeignWebhook")]


def test_a_foreign_webhook_is_told_within_a_drift_interval_at_no_further_call(there: Tending) -> None:
    ids = [there.remote.put(each.app_name, each.phone) for each in FLEET.apps]
    worker = there.tenure(replace(FLEET, partners=(STRICT,)), there.account(STRICT))
    assert TEMPO.drift is not None
    interval = TEMPO.drift

    async def scene() -> tuple[list[str], list[str]]:
        serving = asyncio.create_task(there.serve(worker, 5 * interval))
        await asyncio.sleep(2 * interval)
        there.remote.calls.clear()
        there.remote.subs[ids[7]]["theirs"] = THEIRS
        await asyncio.sleep(interval)
        found = await alarmed(there)
        del there.remote.subs[ids[7]]["theirs"]
        await asyncio.sleep(interval)
        ended = await alarmed(there)
        await serving
        return found, ended

    assert there.run(scene()) == ([NAMES[7]], [])
    reads = there.remote.count("subscriptions")
    assert reads == pytest.approx(3 * COUNT / 0.9, rel=0.15), "one read an app and interval"
    assert {verb for verb, _ in there.remote.calls} <= {"rows", "subscriptions"}
    assert there.remote.writes == []
