"""One resource as it is declared, beside what Gupshup listed last, with the last write: text and JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from controller.core.render.entries.phones import Phones
from controller.core.render.entries.values import UNREADABLE
from controller.core.render.history import SHORT, event
from controller.core.render.tables import table
from controller.core.status.comparison import Agreement, ComparedField
from controller.core.status.state import ResourceState, state_of
from controller.core.timestamp import age, timestamp
from controller.model.history import WriteRecord
from controller.model.plan import Item
from controller.model.status import Status
from controller.model.text import escape

MARKS: Mapping[Agreement, str] = {
    Agreement.SAME: "=",
    Agreement.DIFFERS: "~",
    Agreement.ABSENT: "+",
    Agreement.UNREADABLE: "?",
    Agreement.UNKNOWN: "?",
    Agreement.UNDECLARED: "",
}
NOT_DECLARED = "not declared"
_NO_VALUE = {Agreement.UNREADABLE: UNREADABLE, Agreement.ABSENT: "(not listed)"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One resource. *upstream* is "" and *status* None if it was not seen yet.

    *place* is where it is declared, "" if it is not. *written* is the last write to it, None without any.
    """

    item: Item
    fields: tuple[ComparedField, ...]
    place: str = ""
    upstream: str = ""
    status: Status | None = None
    written: WriteRecord | None = None


def comparison_row(of: Comparison, phones: Phones) -> dict[str, object]:
    """Return the comparison as a document. A value that does not exist is null."""
    status = of.status
    return {
        "kind": str(of.item.kind),
        "name": of.item.name,
        "partner": of.item.partner,
        "app": of.item.app,
        "upstream": of.upstream or None,
        "declaredAt": of.place or None,
        "observedAt": None if status is None else timestamp(status.at),
        "state": None if status is None else str(state_of(status)[0]),
        "listed": None if status is None else status.is_listed,
        "fields": [_row(field, phones) for field in of.fields],
        "lastWrite": None if of.written is None else event(of.upstream, of.written),
    }


def comparison_text(of: Comparison, phones: Phones, now: float) -> str:
    return "\n".join(_lines(of, phones, now))


def _lines(of: Comparison, phones: Phones, now: float) -> Iterator[str]:
    yield escape(str(of.item))
    yield f"Declared:  {escape(of.place) or 'not declared here'}"
    yield f"Observed:  {_observation(of, now)}"
    if of.status is not None:
        yield f"State:     {escape(_state(of.status))}"
    yield f"Written:   {_written(of.written)}"
    rows = [(MARKS[each.agreement], each.name, *_cells(each, phones)) for each in of.fields]
    if rows:
        yield f"\n{table(('', 'FIELD', 'DECLARED', 'AT GUPSHUP'), rows)}"


def _observation(of: Comparison, now: float) -> str:
    if of.status is None:
        return "not yet: `gupshupctl apply` or `run` observes it"
    return f"{timestamp(of.status.at)}, {age(now - of.status.at)} ago, at {escape(of.upstream)}"


def _state(status: Status) -> str:
    """Return the state, and why it is that if it is not Ready."""
    state, condition = state_of(status)
    if condition is None or state is ResourceState.READY:
        return str(state)
    return f"{state}, {': '.join(word for word in (condition.reason, condition.message) if word)}"


def _written(written: WriteRecord | None) -> str:
    if written is None:
        return "never, as far as the history goes"
    outcome = written.outcome or "outcome unknown"
    words = f"{timestamp(written.at)}, {written.verb} ({outcome}), {written.who}"
    return escape(f"{words}, revision {written.revision[:SHORT]}")


def _row(field: ComparedField, phones: Phones) -> dict[str, object]:
    values = {"declared": field.declared, "observed": field.observed}
    shown = {key: phones.document(value, field.name) for key, value in values.items()}
    return {"field": field.name, **shown, "agreement": str(field.agreement)}


def _cells(field: ComparedField, phones: Phones) -> tuple[str, str]:
    declared, observed = (phones.document(value, field.name) for value in (field.declared, field.observed))
    return declared or NOT_DECLARED, observed or _NO_VALUE.get(field.agreement, "(not known)")
