"""Outcomes of writes: what each answer of Gupshup means, and what is remembered (docs/lifecycle.md)."""

import re
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from controller.core.backoff import write_backoff
from controller.core.planning import callbacks
from controller.core.planning.actions import (
    MOST_UNCLEAR_WRITES,
    NO_CLEAR_ANSWER,
    REMOVED,
    TAG_TAKEN,
    TOO_MANY_SUBSCRIPTIONS,
    WILL_NOT_CONVERGE,
)
from controller.core.planning.digest import (
    callback_key,
    of_callback,
    of_subscription,
    of_write,
    subscription_key,
)
from controller.core.planning.subscriptions import MOST_REPEATED_WRITES, drift, respelt
from controller.errors import Rejected, Unsupported
from controller.model.manifest import AppId
from controller.model.memory import (
    ClearRefusal,
    LedgerEntry,
    LedgerWritten,
    MemoryUpdate,
    Refusal,
    Refuse,
)
from controller.model.plan import Outcome, SetCallback, Subscribe, Unsubscribe, Update
from controller.model.upstream import (
    RemoteSubscription,
)

Write: TypeAlias = Subscribe | Update | Unsubscribe | SetCallback
"""Every action but a link, which has a protocol of its own."""

_TOO_MANY = re.compile("maximum of [0-9]+ subscriptions")
"""The refusal of a sixth subscription (docs/gupshup-api.md, Subscriptions)."""

_WITHOUT_CALLBACK = (
    "; correct callbackUrl, or remove it (from spec.defaults, too) and declare a webhook with version: 2 and "
    "ACCOUNT among its modes: apps made after 1 August 2025 may take no callback URL"
)
"""The solution, which Gupshup's message does not name."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """*reread*: the app's subscriptions, as read before, no longer count."""

    outcome: Outcome
    notes: tuple[MemoryUpdate, ...] = ()
    reason: str = ""
    message: str = ""
    app_id: AppId | None = None
    reread: bool = False


@dataclass(frozen=True, slots=True)
class AnswerContext:
    """What is known at *now* (epoch seconds), the time of the answer to a write.

    *secret* is the keyed digest of what can be written and not read, "" without any. *written* and *refusal*
    are what the store remembers, *callbacks* what it remembers of all callbacks of the partner.
    """

    now: float
    secret: str = ""
    written: LedgerEntry | None = None
    refusal: Refusal | None = None
    callbacks: Refusal | None = None


def of_subscription_write(
    action: Subscribe | Update, seen: RemoteSubscription | None, known: AnswerContext
) -> Verdict:
    """Remember a write that Gupshup accepted and answered with *seen*.

    The subscription is read once more if the answer does not show what was sent (a canned `mode`), or if the
    write was repeated: only a read shows that a write took. A difference in `active` alone needs no read. If
    the answer has the tag in another case, the manifest must declare that tag. Such a write is not repeated.
    """
    wanted, prior = action.subscription, known.written
    key, declared = subscription_key(action.app_id, wanted.tag), of_subscription(wanted)
    updates, active_at = int(isinstance(action, Update)), None
    if prior is not None and (prior.digest, prior.secret) == (declared, known.secret):
        updates = prior.updates + 1
    if isinstance(action, Update):
        before = prior.active_at if prior is not None else None
        active_at = known.now if "active" in action.changes else before
    written = LedgerEntry(key, declared, known.secret, updates, active_at)
    reread = seen is None or updates > 1 or not drift(wanted, seen).keys() <= {"active"}
    digest = of_write(wanted, known.secret)
    update = _refuse_repeated(written, digest, known.now)
    if seen is None or seen.tag == wanted.tag or seen.tag.casefold() != wanted.tag.casefold():
        return Verdict(Outcome.DONE, (LedgerWritten(written), update), app_id=action.app_id, reread=reread)
    message = respelt(seen, ours=True)
    taken = Refuse(Refusal(key, digest, TAG_TAKEN, message, known.now, retry_at=known.now))
    notes = (LedgerWritten(written), taken if isinstance(update, ClearRefusal) else update)
    return Verdict(Outcome.DONE, notes, message=message, app_id=action.app_id, reread=reread)


def of_unsubscribe(action: Unsubscribe, known: AnswerContext) -> Verdict:
    """Remember a removal that Gupshup confirmed. After a repeated one the subscriptions are read again."""
    prior = known.written
    repeats = prior.updates + 1 if prior is not None and prior.digest == REMOVED else 0
    written = LedgerEntry(subject(action), REMOVED, updates=repeats)
    notes = (LedgerWritten(written), _refuse_repeated(written, REMOVED, known.now))
    return Verdict(Outcome.DONE, notes, app_id=action.app_id, reread=written.updates > 0)


def _refuse_repeated(written: LedgerEntry, digest: str, now: float) -> Refuse | ClearRefusal:
    """Clear earlier refusals. After too many writes that no read confirmed, block until a person checks."""
    if written.updates < MOST_REPEATED_WRITES:
        return ClearRefusal(written.key)
    message = f"{written.updates} writes in a row did not take"
    return Refuse(Refusal(written.key, digest, WILL_NOT_CONVERGE, message, now))


def of_callback_write(action: SetCallback, known: AnswerContext) -> Verdict:
    key = callback_key(action.app_id)
    notes = (LedgerWritten(LedgerEntry(key, known.secret)), ClearRefusal(key))
    freed = callbacks.after_success(known.callbacks)
    return Verdict(Outcome.DONE, (*notes, *freed), message="callbackUrl set", app_id=action.app_id)


