"""Entries of a plan, in words: a sign, a verb, the item, why it is there, and the values."""

from dataclasses import dataclass
from typing import assert_never

from controller.core.planning.actions import Provisioning, Unverifiable, item_of, verb_of
from controller.core.planning.changes.approval import AS_PLANNED
from controller.core.planning.changes.causes import Caused
from controller.core.render.entries.phones import Phones
from controller.core.render.entries.values import values_of
from controller.core.render.foreign import foreign_words
from controller.core.timestamp import timestamp
from controller.model.plan import (
    Action,
    Blocked,
    Foreign,
    HeldChange,
    Item,
    Link,
    Outcome,
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

SIGNS = {Verb.LINK: "+", Verb.SUBSCRIBE: "+", Verb.UPDATE: "~", Verb.UNSUBSCRIBE: "-"}
PARTIAL = "no manifest that was read declares it; if another one does, apply the whole folder"
OUTCOMES = {Outcome.DONE: "✓", Outcome.FAILED: "!", Outcome.STALE: "!", Outcome.UNCLEAR: "?"}


@dataclass(frozen=True, slots=True)
class Entry:
    """*word* is the verb or the state, *why* a sentence, "" if the word says all. No text is escaped."""

    sign: str
    word: str
    item: Item
    why: str = ""
    values: tuple[str, ...] = ()


def entry_of(each: Caused, phones: Phones) -> Entry:
    match each:
        case Link() | SetCallback() | Subscribe() | Update() | Unsubscribe():
            return _of_action(each, phones)
        case Waiting():
            return _of_waiting(each, phones)
        case Blocked(item, reason, message, effect):
            why = f"{reason}: {phones.words(message)}"
            return Entry("!", "blocked", item, why, values_of(effect, phones))
        case HeldChange():
            return _of_held(each, phones)
        case Provisioning(item):
            return Entry("…", "provisioning", item, "linked, not live yet")
        case Unverifiable(item):
            field = "callbackUrl" if item.kind == "App" else "headers"
            return Entry("?", "unverifiable", item, f"{field} {_UNVERIFIABLE}")
        case _:
            assert_never(each)


_UNVERIFIABLE = "cannot be read back; `apply --resend` writes once"


def _of_action(action: Action, phones: Phones) -> Entry:
    verb = verb_of(action)
    return Entry(SIGNS[verb], verb, item_of(action), values=values_of(action, phones))


def _of_waiting(each: Waiting, phones: Phones) -> Entry:
    until = "" if each.until is None else f" until {timestamp(each.until)}"
    why = f" ({phones.words(each.message)})" if each.message else ""
    verb = "be ready" if each.wait_for is WaitFor.SENDABLE else each.verb
    said = f"to {verb}, wait for: {each.wait_for}{until}{why}"
    return Entry("…", "waiting", each.item, said, values_of(each.effect, phones))


def _of_held(each: HeldChange, phones: Phones) -> Entry:
    figures = f" ({each.message})" if each.message else ""
    why = f"to {verb_of(each.action)}, guard: {each.guard}{figures}"
    return Entry("⏸", "held", item_of(each.action), why, values_of(each.action, phones))


def undeclared(each: Unmanaged | Foreign) -> Entry:
    if isinstance(each, Unmanaged):
        return Entry("?", "unmanaged", each.item, f"id {each.id}: no manifest declares it")
    sign, alarm = ("?", "") if each.allowed else ("!", ", and its host is not allowed")
    why = PARTIAL if each.partial else "no manifest declares it"
    return Entry(sign, "foreign", each.item, f"{foreign_words(each)}: {why}{alarm}")


def result_entry(each: Result, phones: Phones) -> Entry:
    app = f"app {each.app_id}" if each.app_id and each.verb is Verb.LINK else ""
    why = ": ".join(part for part in (each.reason, phones.words(each.message)) if part)
    said = ", ".join(part for part in (app, why) if part)
    sign = OUTCOMES[Outcome.DONE if each.reason == AS_PLANNED else each.outcome]
    return Entry(sign, each.verb, each.item, said, values_of(each.effect, phones))
