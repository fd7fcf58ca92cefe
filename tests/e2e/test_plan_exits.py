"""The exit code of `plan`: which findings fail it, which of them comes first, and what is never silent."""

from pathlib import Path

import pytest

from tests.e2e.world import AMPLE, HASTY, PARTNER, World, app, subscription, world

URL = "https://hooks.example.com"
TIGHT = PARTNER.replace("spec: {", "spec: {guards: {maxLinks: 0}, ")


def mixed(there: World, *documents: str) -> None:
    """Declare a link that a guard holds, an app whose name is taken, and a webhook to make."""
    there.seed({"name": "AppTaken", "phone": "919999999999"}, {"name": "AppLive", "phone": "910000000003"})
    there.declare(*documents)


HELD, BLOCKED = app("AppHeld", 1), app("AppTaken", 2)
CHANGED = (app("AppLive", 3), subscription("events", "app: AppLive", f"url: {URL}/events"))


@pytest.mark.parametrize(
    ("documents", "arguments", "code"),
    [
        pytest.param((TIGHT, HELD, BLOCKED, *CHANGED), "--detailed-exitcode", 5, id="blocked comes first"),
        pytest.param((TIGHT, HELD, *CHANGED), "--detailed-exitcode", 4, id="held is next"),
        pytest.param(CHANGED, "--detailed-exitcode", 2, id="changes are last"),
        pytest.param((TIGHT, HELD, BLOCKED, *CHANGED), "", 4, id="a block by Gupshup is only shown"),
        pytest.param((BLOCKED, *CHANGED), "", 0, id="and changes nothing without the option"),
        pytest.param((TIGHT, HELD, BLOCKED), "--fail-on blocked", 5, id="blocked by choice"),
        pytest.param((TIGHT, HELD), "--fail-on blocked", 0, id="held not chosen"),
        pytest.param((TIGHT, HELD, BLOCKED), "--fail-on blocked,held", 5, id="both chosen"),
        pytest.param((TIGHT, HELD, BLOCKED), "--fail-on held --fail-on drift", 4, id="a repeated option"),
        pytest.param(
            (BLOCKED, *CHANGED), "--fail-on held --detailed-exitcode", 2, id="changes beside a choice"
        ),
        pytest.param(CHANGED, "--fail-on drift,unread,held,blocked", 0, id="a change is no drift"),
        pytest.param(CHANGED, "--fail-on blocks", 64, id="an unknown word"),
        pytest.param(CHANGED, "--fail-on blocked,", 64, id="an empty word"),
    ],
)
def test_the_exit_code_of_a_plan(
    tmp_path: Path, documents: tuple[str, ...], arguments: str, code: int
) -> None:
    with world(tmp_path) as there:
        mixed(there, *documents)
        assert there.plan(*arguments.split()).code == code


def test_drift_fails_a_plan_that_is_to_fail_on_it(tmp_path: Path) -> None:
    """Also where a policy leaves it alone: then it is no action, and only this option tells it by a code."""
    with world(tmp_path, *AMPLE) as there:
        there.seed({"name": "AppLive", "phone": "910000000003"})
        there.declare(HASTY, *CHANGED)
        there.apply()
        there.control("drift", {"app": "AppLive", "subscriptions": [{"tag": "events", "url": f"{URL}/x"}]})
        assert there.plan("--fail-on", "drift").code == 2
        assert there.plan("--fail-on", "blocked,held,unread").code == 0
        there.declare(HASTY, app("AppLive", 3, "policies: []"), CHANGED[1])
        observing = there.plan("--fail-on", "drift")
        assert (observing.code, observing.summary) == (2, {"waiting": 1, "unchanged": 1})
        assert there.plan("--detailed-exitcode").code == 0, "nothing is to be done"


def test_what_could_not_be_read_is_never_passed_over_in_silence(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.seed({"name": "AppLive", "phone": "910000000003"}, {"name": "AppTwo", "phone": "910000000004"})
        there.declare(
            *CHANGED,
            app("AppTwo", 4),
            subscription("other", "app: AppTwo", f"url: {URL}/other", "tag: other"),
        )
        there.faults({"kind": "html", "route": "subscriptions", "times": 99})
        found = there.plan()
        assert (found.code, found.summary) == (0, {"waiting": 2, "unchanged": 2})
        words = "Note: the states of 2 items are not known, so the plan may lack changes: 2 observation"
        assert words in found.err.splitlines()
        assert there.plan("--fail-on", "unread").code == 6
        assert there.plan("--fail-on", "unread", "--detailed-exitcode").code == 6


def test_what_cannot_be_verified_is_never_passed_over_in_silence(tmp_path: Path) -> None:
    """In CI over a new store, nothing shows what a callback URL at Gupshup is."""
    with world(tmp_path) as there:
        there.seed({"name": "AppLive", "phone": "910000000003"})
        there.declare(app("AppLive", 3, f"callbackUrl: {URL}/cb"))
        found = there.plan("--detailed-exitcode", CI="true")
        words = "Note: the state of 1 item is not known, so the plan may lack changes: 1 unverifiable"
        assert (found.code, words in found.err) == (0, True)
        assert there.plan("--fail-on", "unread", CI="true").code == 6
        assert there.plan("--fail-on", "unread").code == 0, "outside of CI it is written, once"


def test_a_plan_of_everything_that_is_known_says_nothing_beside_it(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(app("AppOne", 1))
        assert there.plan("--fail-on", "unread").err == ""
