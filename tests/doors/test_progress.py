"""The progress of a run: its table fits into the terminal."""

from collections.abc import Iterable

import pytest

from controller.doors.cli.output.progress import table
from controller.loop.apply import PartnerRun
from controller.loop.reconcile.state import PassRequest
from controller.model.manifest import Desired
from controller.model.status import Status
from tests.builders.manifest import app
from tests.builders.status import FALSE, TRUE, condition, status_of
from tests.builders.upstream import app_id

NOTHING = Desired("r1", (), (), (), complete=True)


def status(number: int, *, ready: bool) -> Status:
    truth, reason = (TRUE, "Ready") if ready else (FALSE, "AwaitingLive")
    conditions = (condition(type_, truth, reason) for type_ in ("Live", "Subscribed", "Ready"))
    return status_of(app(number).name, *conditions, app_id=app_id(number), stage="GET_CERTIFICATE")


def run(statuses: Iterable[Status]) -> PartnerRun:
    return PartnerRun(PassRequest(NOTHING, NOTHING), statuses=tuple(statuses))


@pytest.mark.parametrize(
    ("rows_of_terminal", "shown", "count"),
    [
        pytest.param(40, 30, "12 of 30 apps ready", id="a tall terminal"),
        pytest.param(20, 20, "12 of 30 apps ready, 10 not shown", id="one of 24 lines"),
        pytest.param(1, 1, "12 of 30 apps ready, 29 not shown", id="one that is hardly there"),
    ],
)
def test_the_progress_table_is_no_taller_than_its_terminal(
    rows_of_terminal: int, shown: int, count: str
) -> None:
    head, *rows, _, last = table(
        [run(status(n, ready=n < 12) for n in range(30))], rows_of_terminal
    ).splitlines()
    assert head.split() == ["NAME", "PARTNER", "LIVE", "SUBSCRIBED", "READY", "REASON"]
    assert (len(rows), last) == (shown, count)
    assert all(row.endswith("AwaitingLive") for row in rows[:18]), "what is not ready comes first"
    assert max(map(len, (head, *rows))) <= 80
