"""Whatever goes wrong on the way, each app is linked once, nothing is done twice, and the end is the same."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from tests.e2e.world import PARTNER, THREE, app, subscription, world

Fault = dict[str, object]
ONE = (PARTNER, app("AppOne", 1), subscription())


def write(folder: Path, *faults: Fault) -> str:
    path = folder / "faults.json"
    path.write_text(json.dumps(faults), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("faults", "links"),
    [
        pytest.param(
            [
                {"kind": "lose-reply", "route": "link", "nth": 1},
                {"kind": "503", "route": "list", "nth": [2, 4], "retry_after": "1"},
                {"kind": "html", "route": "list", "nth": 7},
                {"kind": "html", "route": "link", "nth": 2, "effect": "yes"},
                {"kind": "500", "route": "subscribe", "nth": 1, "effect": "yes"},
                {"kind": "truncated", "route": "subscribe", "nth": 2},
            ],
            3,
            id="lost replies, errors and pages of HTML",
        ),
        pytest.param(
            [
                {"kind": "duplicate", "route": "link", "nth": 1},
                {"kind": "reset", "route": "link", "nth": 2},
                {"kind": "no-app-id", "route": "link", "nth": 3},
                {"kind": "stale-list", "seconds": 1},
                {"kind": "500", "route": "subscriptions", "nth": 1},
                {"kind": "401", "route": "subscribe", "nth": 1},
                {"kind": "flicker", "route": "list", "nth": 6, "name": "AppTwo"},
            ],
            4,
            id="a call that arrives twice, so that four arrive, resets, and lists that lag",
        ),
        pytest.param(
            [
                {"kind": "503", "route": "link", "nth": 1},
                {"kind": "500", "route": "token", "nth": 1},
                {"kind": "callback-refused", "route": "link", "nth": 2},
            ],
            4,
            id="a link that never arrived is sent again once that is proven",
        ),
    ],
)
def test_faults_from_a_file_do_not_change_the_final_state(
    tmp_path: Path, faults: list[Fault], links: int
) -> None:
    with world(tmp_path, "--faults", write(tmp_path, *faults)) as there:
        there.declare(
            PARTNER.replace("spec: {", "spec: {defaults: {callbackUrl: 'https://hooks.example.com/a'}, "),
            *THREE,
        )
        done = there.apply("--wait", "--timeout", "100s")

        assert done.code == 0, done.err
        assert (done.summary["linked"], done.summary["subscribed"]) == (3, 3)
        assert done.summary.keys() <= {"linked", "subscribed", "updated"}
        assert there.tags() == {"AppOne": ["events"], "AppTwo": ["events"], "AppThree": ["events"]}
        assert {each["callbackUrl"] for each in there.apps().values()} == {"https://hooks.example.com/a"}
        assert len(there.calls("link")) == links
        assert there.within_limits()


def test_a_lost_reply_is_neither_success_nor_failure(tmp_path: Path) -> None:
    """Nothing came of it, and until that is proven no second call goes out."""
    with world(tmp_path) as there:
        there.faults({"kind": "lose-request", "route": "link", "nth": 1})
        there.declare(ONE[0].replace("3s", "10m"), *ONE[1:])
        done = there.apply("--timeout", "5s")

        assert (done.code, done.summary) == (6, {"waiting": 2, "unclear": 1})
        assert done.json()["waiting"][0]["for"] == "outcome"
        assert len(there.calls("link")) == 1
        again = there.apply("--timeout", "5s")
        assert (again.code, again.summary) == (6, {"waiting": 2})
        assert len(there.calls("link")) == 1


def test_a_429_to_a_link_makes_its_budget_cool_down_as_long_as_it_says(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.faults({"kind": "429", "route": "link", "nth": 1, "retry_after": "75"})
        there.declare(*ONE)
        done = there.apply("--timeout", "5s", "--wait")

        assert (done.code, done.summary) == (6, {"waiting": 2})
        (until,) = {
            each["until"] for each in done.json()["waiting"] if each["for"] == "budget" and "until" in each
        }
        (refused,) = there.calls("link")
        assert datetime.fromisoformat(until).timestamp() - refused["at"] == pytest.approx(75, abs=10)
        assert there.apply("--timeout", "5s").code == 6
        assert len(there.calls("link")) == 1, "a second run keeps to the rest, too"


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        pytest.param(
            [{"kind": "html", "route": "list"}], "an answer that cannot be read", id="a page of HTML"
        ),
        pytest.param(
            [{"kind": "repeat-page", "route": "list", "every": 2}, {"kind": "html", "route": "partnerApps"}],
            "page 2 holds only apps of earlier pages",
            id="a page that repeats, and no list without pages",
        ),
    ],
)
def test_an_incomplete_list_changes_nothing(tmp_path: Path, faults: Sequence[Fault], words: str) -> None:
    """The fleet is longer than a page; a run does what it can once lists are whole again."""
    with world(tmp_path) as there:
        there.seed(*({"name": f"Other{n:03}", "phone": f"92{n:010}"} for n in range(60)))
        there.faults(*({**fault, "times": 2} for fault in faults))
        there.declare(*ONE)
        done = there.apply("--wait")

        assert (done.code, done.summary) == (0, {"linked": 1, "subscribed": 1}), done.err
        assert words in done.err
        there.faults(*faults)
        plan = there.plan("--timeout", "5s")
        assert (plan.code, plan.json()["actions"]) == (1, [])
        assert words in plan.err
        assert len(there.calls("link")) == 1


def test_a_server_that_repeats_its_last_page_for_ever_stops_no_run(tmp_path: Path) -> None:
    """The same for a server that repeats a page: the list without pages shows what is missing."""
    with world(tmp_path, "--switch", "page-past-end=last") as there:
        there.seed(*({"name": f"Other{n:03}", "phone": f"92{n:010}"} for n in range(60)))
        there.declare(*ONE)
        assert (done := there.apply("--wait")).summary == {"linked": 1, "subscribed": 1}, done.err
        there.faults({"kind": "repeat-page", "route": "list"})
        assert there.apply("--wait").summary == {"unchanged": 2}
        assert len(there.calls("link")) == 1


def test_an_error_without_an_end_is_reported_and_ends_the_run(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.faults({"kind": "500", "route": "list"})
        there.declare(*ONE)
        done = there.apply("--timeout", "5s")

        assert done.code == 1
        (error,) = done.json()["errors"]
        assert (error["partner"], "/partner/app/list" in error["message"]) == ("main", True)
        assert "! error " in done.err
        assert not there.calls("link")
