"""What a wait shows: on a terminal a few lines that move, elsewhere a line for each change."""

import pytest

from controller.doors.cli.output.wait_progress import (
    MOST_NAMES,
    WaitLines,
    wait_display,
    wait_text,
    wait_words,
)
from controller.model.status import Status
from tests.builders.status import FALSE, TRUE, UNKNOWN, condition, status_of


def moving(name: str, reason: str = "AwaitingLive", message: str = "") -> Status:
    ready = condition("Ready", FALSE, reason, message=message)
    return status_of(name, ready, condition("Reconciling", TRUE, reason, message=message))


def many(count: int) -> list[Status]:
    return [moving(f"app-{number}") for number in range(count)]


def test_each_change_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines, one, two = WaitLines(), moving("a"), moving("b", "RateLimited", "in 30 s")
    for unseen, moves in (([one, two], [one]), ([two], [one]), ([], [one, two]), ([], [one, two])):
        lines(unseen, moves)
    lines([], [moving("a", "RateLimited")])
    lines([], [])
    assert capsys.readouterr().err.splitlines() == [
        "Waiting until `run` looks at App/a, App/b",
        "  … waiting      App/a  AwaitingLive",
        "  … waiting      App/b  RateLimited in 30 s",
        "  … waiting      App/a  RateLimited",
        "  · settled      App/b",
        "  · settled      App/a",
    ]


def test_no_line_steers_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    WaitLines()([], [moving("a", message="\x1b[2J")])
    shown = capsys.readouterr().err
    assert ("App/a" in shown, "\x1b" in shown) == (True, False)


@pytest.mark.parametrize(
    ("status", "line"),
    [
        pytest.param(
            status_of("a", condition("Ready", FALSE, "Held"), condition("Reconciling", TRUE, "AwaitingLive")),
            "  ⏸ held         App/a  Held",
            id="held, and something else of it moves",
        ),
        pytest.param(
            status_of("a", condition("Ready", UNKNOWN, "NotObserved")),
            "  ? unknown      App/a  NotObserved",
            id="unknown",
        ),
        pytest.param(status_of("a"), "  ? unknown      App/a", id="without a condition"),
    ],
)
def test_a_line_has_the_state_and_its_reason(status: Status, line: str) -> None:
    assert wait_text([], [status], 7.4).splitlines() == ["7 s: waiting for 1", line]


def test_a_few_names_stand_for_many() -> None:
    assert wait_words(many(2)) == "App/app-0, App/app-1"
    assert wait_words(many(MOST_NAMES + 3)).endswith("App/app-4 and 3 more")
    assert wait_text([], many(MOST_NAMES + 3), 1.0).splitlines()[-1] == "  and 3 more"
    assert wait_text(many(1), [], 61.0) == "61 s: waiting until `run` looks at App/app-0"


def test_elsewhere_there_are_lines() -> None:
    with wait_display(live=False) as show:
        assert isinstance(show, WaitLines)
