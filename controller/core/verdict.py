"""What an answer to a write means, and what is to be remembered of it (the tables of docs/lifecycle.md)."""

from dataclasses import dataclass
from typing import assert_never

from controller.core.digest import (
    callback_key,
    link_key,
    of_callback,
    of_link,
    of_subscription,
    subscription_key,
)
from controller.core.entry import LINK_REFUSED
from controller.core.subscriptions import REMOVED, drift
from controller.errors import Rejected
from controller.model.manifest import App, AppId
from controller.model.memory import Bind, Binding, CloseIntent, Forgive, Note, Refusal, Refuse, Written, Wrote
from controller.model.phone import masked
from controller.model.plan import Outcome, SetCallback, Subscribe, Unsubscribe, Update
from controller.model.upstream import (
    LinkAnswer,
    Linked,
    LinkedWithoutCallback,
    LinkRefused,
    NameTaken,
    PhoneTaken,
    RemoteSubscription,
)

FIRST_RETRY = 30.0
LONGEST_RETRY = 3600.0
"""Seconds between two tries of a subscription whose URL Gupshup could not reach: doubling, to an hour."""

_WITHOUT_CALLBACK = (
    "; correct callbackUrl, or remove it (from spec.defaults, too) and declare a webhook with version: 2 and "
    "ACCOUNT among its modes: apps made after 1 August 2025 may take no callback URL"
)
"""The way on that Gupshup's words do not name."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """*look*: what is known of the app's subscriptions no longer counts."""

    outcome: Outcome
    notes: tuple[Note, ...] = ()
    reason: str = ""
    message: str = ""
    app_id: AppId | None = None
    look: bool = False


def of_link_answer(app: App, answer: LinkAnswer, *, callback: str, now: float, stale: float) -> Verdict:
    """Judge the answer to a link. *callback* is the keyed digest of the callback URL, "" without one.

    Whatever the answer, it is one: the intent is closed. *stale* is how long a list may lag, in seconds.
    """
    close = CloseIntent(app.phone)
    match answer:
        case Linked(app_id):
            wrote = (Wrote(Written(callback_key(app_id), callback)),) if callback else ()
            return Verdict(Outcome.DONE, (*_bound(app, app_id), *wrote), app_id=app_id)
        case LinkedWithoutCallback(app_id, words):
            unset = Wrote(Written(callback_key(app_id), ""))
            return Verdict(
                Outcome.DONE, (*_bound(app, app_id), unset), "CallbackNotSet", _told(app, words), app_id
            )
        case PhoneTaken(app_id, words):
            refuse = _refuse_link(app, "PhoneLinkedElsewhere", words, now, retry_at=now + stale)
            return Verdict(Outcome.STALE, (close, refuse), "PhoneTaken", refuse.refusal.message, app_id)
        case NameTaken(words):
            message = f"appName {app.app_name}: {words}; choose another spec.appName"
            refuse = _refuse_link(app, "NameTakenElsewhere", message, now)
            return Verdict(Outcome.FAILED, (close, refuse), "NameTakenElsewhere", refuse.refusal.message)
        case LinkRefused(status, words):
            refuse = _refuse_link(app, LINK_REFUSED, f"Gupshup answered {status}: {words}", now)
            return Verdict(Outcome.FAILED, (close, refuse), LINK_REFUSED, refuse.refusal.message)
        case _:
            assert_never(answer)


def phone_elsewhere(app: App, words: str, now: float) -> Refuse:
    """Remember that the app which holds the phone is not ours, as its details were refused."""
    return _refuse_link(app, "PhoneLinkedElsewhere", f"{words}; the app is not this partner's", now)


