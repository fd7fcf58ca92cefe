"""Act: one write for each action, at the pace of the limits; what comes of it is remembered and told."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from controller.core.entry import item_of
from controller.core.guard import Change, change
from controller.errors import Busy, Denied
from controller.loop.deed import Deed, put_off
from controller.loop.linking import link
from controller.loop.look import AT_ONCE
from controller.loop.ports import Account, Writer
from controller.loop.writing import write
from controller.model.plan import Action, For, Link, Observed, Plan


@dataclass(slots=True)
class Tally:
    """What was done so far, filled while it is done, so that a pass cut short still tells it.

    *denied* is set where the partner's credentials were refused: nothing further was sent.
    """

    deeds: dict[Change, Deed] = field(default_factory=dict)
    denied: Denied | None = None


async def act(account: Account[Writer], plan: Plan, observed: Observed, tally: Tally) -> None:
    """Do what *plan* says. Links go one after the other, and so do the writes for one app."""
    lanes: dict[str, list[Action]] = defaultdict(list)
    for action in plan.actions:
        lanes["" if isinstance(action, Link) else item_of(action).app].append(action)
    slots = asyncio.Semaphore(AT_ONCE)

    async def lane(actions: Sequence[Action]) -> None:
        async with slots:
            await _in_turn(account, actions, observed, plan.revision, tally)

    async with asyncio.TaskGroup() as group:
        for name in sorted(lanes):
            group.create_task(lane(lanes[name]))


async def _in_turn(
    account: Account[Writer], actions: Sequence[Action], observed: Observed, revision: str, tally: Tally
) -> None:
    """Do *actions* until one has to wait for its budget: those behind it wait for the same one."""
    for position, action in enumerate(actions):
        if tally.denied is not None:
            return
        try:
            if isinstance(action, Link):
                tally.deeds[change(action)] = await link(account, action, observed, revision)
            else:
                tally.deeds[change(action)] = await write(account, action, observed, revision)
        except Busy as error:
            on = For.BACKOFF if error.until is None else For.BUDGET
            for each in actions[position:]:
                tally.deeds[change(each)] = put_off(each, on, error.until, str(error))
            return
        except Denied as error:
            tally.denied = error
            return
