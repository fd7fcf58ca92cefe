"""History of writes, as JSON and as a table: the author, the change and the outcome."""

from collections.abc import Sequence

from controller.core.render.tables import table
from controller.core.timestamp import timestamp
from controller.model.history import WriteRecord

HEAD = ("WRITTEN", "VERB", "TARGET", "OUTCOME", "BY", "REVISION", "ANSWER")

SHORT = 19
"""Characters of a revision that identify it: its kind, and a dozen digits of a digest."""


def event(upstream: str, entry: WriteRecord) -> dict[str, object]:
    """Return one write as a document; its outcome is null if the process died before it was known."""
    return {
        "at": timestamp(entry.at),
        "who": entry.who,
        "revision": entry.revision,
        "verb": entry.verb,
        "target": entry.target,
        "appId": entry.app_id,
        "outcome": entry.outcome or None,
        "message": entry.message,
        "upstream": upstream,
    }


def events_table(entries: Sequence[WriteRecord]) -> str:
    return table(HEAD, [_row(entry) for entry in entries]) if entries else "no writes"


def _row(entry: WriteRecord) -> tuple[str, ...]:
    outcome = entry.outcome or "?"
    return (
        timestamp(entry.at),
        entry.verb,
        entry.target,
        outcome,
        entry.who,
        entry.revision[:SHORT],
        entry.message,
    )
