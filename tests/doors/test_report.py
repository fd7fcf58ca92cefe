"""A report that could not be printed is kept, or a warning says why not. Neither fails the run."""

import asyncio
from pathlib import Path

import pytest

from controller.doors.cli.output.report import keep_report
from controller.doors.stored import statuses_and_report, use_store
from controller.edges.clock import SystemClock
from controller.edges.store import open_store
from controller.model.history import KeptReport

REPORT = KeptReport(5.0, "apply by joe", "r1", 5, "its reader went away", "text", "Not all done")


def test_a_report_that_is_kept_is_shown_by_get(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "state.db"
    asyncio.run(open_store(place, SystemClock()).close())
    keep_report(str(place), REPORT)
    assert use_store(str(place), statuses_and_report) == ([], REPORT)
    assert capsys.readouterr().err == (
        "Warning: the report could not be printed (its reader went away); it is kept: gupshupctl get report\n"
    )


def test_a_report_that_cannot_be_kept_either_gives_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep_report(str(tmp_path / "state.db"), REPORT)
    stderr = capsys.readouterr().err
    assert stderr.startswith(
        "Warning: the report could not be printed (its reader went away) and not be kept: there is no store"
    )