def of_subscription_write(
    action: Subscribe | Update,
    seen: RemoteSubscription | None,
    *,
    secret: str,
    prior: Written | None,
    now: float,
) -> Verdict:
    """Remember a write that Gupshup accepted and answered with *seen*.

    *secret* is the keyed digest of the headers, "" without any. An answer that does not say what was sent
    (a canned `mode`) is looked at once more; that `active` still has to be switched is plain.
    """
    wanted = action.subscription
    key, declared = subscription_key(action.app_id, wanted.tag), of_subscription(wanted)
    updates, active_at = 0, None
    if isinstance(action, Update):
        same = prior is not None and (prior.digest, prior.secret) == (declared, secret)
        updates = prior.updates + 1 if prior is not None and same else 1
        before = prior.active_at if prior is not None else None
        active_at = now if "active" in action.changes else before
    written = Wrote(Written(key, declared, secret, updates, active_at))
    look = seen is None or not drift(wanted, seen).keys() <= {"active"}
    return Verdict(Outcome.DONE, (written, Forgive(key)), app_id=action.app_id, look=look)


def of_callback_write(action: SetCallback, digest: str) -> Verdict:
    key = callback_key(action.app_id)
    notes = (Wrote(Written(key, digest)), Forgive(key))
    return Verdict(Outcome.DONE, notes, message="callbackUrl set", app_id=action.app_id)


def of_rejection(
    action: Subscribe | Update | Unsubscribe | SetCallback, error: Rejected, prior: Refusal | None, now: float
) -> Verdict:
    """Judge a 4xx to anything but a link."""
    words = error.words.casefold()
    look = isinstance(action, Subscribe) and "duplicate component tag" in words
    look = look or (isinstance(action, Update) and "subscription does not exist" in words)
    if look:
        return Verdict(Outcome.STALE, (), "Stale", error.words, action.app_id, look=True)
    key, digest = subject(action), _declared(action)
    tries = prior.tries + 1 if prior is not None and prior.digest == digest else 1
    retry_at = now + backoff(tries) if "invalid url passed" in words else None
    reason = _reason(words, error.status)
    advice = _WITHOUT_CALLBACK if isinstance(action, SetCallback) and retry_at is None else ""
    message = f"Gupshup answered {error.status}: {error.words}{advice}"
    refusal = Refusal(key, digest, reason, message, now, tries, retry_at)
    return Verdict(Outcome.FAILED, (Refuse(refusal),), reason, error.words, action.app_id)


def backoff(tries: int) -> float:
    """Return the seconds to wait after the *tries*th refusal in a row."""
    return min(FIRST_RETRY * 2.0 ** min(tries - 1, 16), LONGEST_RETRY)


def _reason(words: str, status: int) -> str:
    if "invalid url passed" in words:
        return "InvalidUrl"
    if "not subscription owner" in words:
        return "NotSubscriptionOwner"
    return "Forbidden" if status == 403 else "Rejected"  # noqa: PLR2004  (a status code is its own name)


def subject(action: Subscribe | Update | Unsubscribe | SetCallback) -> str:
    """Return the key under which writes and refusals of what *action* is about are remembered."""
    match action:
        case Subscribe(wanted, app_id) | Update(wanted, app_id):
            return subscription_key(app_id, wanted.tag)
        case Unsubscribe(_, app_id, remote):
            return subscription_key(app_id, remote.tag)
        case SetCallback(_, app_id):
            return callback_key(app_id)
        case _:
            assert_never(action)


def _declared(action: Subscribe | Update | Unsubscribe | SetCallback) -> str:
    match action:
        case Subscribe(wanted) | Update(wanted):
            return of_subscription(wanted)
        case Unsubscribe():
            return REMOVED
        case SetCallback(url=url):
            return of_callback(url)
        case _:
            assert_never(action)


def _bound(app: App, app_id: AppId) -> tuple[Note, ...]:
    return Bind(Binding(app.phone, app_id)), CloseIntent(app.phone), Forgive(link_key(app.phone))


def _refuse_link(app: App, reason: str, message: str, now: float, retry_at: float | None = None) -> Refuse:
    refusal = Refusal(link_key(app.phone), of_link(app), reason, _told(app, message), now, 1, retry_at)
    return Refuse(refusal)


def _told(app: App, words: str) -> str:
    """Return what Gupshup said without the whole phone number, which its sentences repeat."""
    return words.replace(app.phone, masked(app.phone))
