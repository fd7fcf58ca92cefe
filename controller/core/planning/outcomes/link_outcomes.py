"""Outcomes of links: what Gupshup's answer to a link means, and what is remembered (docs/lifecycle.md)."""

from typing import assert_never

from controller.core.planning.actions import LINK_REFUSED
from controller.core.planning.digest import callback_key, link_key, of_link
from controller.core.planning.outcomes.write_outcomes import Verdict
from controller.core.timestamp import timestamp
from controller.model.manifest import App, AppId
from controller.model.memory import (
    Bind,
    Binding,
    ClearRefusal,
    CloseIntent,
    LedgerEntry,
    LedgerWritten,
    MemoryUpdate,
    Refusal,
    Refuse,
)
from controller.model.phone import masked
from controller.model.plan import Outcome
from controller.model.upstream import (
    LinkAnswer,
    Linked,
    LinkedWithoutCallback,
    LinkRefused,
    NameTaken,
    PhoneTaken,
)


def of_link_answer(app: App, answer: LinkAnswer, *, callback: str, now: float, stale: float) -> Verdict:
    """Judge the answer to a link. *callback* is the keyed digest of the callback URL, "" without one.

    Every answer closes the intent. *stale* is how long a list may lag, in seconds.
    """
    close = CloseIntent(app.phone)
    match answer:
        case Linked(app_id):
            wrote = (LedgerWritten(LedgerEntry(callback_key(app_id), callback)),) if callback else ()
            return Verdict(Outcome.DONE, (*_bound(app, app_id), *wrote), app_id=app_id)
        case LinkedWithoutCallback(app_id, words):
            unset = LedgerWritten(LedgerEntry(callback_key(app_id), ""))
            return Verdict(
                Outcome.DONE, (*_bound(app, app_id), unset), "CallbackNotSet", _masked(app, words), app_id
            )
        case PhoneTaken(app_id, words):
            refuse = _refuse_link(app, "PhoneLinkedElsewhere", words, now, retry_at=now + stale)
            return Verdict(Outcome.STALE, (close, refuse), "PhoneTaken", refuse.refusal.message, app_id)
        case NameTaken(words):
            message = f"appName {app.app_name}: {words}; choose another spec.appName, or {_again(app, now)}"
            refuse = _refuse_link(app, "NameTakenElsewhere", message, now)
            return Verdict(Outcome.FAILED, (close, refuse), "NameTakenElsewhere", refuse.refusal.message)
        case LinkRefused(status, words):
            refuse = _refuse_link(app, LINK_REFUSED, f"Gupshup answered {status}: {words}", now)
            return Verdict(Outcome.FAILED, (close, refuse), LINK_REFUSED, refuse.refusal.message)
        case _:
            assert_never(answer)


def phone_elsewhere(app: App, words: str, now: float) -> Refuse:
    """Remember that the app with this phone is not ours, because Gupshup refused its details."""
    message = f"{words}; the app is not this partner's; {_again(app, now)}"
    return _refuse_link(app, "PhoneLinkedElsewhere", message, now)


def _again(app: App, now: float) -> str:
    """Return what tries a refused link again. A person asks for it, because only they know what changed."""
    return (
        f"once that is no longer so: gupshupctl apply --only App/{app.name} "
        f"(the answer is of {timestamp(now)})"
    )


def _bound(app: App, app_id: AppId) -> tuple[MemoryUpdate, ...]:
    bound = Binding(app.phone, app_id, name=app.app_name)
    return Bind(bound), CloseIntent(app.phone), ClearRefusal(link_key(app.phone))


def _refuse_link(app: App, reason: str, message: str, now: float, retry_at: float | None = None) -> Refuse:
    refusal = Refusal(link_key(app.phone), of_link(app), reason, _masked(app, message), now, 1, retry_at)
    return Refuse(refusal)


def _masked(app: App, words: str) -> str:
    """Return Gupshup's words with the phone number masked, which its sentences repeat."""
    return words.replace(app.phone, masked(app.phone))
