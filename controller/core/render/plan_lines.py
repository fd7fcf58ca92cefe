"""Lines for a person, one per entry: a sign, a verb, the item, and the details that matter."""

from collections.abc import Iterator
from typing import assert_never

from controller.core.planning.actions import item_of, verb_of
from controller.core.render.foreign import foreign_words
from controller.core.timestamp import timestamp
from controller.model.modes import in_order
from controller.model.phone import masked
from controller.model.plan import (
    Action,
    Blocked,
    Foreign,
    HeldChange,
    Item,
    Link,
    Outcome,
    PartnerWarning,
    Result,
    SetCallback,
    Subscribe,
    Unmanaged,
    Unsubscribe,
    Update,
    Verb,
    WaitFor,
    Waiting,
)
from controller.model.text import escape

SIGNS = {Verb.LINK: "+", Verb.SUBSCRIBE: "+", Verb.UPDATE: "~", Verb.UNSUBSCRIBE: "-"}
OUTCOMES = {Outcome.DONE: "✓", Outcome.FAILED: "!", Outcome.STALE: "!", Outcome.UNCLEAR: "?"}

_MINUTE, _HOUR = 60, 3600


def of_action(action: Action) -> Iterator[str]:
    yield _line(SIGNS[verb_of(action)], verb_of(action), item_of(action), _details(action))
    yield from _changes(action)


def _changes(action: Action) -> Iterator[str]:
    if isinstance(action, Update):
        for name, (old, new) in action.changes.items():
            yield f"        {name}: {escape(old)} → {escape(new)}"


def of_waiting(each: Waiting) -> str:
    until = "" if each.until is None else f" until {timestamp(each.until)}"
    why = f" ({each.message})" if each.message else ""
    verb = "be ready" if each.wait_for is WaitFor.SENDABLE else each.verb
    return _line("…", "waiting", each.item, f"to {verb}, wait for: {each.wait_for}{until}{why}")


def of_blocked(each: Blocked) -> str:
    return _line("!", "blocked", each.item, f"{each.reason}: {each.message}")


def of_held(each: HeldChange) -> Iterator[str]:
    why = f" ({each.message})" if each.message else ""
    yield _line("⏸", "held", item_of(each.action), f"to {verb_of(each.action)}, guard: {each.guard}{why}")
    yield from _changes(each.action)


def of_unmanaged(each: Unmanaged) -> str:
    return _line("?", "unmanaged", each.item, f"id {each.id}: no manifest declares it")


def of_foreign(each: Foreign) -> str:
    sign, alarm = ("?", "") if each.allowed else ("!", ", and its host is not allowed")
    return _line(sign, "foreign", each.item, f"{foreign_words(each)}: no manifest declares it{alarm}")


def of_provisioning(item: Item) -> str:
    return _line("…", "provisioning", item, "linked, not live yet")


def of_unverifiable(item: Item) -> str:
    field = "callbackUrl" if item.kind == "App" else "headers"
    return _line("?", "unverifiable", item, f"{field} cannot be read back; `apply --resend` writes once")


def of_result(each: Result) -> str:
    why = ": ".join(part for part in (each.reason, each.message) if part)
    app = f"app {each.app_id}" if each.app_id and each.verb is Verb.LINK else ""
    return _line(OUTCOMES[each.outcome], each.verb, each.item, ", ".join(part for part in (app, why) if part))


def duration(seconds: float) -> str:
    """Return *seconds* as a person writes them."""
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


def _line(sign: str, word: str, item: Item, details: str) -> str:
    return f"  {sign} {word:<12} {escape(str(item))}  {escape(details)}".rstrip()


def _details(action: Action) -> str:
    match action:
        case Link(app):
            return f"as {app.app_name}, phone {masked(app.phone)}, WABA {app.waba_id}"
        case SetCallback(url=url):
            return f"callbackUrl {url}{' (unknown → declared)' if action.unknown else ''}"
        case Subscribe(wanted):
            back = "; drift put back" if action.drift else ""
            return f"{', '.join(in_order(wanted.modes))} → {wanted.url}{back}"
        case Update():
            cause = "never written from here" if action.unknown else "changed in the manifest"
            return "drift put back" if action.drift else cause
        case Unsubscribe(remote=remote):
            return f"→ {remote.url}"
        case _:
            assert_never(action)


def of_warning(partner: str, warning: PartnerWarning) -> str:
    return f"Warning: partner {escape(partner)}: {escape(warning.message)} ({warning.reason})"
