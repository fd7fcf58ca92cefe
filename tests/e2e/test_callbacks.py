"""A Gupshup whose callback call is gone: the way out is named, and all else is done."""

from pathlib import Path

import pytest

from tests.e2e.world import AMPLE, HASTY, World, app, subscription, world

WITH_CALLBACK = HASTY.replace(
    "spec: {", "spec: {guards: {maxUpdates: 20}, defaults: {callbackUrl: 'https://hooks.example.com/live'}, "
)
NAMES = ("AppOne", "AppTwo", "AppThree", "AppFour", "AppFive")
APPS = tuple(app(name, number) for number, name in enumerate(NAMES, 1))
REASON = "CallbackNotSupported"


def gone(status: int = 404, message: str = "Not Found", *, plain: bool = False) -> dict[str, object]:
    return {"kind": "status", "route": "callbackUrl", "status": status, "message": message, "plain": plain}


def seed(there: World, count: int = len(NAMES)) -> None:
    """Let the first *count* apps exist, live and without a callback."""
    there.seed(
        *({"name": n, "phone": f"91{i:010}", "wabaId": f"30{i:08}"} for i, n in enumerate(NAMES[:count], 1))
    )


def blocked(document: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    return {each["name"]: each["reason"] for each in document["blocked"]}


def calls(there: World) -> int:
    return len(there.calls("callbackUrl"))


def test_a_callback_call_that_is_gone_blocks_and_delays_nothing_else(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        seed(there, 4)
        there.faults(gone(), {"kind": "callback-refused", "route": "link"})
        there.declare(WITH_CALLBACK, *APPS, subscription())
        done = there.apply("--wait", "--timeout", "100s")

        assert (done.code, done.summary) == (5, {"linked": 1, "subscribed": 5, "blocked": 5, "failed": 3}), (
            done.err
        )
        assert there.tags() == {name: ["events"] for name in NAMES}
        assert blocked(done.json()) == dict.fromkeys(NAMES, REASON)
        assert calls(there) == 3

        plan = there.plan()
        assert (plan.code, blocked(plan.json())) == (0, dict.fromkeys(NAMES, REASON)), "told before a call"
        for each in plan.json()["blocked"]:
            assert "declare a Subscription with version: 2 and ACCOUNT among its modes" in each["message"]
            assert f"remove callbackUrl from App/{each['name']}, or from spec.defaults" in each["message"]
        again = there.apply("--wait")
        assert (again.code, again.summary, calls(there)) == (5, {"unchanged": 5, "blocked": 5}, 3)

        there.declare(
            HASTY,
            *APPS,
            subscription(),
            subscription("account").replace("3\n", "2\n").replace("SENT", "ACCOUNT"),
        )
        out = there.apply("--wait")
        assert (out.code, out.summary) == (0, {"subscribed": 5, "unchanged": 10}), out.err


def test_three_in_a_row_are_counted_across_processes_and_a_person_frees_them(tmp_path: Path) -> None:
    """Each run finds one app more. One that is asked for by name is tried, and its success frees all."""
    with world(tmp_path) as there:
        there.stay_signed_in()
        seed(there)
        there.faults(gone(410, "", plain=True))
        for number in range(1, 6):
            there.declare(WITH_CALLBACK, *APPS[:number])
            done = there.apply()
            assert (done.code, blocked(done.json())) == (5, dict.fromkeys(NAMES[:number], REASON))
            assert calls(there) == min(number, 3)

        there.faults()
        assert (there.apply().code, calls(there)) == (5, 3)
        one = there.apply("--only", "App/AppFive")
        assert (one.code, one.summary) == (0, {"updated": 1}), one.err
        rest = there.apply()
        assert (rest.code, rest.summary) == (0, {"updated": 4, "unchanged": 1}), rest.err
        assert calls(there) == 3 + 5


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(gone(400, "Callback URL APIs are not supported"), REASON, id="400 that says so"),
        pytest.param(gone(400, "Please use subscriptions", plain=True), REASON, id="as bare text"),
        pytest.param(gone(400, "Invalid App Details Passed"), "Rejected", id="another 400"),
        pytest.param(gone(404, "App not found"), "Rejected", id="an unknown app"),
    ],
)
def test_the_reason_follows_from_the_answer(tmp_path: Path, fault: dict[str, object], reason: str) -> None:
    with world(tmp_path) as there:
        seed(there, 1)
        there.faults(fault)
        there.declare(WITH_CALLBACK, APPS[0])
        done = there.apply()
        assert (done.code, blocked(done.json()), calls(there)) == (5, {"AppOne": reason}, 1)
