"""Description of one resource: its facts, its conditions, the last writes to it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from controller.core.render.foreign import foreign_table
from controller.core.render.health import health_facts
from controller.core.render.held import held_lines, held_rows, release_command
from controller.core.render.listed.tables import listed_facts, webhook_table
from controller.core.render.statuses import fields
from controller.core.render.tables import table
from controller.core.timestamp import timestamp
from controller.model.history import WriteRecord
from controller.model.status import HeldSet, Status
from controller.model.text import escape


@dataclass(frozen=True, slots=True)
class Described:
    """One resource and its *upstream*, the last writes to it, newest first, and an app's *subscriptions*.

    *held* is what guards hold of it, *command* returns the command that releases a digest.
    """

    status: Status
    upstream: str
    history: Sequence[WriteRecord] = ()
    subscriptions: Sequence[Status] = ()
    held: Sequence[HeldSet] = ()
    command: Callable[[str], str] = release_command


def description(of: Described) -> dict[str, object]:
    """Return the whole description as one JSON document."""
    history = [_entry(entry) for entry in of.history]
    subscriptions = [fields(each) for each in of.subscriptions]
    held = {"held": held_rows(of.held, of.command)} if of.held else {}
    more = {"history": history, "subscriptions": subscriptions}
    return {**fields(of.status), **held, "upstream": of.upstream, **more}


def description_text(of: Described, now: float) -> str:
    return "\n".join(_lines(of, now))


def _lines(of: Described, now: float) -> Iterator[str]:
    status = of.status
    facts: Mapping[str, str] = {
        "Name": str(status.item),
        "Partner": status.item.partner,
        "Upstream": of.upstream,
        **listed_facts(status, now),
        "Revision": status.revision,
        "Observed": timestamp(status.at),
    }
    if status.health is not None:
        facts = {**facts, **health_facts(status.health.info), "Health at": timestamp(status.health.at)}
    yield from (f"{name + ':':<10} {escape(value)}" for name, value in facts.items())
    yield ""
    head = ("CONDITION", "STATUS", "SINCE", "REASON", "MESSAGE")
    yield table(
        head, [(c.type, c.status, timestamp(c.since), c.reason, c.message) for c in status.conditions]
    )
    if of.held:
        yield ""
        yield from held_lines(of.held, of.command)
    if of.subscriptions:
        yield f"\n{webhook_table(of.subscriptions)}"
    if status.foreign:
        yield f"\nWebhooks that nobody declares\n{foreign_table([status])}"
    if of.history:
        head = ("WRITTEN", "VERB", "OUTCOME", "BY", "ANSWER")
        rows = [(timestamp(e.at), e.verb, e.outcome or "?", e.who, e.message) for e in of.history]
        yield f"\n{table(head, rows)}"


def _entry(entry: WriteRecord) -> dict[str, object]:
    return {
        "at": timestamp(entry.at),
        "who": entry.who,
        "revision": entry.revision,
        "verb": entry.verb,
        "outcome": entry.outcome or None,
        "message": entry.message,
    }
