"""One resource at length: its facts, its conditions, the last writes to it."""

from collections.abc import Iterator, Mapping, Sequence

from controller.core.render.lines import clean
from controller.core.render.statuses import fields, moment
from controller.core.render.tables import table
from controller.model.history import Entry
from controller.model.status import Status


def description(status: Status, upstream: str, history: Sequence[Entry]) -> dict[str, object]:
    """Return all that is known as one document, the newest write first."""
    return {**fields(status), "upstream": upstream, "history": [_entry(entry) for entry in history]}


def description_text(status: Status, upstream: str, history: Sequence[Entry]) -> str:
    return "\n".join(_lines(status, upstream, history))


def _lines(status: Status, upstream: str, history: Sequence[Entry]) -> Iterator[str]:
    facts: Mapping[str, str] = {
        "Name": str(status.item),
        "Partner": status.item.partner,
        "Upstream": upstream,
        "App id": status.app_id or "-",
        "Stage": status.stage or "-",
        "Revision": status.revision,
        "Observed": moment(status.at),
    }
    yield from (f"{name + ':':<10} {clean(value)}" for name, value in facts.items())
    yield ""
    head = ("CONDITION", "STATUS", "SINCE", "REASON", "MESSAGE")
    yield table(head, [(c.type, c.status, moment(c.since), c.reason, c.message) for c in status.conditions])
    if history:
        yield ""
        head = ("WRITTEN", "VERB", "OUTCOME", "BY", "ANSWER")
        yield table(head, [(moment(e.at), e.verb, e.outcome or "?", e.who, e.message) for e in history])


def _entry(entry: Entry) -> dict[str, object]:
    return {
        "at": moment(entry.at),
        "who": entry.who,
        "revision": entry.revision,
        "verb": entry.verb,
        "outcome": entry.outcome,
        "message": entry.message,
    }
