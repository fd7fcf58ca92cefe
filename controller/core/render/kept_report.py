"""Message about a report that could not be printed, shown until another run reports."""

from controller.core.timestamp import timestamp
from controller.model.history import KeptReport
from controller.model.text import escape


def kept_fields(kept: KeptReport) -> dict[str, object]:
    """Return everything about the report but its text."""
    return {
        "at": timestamp(kept.at),
        "who": kept.who,
        "revision": kept.revision,
        "exitCode": kept.code,
        "why": kept.why,
        "output": kept.form,
    }


def kept_text(kept: KeptReport) -> str:
    """Return one line that names the report, the error, and the command that shows the report."""
    return (
        f"The report of {escape(kept.who)} at {timestamp(kept.at)} (exit {kept.code}) could not be "
        f"printed ({escape(kept.why)}): gupshupctl get report"
    )
