"""Act: one write for each action, at the pace of the limits; what comes of it is remembered and told."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from controller.core.planning.actions import item_of
from controller.core.planning.guard import Change, change
from controller.core.planning.plan import LINK_COOLDOWN, refused_alike
from controller.errors import Busy, Denied
from controller.loop.ports import Account, Writer
from controller.loop.reconcile.attempt import Attempt, Interrupted, postponed
from controller.loop.reconcile.gather import gather
from controller.loop.reconcile.link import link
from controller.loop.reconcile.observe import CONCURRENT_READS
from controller.loop.reconcile.write import write
from controller.model.plan import Action, Link, Observed, Plan, Result, Verb, WaitFor


@dataclass(slots=True)
class Tally:
    """What was done so far, filled while it is done, so that a pass cut short still tells it.

    *denied* is set where the partner's credentials were refused: nothing further was sent. *rests* tell until
    when (epoch seconds) a lane's budget is used up.
    """

    deeds: dict[Change, Attempt] = field(default_factory=dict)
    denied: Denied | None = None
    rests: dict[str, float] = field(default_factory=dict)

    def links(self) -> list[Result]:
        """Return what came of this pass's links, in their order."""
        said = (attempt.result for attempt in self.deeds.values())
        return [each for each in said if isinstance(each, Result) and each.verb is Verb.LINK]


async def act(account: Account[Writer], plan: Plan, observed: Observed, tally: Tally) -> None:
    """Do what *plan* says. Links go one after the other, and so do the writes for one app."""
    lanes: dict[str, list[Action]] = defaultdict(list)
    for action in plan.actions:
        lanes["" if isinstance(action, Link) else item_of(action).app].append(action)
    slots = asyncio.Semaphore(CONCURRENT_READS)

    async def lane(name: str) -> None:
        async with slots:
            await _in_turn(account, name, lanes[name], observed, tally)

    await gather(lane(name) for name in sorted(lanes))


async def _in_turn(
    account: Account[Writer], name: str, actions: Sequence[Action], observed: Observed, tally: Tally
) -> None:
    """Do *actions* until one has to wait: those behind it wait for the same."""
    for position, action in enumerate(actions):
        if tally.denied is not None:
            return
        stop = await _step(account, name, action, observed, tally)
        if stop is not None:
            for each in actions[position:]:
                tally.deeds.setdefault(change(each), postponed(each, stop.on, stop.until, stop.why))
            return


@dataclass(frozen=True, slots=True)
class _Stop:
    """Why a lane goes no further in this pass."""

    on: WaitFor
    until: float | None
    why: str


async def _step(
    account: Account[Writer], name: str, action: Action, observed: Observed, tally: Tally
) -> _Stop | None:
    try:
        _rested(name, tally, account.clock.now())
        tally.deeds[change(action)] = await _do(account, action, observed)
    except Busy as error:
        if error.until is not None:
            tally.rests[name] = error.until
        return _Stop(WaitFor.BACKOFF if error.until is None else WaitFor.BUDGET, error.until, str(error))
    except Denied as error:
        tally.denied = error
    except Interrupted as stop:
        tally.deeds[change(action)] = stop.deed
        raise
    if isinstance(action, Link) and refused_alike(tally.links()):
        return _Stop(
            WaitFor.COOLDOWN, account.clock.now() + LINK_COOLDOWN, "the last links were refused alike"
        )
    return None


def _rested(name: str, tally: Tally, now: float) -> None:
    """Raise Busy where an earlier pass found this lane's budget used up: it is not asked again before."""
    until = tally.rests.get(name, now)
    if now < until:
        raise Busy("the budget is used up for now", until)


async def _do(account: Account[Writer], action: Action, observed: Observed) -> Attempt:
    if isinstance(action, Link):
        return await link(account, action, observed)
    return await write(account, action, observed)
