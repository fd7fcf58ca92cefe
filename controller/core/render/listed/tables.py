"""Tables with what Gupshup lists of each resource, and the same facts of one resource as lines."""

from collections.abc import Iterable, Mapping
from typing import assert_never

from controller.core.planning import modes
from controller.core.render.entries.phones import MASKED
from controller.core.render.listed.documents import masking
from controller.core.render.tables import (
    HEAD,
    PARTNER_HEAD,
    STATE_HEAD,
    SUBSCRIPTION_HEAD,
    app_cells,
    partner_cells,
    subscription_cells,
    table,
    truth_word,
)
from controller.core.status.partner_status import MINTING_ALLOWED
from controller.core.timestamp import age, timestamp
from controller.model.plan import Kind
from controller.model.status import ListedApp, Status
from controller.model.upstream import RemoteSubscription

APP_MORE = ("GUPSHUP NAME", "PHONE", "WABA", "STAGE", "STAGE AGE")
WEBHOOK = ("TAG", "URL", "VERSION", "MODES", "ACTIVE")
PARTNER_MORE = ("MINTING", "OBSERVED")


def wide_table(kind: Kind, statuses: Iterable[Status], now: float) -> str:
    """Return one line per resource of *kind*, with what Gupshup lists of it. Phone numbers are masked."""
    mine = [status for status in statuses if status.item.kind is kind]
    match kind:
        case Kind.APP:
            rows = [(*app_cells(each), *_app_more(each, now)) for each in mine]
            return table((*HEAD, *APP_MORE), rows) if rows else "no apps"
        case Kind.SUBSCRIPTION:
            rows = [(*subscription_cells(each), *_webhook(each)) for each in mine]
            return table((*SUBSCRIPTION_HEAD, *WEBHOOK), rows) if rows else "no subscriptions"
        case Kind.PARTNER:
            rows = [(*partner_cells(each), *_partner_more(each)) for each in mine]
            return table((*PARTNER_HEAD, *PARTNER_MORE), rows) if rows else "no partners"
        case _:
            assert_never(kind)


def webhook_table(statuses: Iterable[Status]) -> str:
    """Return the subscriptions of one app, each with what Gupshup lists under its tag."""
    rows = [(each.item.name, *_webhook(each), *_state(each)) for each in statuses]
    return table(("NAME", *WEBHOOK, *STATE_HEAD), rows)


def listed_facts(status: Status, now: float) -> Mapping[str, str]:
    """Return what a person reads of what Gupshup lists, by its heading; a partner has nothing."""
    match status.item.kind:
        case Kind.PARTNER:
            return {}
        case Kind.APP:
            name, phone, waba, stage, stage_age = _app_more(status, now)
            return {
                "App id": status.app_id or "-",
                "App name": name,
                "Phone": phone,
                "WABA": waba,
                "Stage": stage if stage_age == "-" else f"{stage}, for {stage_age}",
            }
        case Kind.SUBSCRIPTION:
            cells = dict(zip(("Tag", "URL", "Version", "Modes", "Active"), _webhook(status), strict=True))
            return {"App id": status.app_id or "-", **cells}
        case _:
            assert_never(status.item.kind)


def _app_more(status: Status, now: float) -> tuple[str, ...]:
    stage = status.stage or "-"
    if not isinstance(status.listed, ListedApp):
        return ("-", "-", "-", stage, "-")
    listed, phones = status.listed, masking(status.listed)
    phone = phones.number(listed.phone) if listed.phone else "-"
    since = age(now - listed.since) if status.stage else "-"
    return (phones.words(listed.name), phone, listed.waba or "-", stage, since)


def _state(status: Status) -> tuple[str, ...]:
    return subscription_cells(status)[-len(STATE_HEAD) :]


def _webhook(status: Status) -> tuple[str, ...]:
    if not isinstance(status.listed, RemoteSubscription):
        return ("-",) * len(WEBHOOK)
    listed = status.listed
    version = "-" if listed.version is None else str(listed.version)
    words = (MASKED.words(listed.tag), MASKED.words(listed.url), version, modes.told(listed))
    return (*words, "yes" if listed.active else "no")


def _partner_more(status: Status) -> tuple[str, ...]:
    return (truth_word(status, MINTING_ALLOWED), timestamp(status.at))
