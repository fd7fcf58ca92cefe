"""The status recorder: changed statuses are reported and written, undeclared ones are deleted."""

from dataclasses import replace

import pytest

from controller.core.planning.matched_app import app_item
from controller.core.render.statuses import read_documents
from controller.loop.run.status_recorder import KEPT, StatusRecorder
from controller.model.passes import Transition
from controller.model.plan import Foreign, Item, Kind
from controller.model.status import Condition, ListedApp, Status, Truth
from tests.builders.upstream import HERE
from tests.loop.apply_fixture import Bench, app

ONE, TWO = (app_item(app(name)) for name in ("AppOne", "AppTwo"))


def status(item: Item, truth: Truth, at: float, *, reason: str = "Ready", message: str = "") -> Status:
    return Status(item, (Condition("Ready", truth, reason, message, at, "r1"),), "r1", at)


async def stored(there: Bench) -> dict[Item, Status]:
    return {each.item: each for each in read_documents(await there.store.statuses.read(HERE))}


async def test_a_new_status_is_reported_and_written(there: Bench) -> None:
    found = status(ONE, Truth.TRUE, 1.0)
    changes = await StatusRecorder().record(there.account(), [found], whole=True, force=False)
    assert changes == (Transition(ONE, None, found.conditions[0]),)
    assert await stored(there) == {ONE: found}


async def test_an_unchanged_status_is_neither_reported_nor_written_until_it_is_old(
    there: Bench,
) -> None:
    made = StatusRecorder()
    first = status(ONE, Truth.TRUE, 1.0)
    await made.record(there.account(), [first], whole=True, force=False)
    for at, written in ((KEPT, 1.0), (KEPT + 1, KEPT + 1), (KEPT + 2, KEPT + 1)):
        later = Status(ONE, first.conditions, "r1", at)
        assert await made.record(there.account(), [later], whole=False, force=False) == ()
        assert (await stored(there))[ONE].at == written
        assert made.last[ONE].at == at
    await made.record(
        there.account(), [Status(ONE, first.conditions, "r1", KEPT + 3)], whole=False, force=True
    )
    assert (await stored(there))[ONE].at == KEPT + 3


async def test_a_pass_over_one_app_keeps_the_dates_of_other_statuses(there: Bench) -> None:
    made = StatusRecorder()
    both = [status(ONE, Truth.TRUE, 1.0), status(TWO, Truth.TRUE, 1.0)]
    await made.record(there.account(), both, whole=True, force=False)
    for at in (1.5, 2.0):
        for item in (ONE, TWO):
            later = Status(item, both[0].conditions, "r1", at)
            await made.record(there.account(), [later], whole=False, force=False)
    assert {each.at for each in (await stored(there)).values()} == {1.0}, "nothing was written again"


async def test_a_status_dated_ahead_by_an_earlier_process_is_dated_anew(there: Bench) -> None:
    """Its clock was three days fast: readers that wait for a new status would wait as long."""
    ahead = status(ONE, Truth.TRUE, 3 * 86_400.0)
    await StatusRecorder().record(there.account(), [ahead], whole=True, force=False)
    made = StatusRecorder()
    await made.load(there.account())
    await made.record(there.account(), [Status(ONE, ahead.conditions, "r1", 1.0)], whole=True, force=False)
    assert (await stored(there))[ONE].at == 1.0


@pytest.mark.parametrize(
    ("after", "told"),
    [
        pytest.param(status(ONE, Truth.FALSE, 2.0), True, id="another status"),
        pytest.param(status(ONE, Truth.TRUE, 2.0, reason="Else"), True, id="another reason"),
        pytest.param(status(ONE, Truth.TRUE, 2.0, message="other words"), False, id="other words only"),
    ],
)
async def test_a_changed_condition_is_reported(there: Bench, after: Status, *, told: bool) -> None:
    made, before = StatusRecorder(), status(ONE, Truth.TRUE, 1.0)
    await made.record(there.account(), [before], whole=True, force=False)
    changes = await made.record(there.account(), [after], whole=False, force=False)
    assert changes == ((Transition(ONE, before.conditions[0], after.conditions[0]),) if told else ())
    assert await stored(there) == {ONE: after}


async def test_the_status_of_an_undeclared_item_is_deleted_by_a_full_pass(there: Bench) -> None:
    made = StatusRecorder()
    both = [status(ONE, Truth.TRUE, 1.0), status(TWO, Truth.TRUE, 1.0)]
    await made.record(there.account(), both, whole=True, force=False)
    await made.record(there.account(), both[:1], whole=False, force=False)
    assert set(await stored(there)) == {ONE, TWO}
    await made.record(there.account(), both[:1], whole=True, force=False)
    assert await stored(there) == {ONE: both[0]}
    assert (set(made.last), set(made._written)) == ({ONE}, {ONE})


async def test_conditions_keep_their_times_over_a_restart(there: Bench) -> None:
    before = status(ONE, Truth.TRUE, 1.0)
    await StatusRecorder().record(there.account(), [before], whole=True, force=False)
    again = StatusRecorder()
    await again.load(there.account())
    assert again.last == {ONE: before}
    assert await again.record(there.account(), [before], whole=True, force=False) == ()


async def test_the_status_of_an_item_undeclared_while_no_process_ran_is_deleted(there: Bench) -> None:
    await StatusRecorder().record(there.account(), [status(TWO, Truth.TRUE, 1.0)], whole=True, force=False)
    again = StatusRecorder()
    await again.load(there.account())
    await again.record(there.account(), [status(ONE, Truth.TRUE, 2.0)], whole=True, force=False)
    assert set(await stored(there)) == {ONE}


async def test_a_foreign_webhook_is_written_at_once_although_no_condition_changes(there: Bench) -> None:
    made, first = StatusRecorder(), status(ONE, Truth.TRUE, 1.0)
    await made.record(there.account(), [first], whole=True, force=False)
    theirs = Foreign(Item(Kind.SUBSCRIPTION, "main", "AppOne", "theirs"), "9", "hooks.example.org", (), 3)
    later = replace(first, at=2.0, foreign=(theirs,))
    assert await made.record(there.account(), [later], whole=False, force=False) == ()
    assert await stored(there) == {ONE: later}


async def test_what_gupshup_lists_is_a_part_of_a_status(there: Bench) -> None:
    made, known = StatusRecorder(), status(ONE, Truth.TRUE, 1.0)
    await made.record(there.account(), [known], whole=True, force=False)
    listed = replace(known, at=2.0, is_listed=True, listed=ListedApp("AppOne"))
    assert await made.record(there.account(), [listed], whole=False, force=False) == ()
    assert await stored(there) == {ONE: listed}
