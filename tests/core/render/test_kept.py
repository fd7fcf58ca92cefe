"""What is said of a report that could not be printed: whose it was, why, and how to read it."""

from controller.core.render.kept_report import kept_fields, kept_text
from controller.model.history import KeptReport

REPORT = KeptReport(0.0, "apply by joe\x1b[2J", "r1", 5, "No space left on device", "json", "{}")


def test_the_line_about_a_kept_report_says_why_and_how_to_read_it() -> None:
    line = kept_text(REPORT)
    assert line.startswith("The report of apply by joe")
    assert line.endswith(
        "at 1970-01-01T00:00:00Z (exit 5) could not be printed (No space left on device): "
        "gupshupctl get report"
    )
    assert "\x1b" not in line


def test_the_document_of_a_kept_report_has_everything_but_the_text() -> None:
    assert kept_fields(REPORT) == {
        "at": "1970-01-01T00:00:00Z",
        "who": REPORT.who,
        "revision": "r1",
        "exitCode": 5,
        "why": "No space left on device",
        "output": "json",
    }