def _of_unsupported(action: SetCallback, error: Unsupported, known: AnswerContext) -> Verdict:
    message = f"Gupshup answered {error.status}: {error.words}".removesuffix(": ")
    notes = callbacks.refuse(action, message, known.now, known.callbacks)
    advice = f"{message}; {callbacks.way_out(action.app)}"
    return Verdict(Outcome.FAILED, notes, callbacks.CALLBACK_NOT_SUPPORTED, advice, action.app_id)


def of_rejection(action: Write, error: Rejected, known: AnswerContext) -> Verdict:
    """Judge a 4xx to anything but a link."""
    if isinstance(action, SetCallback) and isinstance(error, Unsupported):
        return _of_unsupported(action, error, known)
    words, message = error.words.casefold(), f"Gupshup answered {error.status}: {error.words}"
    if reason := _contradiction(action, words):
        refuse = _unproven(action, reason, message, known)
        return Verdict(Outcome.STALE, (refuse,), "Stale", error.words, action.app_id, reread=True)
    if isinstance(action, Subscribe) and _TOO_MANY.search(words):
        return _no_room(action, error.words, message, known)
    key, digest = subject(action), _declared(action, known.secret)
    tries = _tries(known.refusal, digest)
    retry_at = known.now + write_backoff(tries) if "invalid url passed" in words else None
    reason = _reason(words, error.status)
    advice = _WITHOUT_CALLBACK if isinstance(action, SetCallback) and retry_at is None else ""
    refusal = Refusal(key, digest, reason, f"{message}{advice}", known.now, tries, retry_at)
    others = callbacks.after_another_refusal(known.callbacks, known.now)
    return Verdict(Outcome.FAILED, (Refuse(refusal), *others), reason, error.words, action.app_id)


def _no_room(action: Subscribe, words: str, message: str, known: AnswerContext) -> Verdict:
    """Judge a refusal for want of room, although the last read showed some: the next read decides.

    If that read shows room again, it is tried at once, and each further time after a longer pause.
    """
    key, digest = subject(action), _declared(action, known.secret)
    tries = _tries(known.refusal, digest)
    pause = write_backoff(tries - 1) if tries > 1 else 0.0
    why = f"{message}, though fewer were listed; remove one, or let one webhook have more modes"
    refusal = Refusal(key, digest, TOO_MANY_SUBSCRIPTIONS, why, known.now, tries, known.now + pause)
    return Verdict(
        Outcome.FAILED, (Refuse(refusal),), TOO_MANY_SUBSCRIPTIONS, words, action.app_id, reread=True
    )


def of_unclear(action: Write, why: str, known: AnswerContext) -> Verdict:
    """Judge an answer that proves nothing, or none. A read follows, and each further try waits longer."""
    refuse = _unproven(action, NO_CLEAR_ANSWER, why, known)
    others = callbacks.after_no_answer(known.callbacks, known.now)
    return Verdict(Outcome.UNCLEAR, (refuse, *others), "OutcomeUnknown", why, action.app_id, reread=True)


def _contradiction(action: Write, words: str) -> str:
    """Return the reason if Gupshup denies what the last read showed, "" otherwise. A read may settle it."""
    if isinstance(action, Subscribe) and "duplicate component tag" in words:
        return TAG_TAKEN
    gone = isinstance(action, Update) and "subscription does not exist" in words
    return NO_CLEAR_ANSWER if gone else ""


def _unproven(action: Write, reason: str, why: str, known: AnswerContext) -> Refuse:
    """Remember a try that proved nothing. The second try goes at once, each further one waits longer."""
    key, digest = subject(action), _declared(action, known.secret)
    tries = _tries(known.refusal, digest)
    pause = write_backoff(tries - 1) if tries > 1 else 0.0
    message = f"{tries} tries in a row got no clear answer; the last: {why}" if tries > 1 else why
    if tries >= MOST_UNCLEAR_WRITES:
        message = f"{message}; ask Gupshup's support; it is tried again at most once an hour"
    return Refuse(Refusal(key, digest, reason, message, known.now, tries, known.now + pause))


def _tries(prior: Refusal | None, digest: str) -> int:
    return prior.tries + 1 if prior is not None and prior.digest == digest else 1


def _reason(words: str, status: int) -> str:
    if "invalid url passed" in words:
        return "InvalidUrl"
    if "not subscription owner" in words:
        return "NotSubscriptionOwner"
    return "Forbidden" if status == 403 else "Rejected"  # noqa: PLR2004  (a status code is its own name)


def subject(action: Write) -> str:
    """Return the key under which the store remembers writes and refusals of what *action* changes."""
    match action:
        case Subscribe(wanted, app_id) | Update(wanted, app_id):
            return subscription_key(app_id, wanted.tag)
        case Unsubscribe(_, app_id, remote):
            return subscription_key(app_id, remote.tag)
        case SetCallback(_, app_id):
            return callback_key(app_id)
        case _:
            assert_never(action)


def _declared(action: Write, secret: str) -> str:
    match action:
        case Subscribe(wanted) | Update(wanted):
            return of_write(wanted, secret)
        case Unsubscribe():
            return REMOVED
        case SetCallback(url=url):
            return of_callback(url)
        case _:
            assert_never(action)
