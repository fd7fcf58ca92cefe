"""One listener feeds metrics, the log and alerts, and no error of theirs reaches the loop."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from controller.doors.observability import Observability
from controller.doors.web.metrics import Metrics
from controller.edges.store import SqlStore
from controller.model.notice import Notice
from controller.model.passes import Pass
from tests.builders.passes import finished_pass
from tests.doors.fake_control import FakeControl


async def test_one_pass_reaches_metrics_listeners_and_notifications(store: SqlStore) -> None:
    control, passes, notices = FakeControl(), list[Pass](), list[Notice]()
    observability = Observability(Metrics(), store, control, listeners=[passes.append], notify=notices.append)
    answer, alerter = observability.watch(control)
    assert alerter is not None
    observability.on_pass(finished_pass(error="login: 403", error_kind="Denied"))
    for _ in range(10):
        await alerter.check()
        control.time += 10
    app = Starlette(routes=[Route("/metrics", answer)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://here") as client:
        text = (await client.get("/metrics")).text
    assert 'gupshup_controller_failing{error="Denied",partner="main"} 1.0' in text
    assert [each.error_kind for each in passes] == ["Denied"]
    assert [each.title for each in notices] == ["The credentials of partner main are refused"]


async def test_a_listener_that_fails_stops_no_other_listener(
    store: SqlStore, capsys: pytest.CaptureFixture[str]
) -> None:
    passes: list[Pass] = []

    def broken(_: Pass) -> None:
        raise RuntimeError("a bug")

    observability = Observability(Metrics(), store, FakeControl(), listeners=[broken, passes.append])
    observability.on_pass(finished_pass())
    assert len(passes) == 1
    assert "a listener failed" in "".join(capsys.readouterr())


async def test_without_notification_services_there_is_no_alerter(store: SqlStore) -> None:
    control = FakeControl()
    _, alerter = Observability(Metrics(), store, control).watch(control)
    assert alerter is None
