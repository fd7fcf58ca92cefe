"""Alerts: what is wrong right now and concerns a person, from the present state, one alert a subject."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from controller.core.health.sending import BANNED
from controller.core.planning.callbacks import CALLBACK_NOT_SUPPORTED, WAY_OUT
from controller.core.planning.foreign import FOREIGN_WEBHOOK
from controller.core.planning.waits import BY_REASON, AlertWhen
from controller.core.status.state import HELD
from controller.core.status.summary import FleetSummary
from controller.errors import AccountError, AddressNotAllowed, Denied, Locked
from controller.model.passes import PartnerState, Pass, SourceState, Transition
from controller.model.plan import Item, Kind
from controller.model.status import Condition, Truth

QUICKLY = 15.0
"""Seconds that an alert about customers' messages must last before its notification."""

SOON = 60.0
"""Seconds that an alert must last before its notification: by then most of an outage is known."""

LATER = 300.0
"""The same for passes that fail: Gupshup, or the network to it, may be back by then."""

AT_LEISURE = 900.0
"""The same for an app that only waits for its next pass."""

CREDENTIAL_ERRORS = frozenset(kind.__name__ for kind in (Denied, AccountError, AddressNotAllowed))
"""The kinds of errors that only the operator of the account ends."""

IN_A_ROW = 3
"""Passes that must fail one after the other before an alert."""


class AlertKind(StrEnum):
    """The topic of an alert, the gravest first."""

    CREDENTIALS = "credentials"
    FOREIGN = "foreign"
    SOURCE = "source"
    PASSES = "passes"
    HELD = "held"
    STALLED = "stalled"
    CALLBACKS = "callbacks"
    SENDING = "sending"
    READY = "ready"
    QUALITY = "quality"


@dataclass(frozen=True, slots=True)
class Alert:
    """*subject* is an app's name, "" if the partner or the source is meant.

    *since* is epoch seconds, None if only this process saw the beginning. The notification follows after
    *patience* seconds.
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
    """The end of a partner's last pass: *kind* and *message* of the error, "" without an error."""

    kind: str = ""
    message: str = ""


def pass_end(finished: Pass) -> PassEnd:
    return PassEnd(finished.error_kind or "error", finished.error) if finished.error else PassEnd()


def lost_readiness(
    before: Mapping[Item, float], transitions: Iterable[Transition], at: float
) -> Mapping[Item, float]:
    """Return the apps that were ready once and are not, each with when that was noticed (*at* is now).

    An app that never was ready is not lost.
    """
    lost = dict(before)
    for transition in transitions:
        if transition.after.type != "Ready" or transition.item.kind is not Kind.APP:
            continue
        if transition.after.status is Truth.TRUE:
            lost.pop(transition.item, None)
        elif transition.before is not None and transition.before.status is Truth.TRUE:
            lost[transition.item] = at
    return lost


def detect_alerts(
    source: SourceState,
    partners: Iterable[PartnerState],
    ends: Mapping[str, PassEnd],
    censuses: Mapping[str, FleetSummary],
    missed: Collection[Item],
) -> Iterator[Alert]:
    """Yield every alert. *ends* and *censuses* are by partner, *missed* comes from `lost_readiness`."""
    if source.error:
        digest = source.digest if source.revision else ""  # without a good revision no request is taken
        yield Alert(AlertKind.SOURCE, "", digest, "", source.error, source.error_since, SOON)
    for partner in partners:
        yield from _of_passes(partner, ends.get(partner.name, PassEnd()))
        if partner.is_leader:  # another replica reports its own partners
            yield from _of_apps(partner, censuses.get(partner.name, FleetSummary()), missed)


def _of_passes(partner: PartnerState, last: PassEnd) -> Iterator[Alert]:
    if last.kind in CREDENTIAL_ERRORS:
        yield Alert(AlertKind.CREDENTIALS, partner.name, last.kind, "", last.message, None, SOON)
    elif last.kind not in {"", Locked.__name__} and partner.failures >= IN_A_ROW:
        yield Alert(AlertKind.PASSES, partner.name, last.kind, "", last.message, None, LATER)


def _of_apps(partner: PartnerState, summary: FleetSummary, missed: Collection[Item]) -> Iterator[Alert]:
    for held in partner.held:
        yield Alert(AlertKind.HELD, partner.name, held.digest, "", str(held), None, SOON)
    unsupported = [each for each in summary.stalled.values() if each.reason == CALLBACK_NOT_SUPPORTED]
    if unsupported:
        yield _of_callbacks(partner.name, unsupported)
    for item, condition in summary.foreign.items():
        yield _of_app(AlertKind.FOREIGN, item, condition, QUICKLY)
    for item, condition in summary.stalled.items():
        if condition.reason not in {CALLBACK_NOT_SUPPORTED, FOREIGN_WEBHOOK}:  # one alert for one cause
            patience = QUICKLY if condition.reason == BANNED else SOON
            yield _of_app(AlertKind.STALLED, item, condition, patience)
    for item in sorted((summary.unready.keys() - summary.stalled.keys()) & set(missed)):
        condition = summary.unready[item]
        when = _when(condition)
        if condition.status is Truth.FALSE and when is not AlertWhen.NEVER:
            yield _of_app(AlertKind.READY, item, condition, AT_LEISURE if when is AlertWhen.LATE else SOON)
    yield from _of_health(summary)


def _of_health(summary: FleetSummary) -> Iterator[Alert]:
    """Yield the apps that cannot send, but for those that a ban stalls, and those whose quality dropped."""
    for item, condition in summary.unable.items():
        stalled = summary.stalled.get(item)
        if stalled is None or stalled.reason != condition.reason:
            yield _of_app(AlertKind.SENDING, item, condition, QUICKLY)
    for item, condition in summary.dropped.items():
        yield _of_app(AlertKind.QUALITY, item, condition, SOON)


def _of_callbacks(partner: str, conditions: Sequence[Condition]) -> Alert:
    """Return one alert for all apps of a partner, so that the next app is none of its own."""
    count = len(conditions)
    declares = "app declares" if count == 1 else "apps declare"
    message = f"{count} {declares} a callbackUrl that Gupshup does not take: {WAY_OUT}"
    since = min(each.since for each in conditions)
    return Alert(AlertKind.CALLBACKS, partner, CALLBACK_NOT_SUPPORTED, "", message, since, SOON)


def _when(condition: Condition) -> AlertWhen:
    if condition.reason == "ChangePlanned":
        return AlertWhen.LATE
    if condition.reason == HELD:
        return AlertWhen.NEVER  # another alert is about it
    wait = BY_REASON.get(condition.reason)
    return AlertWhen.SOON if wait is None else wait.alert


def _of_app(topic: AlertKind, item: Item, condition: Condition, patience: float) -> Alert:
    return Alert(
        topic, item.partner, condition.reason, item.name, condition.message, condition.since, patience
    )
