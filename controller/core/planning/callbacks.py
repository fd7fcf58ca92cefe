"""Callback URLs that Gupshup no longer takes: what is remembered, and which are blocked without a call.

An app whose callback Gupshup refused so has a refusal of its own, and so has the partner, which counts them.
"""

import math
from collections.abc import Iterable
from dataclasses import replace

from controller.core.planning.actions import PlanEntry, item_of
from controller.core.planning.digest import callback_key, of_callback
from controller.core.planning.matched_app import MatchedApp, Matches
from controller.model.manifest import App, Subscription
from controller.model.memory import ClearRefusals, Memory, MemoryUpdate, Refusal, Refuse
from controller.model.plan import Blocked, SetCallback
from controller.model.upstream import Row

CALLBACK_NOT_SUPPORTED = "CallbackNotSupported"

PARTNER_KEY = "callbacks"
"""The key of the partner's refusal. Its `tries` counts such answers in a row."""

MOST_UNSUPPORTED = 3
"""Such answers in a row before the partner's other callbacks are blocked without a call."""

TRY_AGAIN = 86_400.0
"""Seconds after such an answer until one callback is tried again."""

TRY_ANOTHER = 3_600.0
"""Seconds until another one is tried if that try got no clear answer."""

WAY_OUT = (
    "declare a Subscription with version: 2 and ACCOUNT among its modes, which gets the live and account "
    "events, and remove callbackUrl"
)


def refuse(
    action: SetCallback, message: str, now: float, partner: Refusal | None
) -> tuple[MemoryUpdate, ...]:
    """Remember that Gupshup no longer takes callbacks. *partner* is the partner's refusal so far."""
    tries = 1 if partner is None else partner.tries + 1
    key, digest = callback_key(action.app_id), of_callback(action.url)
    own = Refusal(key, digest, CALLBACK_NOT_SUPPORTED, message, now, retry_at=now)
    counted = Refusal(PARTNER_KEY, "", CALLBACK_NOT_SUPPORTED, message, now, tries, now + TRY_AGAIN)
    return Refuse(own), Refuse(counted)


def after_success(partner: Refusal | None) -> tuple[MemoryUpdate, ...]:
    """Free all callbacks of the partner."""
    return () if partner is None else (ClearRefusals(CALLBACK_NOT_SUPPORTED),)


def after_another_refusal(partner: Refusal | None, now: float) -> tuple[MemoryUpdate, ...]:
    """End the row of such answers. If the callbacks are blocked already, only a success frees them."""
    if partner is None:
        return ()
    if is_blocked(partner):
        return (Refuse(replace(partner, retry_at=now + TRY_AGAIN)),)
    return (Refuse(replace(partner, tries=0)),)


def after_no_answer(partner: Refusal | None, now: float) -> tuple[MemoryUpdate, ...]:
    """Let blocked callbacks wait for a try of another one. A row that is not complete stays as it is."""
    if partner is None or not is_blocked(partner):
        return ()
    return (Refuse(replace(partner, retry_at=max(partner.retry_at or now, now + TRY_ANOTHER))),)


def of_partner(memory: Memory) -> Refusal | None:
    return memory.refusals.get(PARTNER_KEY)


def is_blocked(partner: Refusal | None) -> bool:
    """Return whether the answers in a row are so many that no callback of the partner is called."""
    return partner is not None and partner.tries >= MOST_UNSUPPORTED


def hold_back(entries: Iterable[PlanEntry], matches: Matches) -> list[PlanEntry]:
    """Block the callbacks that Gupshup would not take: those refused so, or all after too many in a row.

    Once a day one of them is let through, the one that was tried the longest ago. So is one that a person
    asked for.
    """
    found = list(entries)
    partner = of_partner(matches.context.observed.memory)
    if partner is None:
        return found
    apps = {matched.app.name: matched for matched in matches.apps}
    callbacks = {entry.app.name: entry for entry in found if isinstance(entry, SetCallback)}
    held = {name: action for name, action in callbacks.items() if _is_held(apps[name], action, partner)}
    if held and matches.context.now >= (partner.retry_at or 0.0):
        order = in_turn(held.values(), matches.context.observed.rows)
        del held[min(order, key=lambda action: _tried(apps[action.app.name], action)).app.name]
    blocked = {item_of(action): _blocked(apps[name], action, partner) for name, action in held.items()}
    return [
        blocked.get(item_of(entry), entry) if isinstance(entry, SetCallback) else entry for entry in found
    ]


def in_turn(actions: Iterable[SetCallback], rows: Iterable[Row]) -> list[SetCallback]:
    """Return *actions* in the order of their calls: the oldest app first, which may still have a callback."""
    made = {row.id: row.created for row in rows}
    return sorted(actions, key=lambda action: (made.get(action.app_id) or math.inf, action.app.name))


def _is_held(matched: MatchedApp, action: SetCallback, partner: Refusal) -> bool:
    if matched.asked_again_since(partner.at):
        return False
    return is_blocked(partner) or _own(matched, action) is not None


def _own(matched: MatchedApp, action: SetCallback) -> Refusal | None:
    own = matched.refusal(callback_key(action.app_id))
    same = own is not None and own.digest == of_callback(action.url)
    return own if own is not None and same and own.reason == CALLBACK_NOT_SUPPORTED else None


def _tried(matched: MatchedApp, action: SetCallback) -> float:
    """Return when the callback of an app was tried last (epoch seconds), 0 if it never was."""
    last = matched.memory.refusals.get(callback_key(action.app_id))
    return 0.0 if last is None else last.at


def _blocked(matched: MatchedApp, action: SetCallback, partner: Refusal) -> Blocked:
    own = _own(matched, action)
    why = (
        f"no call was made: {partner.tries} times in a row {partner.message}" if own is None else own.message
    )
    message = f"{why}; {way_out(matched.app, matched.subscriptions)}; one app is tried again once a day"
    return Blocked(matched.item, CALLBACK_NOT_SUPPORTED, message, action)


def way_out(app: App, subscriptions: Iterable[Subscription] = ()) -> str:
    """Return what to declare in place of a callback URL, given the app's declared *subscriptions*."""
    names = sorted(each.name for each in subscriptions if _gets_account_events(each))
    place = f"from App/{app.name}, or from spec.defaults of Partner/{app.partner}"
    if names:
        return f"Subscription/{names[0]} gets the live and account events: remove callbackUrl {place}"
    return f"{WAY_OUT} {place}"


def _gets_account_events(wanted: Subscription) -> bool:
    return wanted.active and wanted.version == 2 and "ACCOUNT" in wanted.modes  # noqa: PLR2004  (the version)
