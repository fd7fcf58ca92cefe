"""What is wrong right now and worth telling a person: from how things stand, one trouble a subject."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from controller.core.planning.waits import BY_REASON, AlertWhen
from controller.core.status.summary import FleetSummary
from controller.errors import AccountError, Denied, Locked
from controller.model.passes import PartnerState, Pass, SourceState, Transition
from controller.model.plan import Item, Kind
from controller.model.status import Condition, Truth

SOON = 60.0
"""Seconds that a trouble must last before it is told: most of an outage's have come by then."""

LATER = 300.0
"""The same for passes that fail: Gupshup, or the way to it, may be back by then."""

AT_LEISURE = 900.0
"""The same for an app that only waits for its next pass."""

IN_A_ROW = 3
"""Passes that must fail one after the other."""


class AlertKind(StrEnum):
    """What a trouble is about, the gravest first."""

    CREDENTIALS = "credentials"
    SOURCE = "source"
    PASSES = "passes"
    HELD = "held"
    STALLED = "stalled"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Alert:
    """*subject* is an app's name, "" where the partner or the source is meant.

    *since* is epoch seconds, None where only we saw when it began. It is told after *patience* seconds.
    """

    topic: AlertKind
    partner: str
    reason: str
    subject: str
    message: str
    since: float | None
    patience: float


@dataclass(frozen=True, slots=True)
class PassEnd:
    """How the last pass of a partner ended: *kind* and *message* of the error, "" where there was none."""

    kind: str = ""
    message: str = ""


def pass_end(over: Pass) -> PassEnd:
    return PassEnd(over.error_kind or "error", over.error) if over.error else PassEnd()


def lost_readiness(
    before: Mapping[Item, float], transitions: Iterable[Transition], at: float
) -> Mapping[Item, float]:
    """Return the apps that were ready once and are not, each with when that was heard (*at* is now).

    One that never was ready is not lost.
    """
    found = dict(before)
    for moved in transitions:
        if moved.after.type != "Ready" or moved.item.kind is not Kind.APP:
            continue
        if moved.after.status is Truth.TRUE:
            found.pop(moved.item, None)
        elif moved.before is not None and moved.before.status is Truth.TRUE:
            found[moved.item] = at
    return found


def detect_alerts(
    source: SourceState,
    partners: Iterable[PartnerState],
    ends: Mapping[str, PassEnd],
    censuses: Mapping[str, FleetSummary],
    missed: Collection[Item],
) -> Iterator[Alert]:
    """Return every trouble. *ends* and *censuses* are by partner, *missed* is what `lost_readiness` found."""
    if source.error:
        yield Alert(AlertKind.SOURCE, "", "", "", source.error, source.error_since, SOON)
    for partner in partners:
        yield from _of_passes(partner, ends.get(partner.name, PassEnd()))
        if partner.is_leader:  # another replica tells of what is its own
            yield from _of_apps(partner, censuses.get(partner.name, FleetSummary()), missed)


def _of_passes(partner: PartnerState, last: PassEnd) -> Iterator[Alert]:
    if last.kind in {Denied.__name__, AccountError.__name__}:
        yield Alert(AlertKind.CREDENTIALS, partner.name, last.kind, "", last.message, None, SOON)
    elif last.kind not in {"", Locked.__name__} and partner.failures >= IN_A_ROW:
        yield Alert(AlertKind.PASSES, partner.name, last.kind, "", last.message, None, LATER)


def _of_apps(partner: PartnerState, taken: FleetSummary, missed: Collection[Item]) -> Iterator[Alert]:
    if partner.held_digest:
        message = f"`gupshupctl plan` shows them; digest {partner.held_digest}"
        yield Alert(AlertKind.HELD, partner.name, "", "", message, None, SOON)
    for item, said in taken.stalled.items():
        yield _of_app(AlertKind.STALLED, item, said, SOON)
    for item in sorted((taken.unready.keys() - taken.stalled.keys()) & set(missed)):
        said = taken.unready[item]
        when = _when(said)
        if said.status is Truth.FALSE and when is not AlertWhen.NEVER:
            yield _of_app(AlertKind.READY, item, said, AT_LEISURE if when is AlertWhen.LATE else SOON)


def _when(said: Condition) -> AlertWhen:
    if said.reason == "ChangePlanned":
        return AlertWhen.LATE
    wait = BY_REASON.get(said.reason)
    return AlertWhen.SOON if wait is None else wait.alert


def _of_app(topic: AlertKind, item: Item, said: Condition, patience: float) -> Alert:
    return Alert(topic, item.partner, said.reason, item.name, said.message, said.since, patience)
