"""Several partners at once: each has its own account, budgets and fate."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from controller.core.planning.selection import select
from controller.doors.cli.load import Loaded
from controller.errors import ControllerError
from controller.loop.admission import resends
from controller.loop.ports import Account, Reader
from controller.loop.reconcile.gather import gather
from controller.loop.reconcile.state import PassRequest
from controller.model.manifest import Partner
from controller.model.plan import Request


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person typed about what is to be done; *released* are digests of what a guard holds.

    *resend*: write what nobody knows also in CI.
    """

    only: Sequence[str] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    resend: bool = False
    released: frozenset[str] = frozenset()


def task(loaded: Loaded, wish: Wish, now: float) -> PassRequest:
    """Return the task of a run. Raises Usage where the selection is empty.

    What is named by `--only` is asked for again: refusals from before *now* (epoch seconds) no longer count.
    """
    desired, items = select(loaded.desired, wish.only, wish.labels)
    again = frozenset(item.app for item in items or () if wish.only)
    asked = Request(only=items, again=again, at=now)
    return PassRequest(desired, loaded.desired, asked, wish.released)


async def known(
    account: Account[Reader], wanted: PassRequest, wish: Wish, environ: Mapping[str, str]
) -> PassRequest:
    """Return *wanted*; in CI, over a store that knows nothing of the account, without what nobody knows."""
    sends = await resends(account, ci=bool(environ.get("CI")) and not wish.resend)
    return replace(wanted, request=replace(wanted.request, resend=sends))


def partners(wanted: PassRequest) -> tuple[Partner, ...]:
    """Return the partners that the task is about."""
    named = {app.partner for app in wanted.desired.apps}
    return tuple(p for p in wanted.desired.partners if wanted.desired.complete or p.name in named)


async def side_by_side(
    of: Sequence[Partner], work: Callable[[Partner], Awaitable[None]]
) -> dict[str, ControllerError]:
    """Work on every partner at once and return what failed, by partner: it ends no other's work."""
    failed: dict[str, ControllerError] = {}

    async def guarded(partner: Partner) -> None:
        try:
            await work(partner)
        except ControllerError as error:
            failed[partner.name] = error

    await gather(guarded(partner) for partner in of)
    return failed
