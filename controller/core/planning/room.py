"""Room for subscriptions: Gupshup takes few on one app, and those of others count as well."""

from collections.abc import Iterable, Iterator

from controller.core.planning.actions import TOO_MANY_SUBSCRIPTIONS, PlanEntry, item_of
from controller.model.manifest import MOST_SUBSCRIPTIONS
from controller.model.plan import Blocked, Subscribe, Unsubscribe, Verb, WaitFor, Waiting


def fitting(entries: Iterable[PlanEntry], listed: int) -> Iterator[PlanEntry]:
    """Let through as many new subscriptions as fit beside those *listed*, the first of *entries* first.

    Those that fit once this plan has removed some wait for that; the others are blocked.
    """
    found = tuple(entries)
    room = MOST_SUBSCRIPTIONS - listed
    leaving = sum(isinstance(entry, Unsubscribe) for entry in found)
    for entry in found:
        if not isinstance(entry, Subscribe):
            yield entry
            continue
        yield entry if room > 0 else _without_room(entry, listed, frees=room + leaving > 0)
        room -= 1


def _without_room(entry: Subscribe, listed: int, *, frees: bool) -> PlanEntry:
    message = (
        f"{listed} subscriptions are on the app, with those of others, and {MOST_SUBSCRIPTIONS} are the most"
    )
    if frees:
        why = f"{message}; it is made once one of them is removed"
        return Waiting(Verb.SUBSCRIBE, item_of(entry), WaitFor.ROOM, message=why, effect=entry)
    advice = "remove one, or let one webhook have more modes"
    return Blocked(item_of(entry), TOO_MANY_SUBSCRIPTIONS, f"{message}; {advice}", entry)
