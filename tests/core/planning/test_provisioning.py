"""How far provisioning has come, and whether a second source agrees that an app is live."""

from dataclasses import replace

import pytest

from controller.core.planning.provisioning import Progress, confirmed, of_row, progress, second_read, stalled
from controller.model.upstream import Details, Facts, ReadFailed, Row, Stage
from tests.builders.manifest import app
from tests.builders.memory import NOW
from tests.builders.upstream import app_id, live, row

DONE = Stage("WHATSAPP_PROVISIONING_DONE", "DONE")
SILENT = replace(row(1), stage=Stage())
ARRIVED = replace(row(1), stage=DONE)


def details(*, is_live: bool) -> Facts:
    return Facts(details={app_id(1): Details(app_id(1), "", None, live=is_live)})


def stage(told: Stage | ReadFailed) -> Facts:
    return Facts(stages={app_id(1): told})


@pytest.mark.parametrize(
    ("is_live", "word", "expected"),
    [
        pytest.param(False, None, Progress.PROVISIONING, id="nothing is said"),
        pytest.param(False, "STARTED", Progress.PROVISIONING, id="it is on its way"),
        pytest.param(False, "A_NEW_WORD", Progress.PROVISIONING, id="a word we do not know is no answer"),
        pytest.param(False, "error", Progress.PROVISIONING, id="words are compared letter by letter"),
        pytest.param(False, "WHATSAPP_PROVISIONING_DONE", Progress.LIVE, id="the stage says done"),
        pytest.param(False, "ERROR", Progress.FAILED, id="Gupshup gave up"),
        pytest.param(True, "ERROR", Progress.LIVE, id="ERROR beside live is live"),
        pytest.param(True, None, Progress.LIVE, id="live without a stage"),
        pytest.param(True, "STARTED", Progress.LIVE, id="live while the stage lags"),
    ],
)
def test_an_app_is_live_failed_or_on_its_way(*, is_live: bool, word: str | None, expected: Progress) -> None:
    assert progress(live=is_live, stage=Stage(word)) is expected


@pytest.mark.parametrize(
    ("seen", "facts", "expected"),
    [
        pytest.param(row(1), Facts(), Progress.PROVISIONING, id="the row alone"),
        pytest.param(row(1), details(is_live=True), Progress.LIVE, id="the details say live"),
        pytest.param(live(1), details(is_live=False), Progress.LIVE, id="the row's live stands"),
        pytest.param(SILENT, stage(DONE), Progress.LIVE, id="the pipeline fills a row without a stage"),
        pytest.param(SILENT, stage(Stage("ERROR")), Progress.FAILED, id="the pipeline tells of a failure"),
        pytest.param(SILENT, stage(ReadFailed("busy")), Progress.PROVISIONING, id="no answer is no stage"),
        pytest.param(row(1), stage(Stage("ERROR")), Progress.PROVISIONING, id="the row's own stage is newer"),
    ],
)
def test_the_stage_of_a_row_is_completed_by_queries_about_it(
    seen: Row, facts: Facts, expected: Progress
) -> None:
    assert of_row(seen, facts) is expected


@pytest.mark.parametrize(
    ("seen", "facts", "expected"),
    [
        pytest.param(live(1), Facts(), None, id="nobody was asked"),
        pytest.param(live(1), stage(DONE), None, id="a live row is confirmed by the details alone"),
        pytest.param(
            live(1), Facts(details={app_id(1): ReadFailed("busy")}), None, id="the details gave nothing"
        ),
        pytest.param(live(1), details(is_live=True), True, id="the details agree"),
        pytest.param(live(1), details(is_live=False), False, id="the details do not agree"),
        pytest.param(ARRIVED, details(is_live=True), None, id="a stage is confirmed by the pipeline alone"),
        pytest.param(ARRIVED, stage(DONE), True, id="the pipeline agrees"),
        pytest.param(ARRIVED, stage(Stage("STARTED")), False, id="the pipeline does not agree"),
        pytest.param(ARRIVED, stage(ReadFailed("busy")), None, id="the pipeline gave nothing"),
    ],
)
def test_live_is_confirmed_by_a_second_source(*, seen: Row, facts: Facts, expected: bool | None) -> None:
    assert confirmed(seen, facts) is expected


@pytest.mark.parametrize(
    ("seen", "facts", "expected"),
    [
        pytest.param(live(1), Facts(), None, id="not tried"),
        pytest.param(
            live(1), Facts(details={app_id(1): ReadFailed("busy", 7.0)}), 7.0, id="the details later"
        ),
        pytest.param(live(1), stage(ReadFailed("busy", 7.0)), None, id="not the pipeline of a live row"),
        pytest.param(ARRIVED, stage(ReadFailed("busy", 7.0)), 7.0, id="the pipeline later"),
        pytest.param(live(1), details(is_live=True), None, id="it was told"),
    ],
)
def test_an_unconfirmed_live_app_has_the_time_of_its_next_try(
    seen: Row, facts: Facts, expected: float | None
) -> None:
    assert second_read(seen, facts) == expected


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        pytest.param(None, False, id="an age that nobody knows"),
        pytest.param(NOW - 86_400, False, id="exactly the timeout"),
        pytest.param(NOW - 86_401, True, id="a second more"),
        pytest.param(NOW + 86_401, False, id="made in the future"),
    ],
)
def test_provisioning_is_overdue_from_created_on(*, created: float | None, expected: bool) -> None:
    stall = stalled(app(1), replace(row(1), created=created), Progress.PROVISIONING, NOW)
    assert (stall is not None and stall[0] == "ProvisioningTimeout") is expected
