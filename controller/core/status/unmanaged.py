"""Unmanaged apps: those that were declared before, and whose manifests are gone. Nothing is done about it."""

from collections.abc import Collection, Iterator, Mapping

from controller.core.planning.digest import link_key
from controller.core.planning.matched_app import Matches
from controller.core.status.conditions import Judgement, dated
from controller.core.status.state import RETIRED, UNMANAGED, is_retired, is_unmanaged
from controller.model.memory import Memory
from controller.model.plan import Item, Kind
from controller.model.status import Status, Truth

MANIFEST_GONE = "ManifestGone"
"""The reason of the condition."""

MOST_NAMES = 5
"""Names in a line."""

FORGET = "`gupshupctl forget NAME` erases what the store holds of it"

WHAT_TO_DO = (
    "nothing of it is read or changed any more, and webhooks of ours on it stay; put the manifest back, with "
    f"`state: Retired` if the customer has left, which removes them; or {FORGET}"
)


def unmanaged(
    matches: Matches, current: Collection[Status], previous: Mapping[Item, Status]
) -> Iterator[Status]:
    """Yield a status for each app of *previous* that no manifest declares any more, under any name.

    Only for a pass over everything that is declared: *current* are the statuses of all of that. An app that
    was never linked leaves nothing behind, unless the memory holds a try.
    """
    items, ids = {each.item for each in current}, {each.app_id for each in current}
    tried = _tried(matches.context.observed.memory) - {each.phone for each in current}
    at, revision = matches.context.now, matches.desired.revision
    for item, before in sorted(previous.items()):
        is_left = before.phone in tried if before.app_id is None else before.app_id not in ids
        if item.kind is not Kind.APP or item in items or not is_left:
            continue
        what = FORGET if is_retired(before) else WHAT_TO_DO
        gone = Judgement(
            UNMANAGED, Truth.TRUE, MANIFEST_GONE, f"no manifest of its partner declares it: {what}"
        )
        left = [Judgement(RETIRED, Truth.TRUE, RETIRED)] if is_retired(before) else []
        blank = Status(item, (), revision, at, before.app_id, listed=before.listed, phone=before.phone)
        yield dated(blank, (*left, gone), before)


def _tried(memory: Memory) -> frozenset[str]:
    """Return the phones of which a link was sent or refused."""
    refused = (key.removeprefix(link_key("")) for key in memory.refusals)
    return frozenset((*memory.bindings, *memory.intents, *refused))


def unmanaged_note(statuses: Collection[Status]) -> str:
    """Return what to do about the unmanaged apps among *statuses*, "" if there are none."""
    names = [str(each.item) for each in statuses if is_unmanaged(each)]
    if not names:
        return ""
    shown = ", ".join(names[:MOST_NAMES]) + (
        f" and {len(names) - MOST_NAMES} more" if names[MOST_NAMES:] else ""
    )
    return f"No manifest of its partner declares {shown}: {WHAT_TO_DO}."
