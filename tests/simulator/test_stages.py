"""Provisioning: stages over virtual time, and the time at which an app goes live."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from controller.simulator import Fault, Switches
from controller.simulator.stages import Course, failing, succeeding
from tests.simulator.pretend import HOOK, START, Caller

LIVE = "WHATSAPP_PROVISIONING_DONE"


async def stage(caller: Caller, app: str) -> dict[str, Any]:
    found: dict[str, Any] = (await caller.on_app("GET", app, "/pipeline")).json()["whatsapp"]
    return found


async def watched(caller: Caller, app: str, virtual: float) -> list[tuple[str, str]]:
    """Read twice a second until *virtual* seconds have passed; return each new stage."""
    seen: list[tuple[str, str]] = []
    until = caller.clock.time + virtual / caller.world.time.scale
    while caller.clock.time < until:
        now = await stage(caller, app)
        pair = now["creationStage"], now["pipeLineStage"]
        seen += [pair] if seen[-1:] != [pair] else []
        caller.clock.time += 0.5
    return seen


async def test_an_app_walks_through_its_stages_and_goes_live() -> None:
    caller = Caller.switched("retry-share=0")
    app = await caller.linked()

    assert await watched(caller, app, 1_500) == [
        ("INITIAL", "NONE"),
        ("DOCKER_PROVISIONING", "GET_CERTIFICATE"),
        ("DOCKER_PROVISIONING", "CREATE_DOCKER"),
        ("DOCKER_PROVISIONING", "FINALIZE"),
        (LIVE, "FINALIZE"),
    ]
    assert (await caller.rows())[0]["live"] is True


async def test_a_retry_goes_back_a_stage() -> None:
    caller = Caller.switched("retry-share=1")
    seen = await watched(caller, await caller.linked(), 1_500)

    assert [pipe for _, pipe in seen].count("GET_CERTIFICATE") == 3
    assert seen[-1] == (LIVE, "FINALIZE")


@pytest.mark.parametrize("seed", range(30))
def test_provisioning_time_comes_from_the_seed_within_bounds(seed: int) -> None:
    course = drawn(seed)

    assert 280 <= (course.live_after or 0) <= 1_220
    assert 300 <= course.begins[-1] <= 1_200
    assert list(course.begins) == sorted(course.begins)
    assert course == drawn(seed)


def drawn(seed: int) -> Course:
    return succeeding(Random(seed), Switches())  # noqa: S311 - a seed, not a secret


def test_live_and_the_last_stage_do_not_come_at_one_moment() -> None:
    lags = {(course.live_after or 0) > course.begins[-1] for course in map(drawn, range(20))}

    assert lags == {True, False}


async def test_a_failed_pipeline_is_a_200_after_three_retries() -> None:
    caller = Caller.of(Fault("stage-error", name="AcmeSupport"))
    app = await caller.linked()
    retries = set()
    for _ in range(60):
        retries.add((await stage(caller, app))["stageRetries"])
        caller.clock.time += 0.5
    last = await stage(caller, app)

    assert retries == {0, 1, 2, 3}
    assert (last["creationStage"], last["pipeLineStage"]) == ("ERROR", "CREATE_DOCKER")
    caller.clock.time += 100_000
    assert (await stage(caller, app))["creationStage"] == "ERROR"
    assert caller.world.apps.by_id[app].live is False


async def test_an_error_may_heal() -> None:
    caller = Caller.of(Fault("stage-error", parameters={"heals": 600}))
    seen = await watched(caller, await caller.linked(), 2_000)

    assert seen[-2:] == [("ERROR", "CREATE_DOCKER"), (LIVE, "FINALIZE")]
    assert (await caller.rows())[0]["live"] is True


async def test_an_app_may_be_stuck_for_ever() -> None:
    caller = Caller.of(Fault("stuck"))
    app = await caller.linked()
    await caller.control("advance", {"seconds": 1_000_000})

    assert (await stage(caller, app))["creationStage"] == "INITIAL"


@pytest.mark.parametrize(("share", "error"), [("0", False), ("1", True)])
async def test_a_share_of_apps_may_fail(share: str, error: bool) -> None:  # noqa: FBT001 - a table
    caller = Caller.switched(f"error-share={share}")
    app = await caller.linked()
    await caller.control("advance", {"seconds": 3_000})

    assert ((await stage(caller, app))["creationStage"] == "ERROR") is error


def test_a_course_that_never_heals_never_goes_live() -> None:
    course = failing(Random(1), Switches(), None)  # noqa: S311 - a seed, not a secret

    assert course.live_after is None


@pytest.mark.parametrize(("scale", "seconds"), [(1.0, 1_300), (60.0, 22), (600.0, 3)])
async def test_the_time_scale_sets_the_real_seconds_of_provisioning(scale: float, seconds: float) -> None:
    caller = Caller.of(time_scale=scale)
    app = await caller.linked()
    caller.clock.time += 200 / scale
    assert (await stage(caller, app))["creationStage"] != LIVE
    caller.clock.time = START + seconds

    assert (await stage(caller, app))["creationStage"] == LIVE


async def test_virtual_time_can_be_moved_ahead() -> None:
    caller = Caller.of()
    await caller.linked()
    await caller.control("advance", {"seconds": 1_300})

    assert (await caller.rows())[0]["live"] is True
    assert (await caller.control("advance", {"seconds": 0}))["virtual"] == 1_300
    assert caller.clock.time == START


async def test_an_app_healed_by_hand_goes_live_with_its_event() -> None:
    caller = Caller.of(Fault("stuck"))
    app = await caller.linked(callbackUrl=HOOK)
    await caller.control("drift", {"app": app, "set": {"stage": "live"}})
    caller.clock.time += 1

    assert (await caller.rows())[0]["live"] is True
    assert b"docker-status-event" in caller.world.event_queue.record[-1].body


async def test_an_app_that_is_taken_down_by_hand_stays_down() -> None:
    caller = Caller.of()
    app = await caller.seeded(callbackUrl=HOOK)
    await caller.control("drift", {"app": app, "set": {"live": False}})
    caller.clock.time += 10_000

    assert (await caller.rows())[0]["live"] is False
    assert not caller.world.event_queue.record


async def test_a_changed_course_counts_and_the_old_one_does_not() -> None:
    caller = Caller.of()
    app = await caller.linked()
    await caller.control("drift", {"app": app, "set": {"stage": "error"}})
    caller.clock.time += 10_000
    assert (await caller.rows())[0]["live"] is False

    await caller.control("drift", {"app": app, "delete": True})
    caller.clock.time += 10_000
    assert await caller.rows() == []


async def test_an_app_goes_live_once_whatever_was_planned_before() -> None:
    caller = Caller.of()
    app = await caller.linked(callbackUrl=HOOK)
    await caller.control("drift", {"app": app, "set": {"stage": "live"}})
    caller.clock.time += 10_000
    await caller.rows()

    assert [b"docker-status-event" in each.body for each in caller.world.event_queue.record] == [False, True]


async def test_an_app_that_got_a_longer_course_does_not_go_live_by_the_shorter() -> None:
    caller = Caller.of()
    app = caller.world.apps.by_id[await caller.linked()]
    caller.world.provision(replace(app, course=Course((0.0,), app.course.stages[:1], 5_000.0)))
    await caller.control("advance", {"seconds": 4_999})
    assert (await caller.rows())[0]["live"] is False
    await caller.control("advance", {"seconds": 1})

    assert (await caller.rows())[0]["live"] is True
