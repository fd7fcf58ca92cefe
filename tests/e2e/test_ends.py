"""How runs end: each exit code, signals in the middle, two writers at once, and a process that was killed."""

import json
import signal
from pathlib import Path

import pytest

from tests.e2e.world import LEGACY, PARTNER, THREE, app, world


def test_a_run_that_cannot_begin_says_why(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        empty = there.apply()
        assert (empty.code, "declares no app" in empty.err) == (4, True)
        there.declare(PARTNER)
        for words in (["apply", "--yes"], ["run", "--once"]):
            alone = there.run(*words)
            assert (alone.code, "declares no app" in alone.err) == (4, True), words
        there.declare(app("AppOne", 1).replace('"', ""))
        invalid = there.apply()
        assert (invalid.code, "GS201" in invalid.err, invalid.out) == (3, True, "")
        there.declare(*THREE)
        nowhere = there.apply("nowhere")
        assert (nowhere.code, "no such file" in nowhere.err) == (1, True)
        unasked = there.run("apply")
        assert (unasked.code, "use --yes" in unasked.err) == (64, True)
        nobody = there.apply("--only", "App/Nobody")
        assert (nobody.code, "Nobody" in nobody.err) == (64, True)
        assert not there.calls(), "and nothing was sent"


def test_refused_credentials_are_exit_7_and_tried_no_more_than_twice(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE)
        done = there.apply("--wait", GUPSHUP_SECRET="wrong-canary")
        assert done.code == 7
        assert done.json()["errors"][0]["partner"] == "default"
        assert "wrong-canary" not in done.out + done.err
        assert 1 <= len(there.calls("login")) <= 2
        assert there.plan(GUPSHUP_SECRET="wrong-canary").code == 7


def test_links_that_are_refused_twice_running_are_refused_credentials(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.faults({"kind": "403", "route": "link"})
        there.declare(*THREE)
        done = there.apply("--wait")
        assert done.code == 7, done.out
        assert len(there.calls("link")) == 2, "once, and once more in another pass"
        assert done.summary == {"waiting": 6}


def test_a_gupshup_that_cannot_be_reached_is_exit_1(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE)
    done = there.apply("--timeout", "5s")
    assert done.code == 1
    assert there.url in done.err
    assert json.loads(done.out)["errors"]


def test_a_guard_holds_and_a_digest_releases_exactly_that(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(PARTNER.replace("spec: {", "spec: {guards: {maxLinks: 2}, "), *THREE)
        held = there.apply()
        assert (held.code, held.summary) == (4, {"waiting": 3, "held": 3})
        assert there.apply("--release", "sha256:" + "0" * 64).code == 4
        assert there.apply("--release", "0000").code == 64
        assert not there.calls("link")
        done = there.apply("--wait", "--release", held.json()["heldDigest"])
        assert (done.code, done.summary) == (0, {"linked": 3, "subscribed": 3})

        there.declare(PARTNER, *THREE[:1], THREE[3])
        shrunk = there.apply()
        assert (shrunk.code, "3 Apps became 1" in shrunk.err) == (4, True)
        digest = shrunk.err.split("--release ")[1].split()[0]
        assert there.apply("--release", digest).code == 0


def test_an_app_that_stays_in_provisioning_is_exit_0_unless_it_was_to_be_waited_for(tmp_path: Path) -> None:
    with world(tmp_path, scale=1) as there:
        there.declare(*THREE)
        done = there.apply()
        assert (done.code, done.summary) == (0, {"linked": 3, "waiting": 3})
        waited = there.apply("--wait", "--timeout", "5s")
        assert (waited.code, waited.summary) == (6, {"unchanged": 3, "waiting": 3})
        assert {each["for"] for each in waited.json()["waiting"]} == {"live"}


def test_an_app_whose_provisioning_failed_is_exit_5_and_not_waited_for(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.faults({"kind": "stage-error", "name": "AppTwo"})
        there.declare(*THREE)
        done = there.apply("--wait")
        assert (done.code, done.summary) == (5, {"linked": 3, "subscribed": 2, "waiting": 1, "blocked": 1})
        assert done.json()["blocked"][0]["reason"] == "ProvisioningFailed"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_still_reports_how_far_it_got(tmp_path: Path, number: signal.Signals) -> None:
    with world(tmp_path, scale=1) as there:
        there.declare(*THREE)
        with there.going("apply", "--yes", "--wait", "-o", "json") as run:
            run.said("provisioning App/AppThree")
            done = run.signal(number)
        assert done.code == 130
        assert done.summary == {"linked": 3, "waiting": 3}
        assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("verb", "route", "number"),
    [
        pytest.param(("plan", "-o", "json"), "list", signal.SIGINT, id="plan by Ctrl-C"),
        pytest.param(("plan", "-o", "json"), "list", signal.SIGTERM, id="plan by SIGTERM"),
        pytest.param(("plan", "-o", "json"), "list", signal.SIGHUP, id="plan by a closed terminal"),
        pytest.param(("resolve", "AppOne", "--absent"), "list", signal.SIGTERM, id="resolve"),
        pytest.param(
            ("run", "--once", "-o", "json"), "mintPartner", signal.SIGTERM, id="run --once while it reads"
        ),
    ],
)
def test_an_interrupted_verb_says_so_and_prints_nothing(
    tmp_path: Path, verb: tuple[str, ...], route: str, number: signal.Signals
) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE)
        assert there.apply("--wait").code == 0
        there.declare(*THREE, app("AppFour", 4))
        there.faults({"kind": "lose-reply", "route": route, "seconds": 50})
        with there.going(*verb) as run:
            there.until(lambda there: there.counted_faults() == 1)
            done = run.signal(number)
        assert (done.code, done.out) == (130, "")
        assert done.err.strip() == "Interrupted: the command ended before its work was done."
        assert len(there.calls("link")) == 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_request_that_is_waited_for_can_be_interrupted(tmp_path: Path, number: signal.Signals) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE)
        assert there.apply("--wait").code == 0
        with there.going("reconcile", "--wait") as run:
            run.said("No `gupshupctl run` works on")
            done = run.signal(number)
        assert (done.code, done.out) == (130, "")
        assert done.err.endswith("\nInterrupted: the command ended before its work was done.\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_link_that_is_interrupted_is_unclear_and_found_by_the_next_run(
    tmp_path: Path, number: signal.Signals
) -> None:
    with world(tmp_path) as there:
        there.faults({"kind": "lose-reply", "route": "link", "nth": 2, "seconds": 50})
        there.declare(PARTNER, *THREE)
        with there.going("apply", "--yes", "--wait", "-o", "json") as run:
            there.until(lambda there: len(there.apps()) == 2)
            done = run.signal(number)
        assert done.code == 130
        assert done.summary["linked"] == 1
        assert (
            sum(done.summary[name] for name in ("linked", "waiting", "unclear") if name in done.summary) == 6
        )
        again = there.apply("--wait")
        assert (again.code, len(there.calls("link"))) == (0, 3), again.out
        assert {name for name, tags in there.tags().items() if tags == ["events"]} == {
            "AppOne",
            "AppTwo",
            "AppThree",
        }


def test_only_one_run_at_a_time_writes(tmp_path: Path) -> None:
    with world(tmp_path, scale=1) as there:
        there.declare(LEGACY, *THREE)
        with there.going("apply", "--yes", "--wait", "-o", "json") as run:
            run.said("provisioning App/AppThree")
            for arguments in ((), ("--lock-timeout", "0")):
                second = there.apply(*arguments)
                assert second.code == 8
                assert f"pid {run.process.pid}" in second.err
                assert second.json()["errors"]
            assert there.plan().summary == {"waiting": 3, "unchanged": 3}, "and who only looks is let in"
            with there.going("apply", "--yes", "-o", "json", "--lock-timeout", "50s") as third:
                there.until(lambda there: len(there.calls("login")) == 5)
                run.signal(signal.SIGTERM)
                assert third.end().code == 0
        assert len(there.calls("link")) == 3


@pytest.mark.parametrize(
    ("fault", "links"),
    [
        pytest.param("lose-reply", 3, id="after it had taken effect"),
        pytest.param("lose-request", 4, id="before it had any effect"),
    ],
)
def test_a_run_that_was_killed_in_a_link_is_finished_by_the_next(
    tmp_path: Path, fault: str, links: int
) -> None:
    """The intent on disk records the link: the app is linked again only once absence is proven."""
    with world(tmp_path) as there:
        there.faults({"kind": fault, "route": "link", "nth": 2, "seconds": 50})
        there.declare(PARTNER, *THREE)
        with there.going("apply", "--yes", "--wait", "-o", "json") as run:
            there.until(lambda there: there.counted_faults() == 1)
            assert run.signal(signal.SIGKILL).code == -signal.SIGKILL
        done = there.apply("--wait")
        assert (done.code, done.json()["blocked"]) == (0, [])
        assert len(there.calls("link")) == links
        phones = [each["phone"] for each in there.calls("link")]
        assert sorted(there.tags().items()) == [
            (name, ["events"]) for name in ("AppOne", "AppThree", "AppTwo")
        ]
        assert len(set(phones)) == 3
        assert there.within_limits()
