"""What a controller writes into its log: constant words, variable keys, no phone, no storm."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from controller.core.status.partner_status import partner_item
from controller.edges.pass_log import PassLog
from controller.model.passes import Lane, Transition
from controller.model.plan import Outcome, Result, Verb
from tests.builders.passes import DIGEST, finished_pass, held
from tests.builders.status import FALSE, TRUE, condition, item_named

APP = item_named()
WHOLE = finished_pass()
ONE = replace(WHOLE, app="acme", lane=Lane.ASKED)
STALLED = condition("Stalled", TRUE, "AppLost", message="phone 919876543210 is gone")
READY = condition("Ready")


class Desk:
    """A pass log, the lines that it wrote, and a clock that a test sets."""

    def __init__(self) -> None:
        self.time = 0.0
        capture = LogCapture()
        self._entries = capture.entries
        bound = structlog.make_filtering_bound_logger(10)
        log = structlog.wrap_logger(None, processors=[capture], wrapper_class=bound)
        self.pass_log = PassLog(log, lambda: self.time, lambda digest: f"release {digest}")

    def lines(self, event: str = "") -> list[Mapping[str, Any]]:
        return [entry for entry in self._entries if event in {"", entry["event"]}]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_pass_is_one_line_of_log(desk: Desk) -> None:
    desk.pass_log.on_pass(replace(WHOLE, summary={"waiting": 3, "held": 0}))
    assert desk.lines() == [
        {
            "event": "pass done",
            "log_level": "info",
            "scope": "main",
            "revision": "r1",
            "lane": "drift",
            "seconds": 0.5,
            "done": 0,
            "waiting": 3,
        }
    ]


def test_an_action_is_one_line_of_log_beside_that_of_its_pass(desk: Desk) -> None:
    done = Result(Verb.UPDATE, APP, Outcome.DONE)
    refused = Result(Verb.LINK, APP, Outcome.FAILED, "LinkRefused", "no WABA for 919876543210")
    desk.pass_log.on_pass(replace(ONE, results=(done, refused)))
    first, second, third = desk.lines()
    assert (first["event"], first["log_level"], first["verb"]) == ("action done", "info", "update")
    assert (second["event"], second["log_level"]) == ("action not done", "warning")
    assert (second["reason"], second["outcome"], second["item"]) == ("LinkRefused", "failed", "App/acme")
    assert second["message"] == "no WABA for 91******3210"
    assert (third["event"], third["scope"], third["done"]) == ("pass done", "main/acme", 1)


def test_an_error_is_logged_once_with_its_kind(desk: Desk) -> None:
    desk.pass_log.on_pass(replace(WHOLE, error="list: no answer", error_kind="Unclear"))
    (line,) = desk.lines()
    assert (line["event"], line["log_level"]) == ("pass failed", "warning")
    assert (line["reason"], line["message"]) == ("Unclear", "list: no answer")


def test_a_pass_over_one_app_without_changes_is_logged_at_debug(desk: Desk) -> None:
    desk.pass_log.on_pass(ONE)
    assert desk.lines()[0]["log_level"] == "debug"


def test_apps_that_stall_or_become_ready_are_logged(desk: Desk) -> None:
    again = replace(READY, type="Live")
    moves = (Transition(APP, None, STALLED), Transition(APP, None, READY), Transition(APP, None, again))
    desk.pass_log.on_pass(replace(ONE, transitions=moves))
    stalled, ready, done = desk.lines()
    assert (stalled["event"], stalled["reason"], stalled["item"]) == ("stalled", "AppLost", "App/acme")
    assert "919876543210" not in str(stalled)
    assert (ready["event"], done["event"]) == ("ready", "pass done")


def test_a_repeated_error_is_logged_once_a_minute_with_its_count(desk: Desk) -> None:
    """An hour of an outage with a pass a second leaves sixty lines, although the words count the seconds."""
    for second in range(3600):
        desk.time = float(second)
        desk.pass_log.on_pass(replace(WHOLE, error=f"no answer for {second} s", error_kind="Busy"))
    lines = desk.lines("pass failed")
    assert len(lines) == 60
    assert "suppressed" not in lines[0]
    assert {line["suppressed"] for line in lines[1:]} == {59}


def test_errors_of_another_app_or_kind_are_logged_at_once(desk: Desk) -> None:
    for app in ("acme", "bakery"):
        for trouble in ("Busy", "Unclear"):
            desk.pass_log.on_pass(replace(ONE, app=app, error="no", error_kind=trouble))
    assert len(desk.lines("pass failed")) == 4


def test_a_foreign_webhook_is_logged_as_what_it_is(desk: Desk) -> None:
    foreign = replace(STALLED, type="ForeignWebhook", reason="HostNotAllowed")
    desk.pass_log.on_pass(replace(ONE, transitions=(Transition(APP, None, foreign),)))
    line, _ = desk.lines()
    assert (line["event"], line["reason"], line["log_level"]) == (
        "foreign webhook",
        "HostNotAllowed",
        "warning",
    )


def test_what_goes_wrong_with_an_account_is_a_warning_and_what_is_well_is_none(desk: Desk) -> None:
    ending = condition("CredentialsEnding", TRUE, "SecretEnds", message="it ends; make a new one")
    well = [condition("CredentialsEnding", FALSE, "NotSoon"), condition("LinksAllowed", TRUE)]
    moved = [Transition(partner_item("main"), None, each) for each in (ending, *well)]
    desk.pass_log.on_pass(replace(WHOLE, transitions=tuple(moved)))
    (line,) = desk.lines("partner")
    assert (line["log_level"], line["partner"], line["reason"]) == ("warning", "main", "SecretEnds")
    assert line["message"] == "it ends; make a new one"


def test_what_a_guard_holds_is_one_line_when_it_begins_and_one_when_it_ends(desk: Desk) -> None:
    for _ in range(3):
        desk.pass_log.on_pass(replace(WHOLE, held=(held(),)))
    (line,) = desk.lines("held")
    assert {key: line[key] for key in ("log_level", "partner", "guard", "verb", "count", "message")} == {
        "log_level": "warning",
        "partner": "main",
        "guard": "maxLinks",
        "verb": "link",
        "count": 3,
        "message": "3 planned, 1 allowed",
    }
    assert (line["digest"], line["command"]) == (DIGEST, f"release {DIGEST}")
    desk.pass_log.on_pass(ONE)
    assert not desk.lines("no longer held"), "a pass over one app does not know"
    desk.pass_log.on_pass(replace(WHOLE, held=()))
    desk.pass_log.on_pass(replace(WHOLE, held=()))
    (end,) = desk.lines("no longer held")
    assert (end["log_level"], end["partner"], end["digest"]) == ("info", "main", DIGEST)


def test_another_digest_and_another_partner_are_lines_of_their_own(desk: Desk) -> None:
    desk.pass_log.on_pass(replace(WHOLE, held=(held(),)))
    desk.pass_log.on_pass(replace(WHOLE, held=(held("sha256:b", count=4),)))
    desk.pass_log.on_pass(replace(WHOLE, partner="other", held=(held(),)))
    assert [(line["partner"], line["count"]) for line in desk.lines("held")] == [
        ("main", 3),
        ("main", 4),
        ("other", 3),
    ]
    assert [line["digest"] for line in desk.lines("no longer held")] == [DIGEST]


def test_the_condition_of_a_partner_about_held_changes_is_no_second_line(desk: Desk) -> None:
    moved = Transition(partner_item("main"), None, condition("ChangesHeld", TRUE, "Held"))
    desk.pass_log.on_pass(replace(WHOLE, transitions=(moved,), held=(held(),)))
    assert [line["event"] for line in desk.lines()] == ["held", "pass done"]
