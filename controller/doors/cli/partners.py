"""The partners of a command, handled concurrently: each has its own account, limits and errors."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from controller.core.planning.changes.narrow import narrow
from controller.core.planning.selection import select
from controller.doors.cli.options.values import Releases
from controller.doors.cli.source.load import Loaded
from controller.errors import ControllerError
from controller.loop.admission import resends
from controller.loop.ports import Account, Reader
from controller.loop.reconcile.gather import gather
from controller.loop.reconcile.state import PassRequest
from controller.model.manifest import Partner
from controller.model.plan import HealthReads, Item, Request


@dataclass(frozen=True, slots=True)
class Selection:
    """The request of a person: which items, and what may be written about them.

    *released* are digests of changes that a guard holds. *resend*: in CI too, write what cannot be read back.
    """

    only: Sequence[str] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    resend: bool = False
    released: Releases = field(default_factory=Releases)


def pass_request(
    loaded: Loaded,
    selection: Selection,
    now: float,
    *,
    wait: bool = False,
    touched: frozenset[Item] | None = None,
) -> PassRequest:
    """Return the request of a run. Raises Usage if nothing is selected.

    Items that `--only` names are tried again: refusals from before *now* (epoch seconds) no longer count. A
    run that is to *wait* reads again whether apps can send that are to be able to. *touched* are the items of
    the change that the run is about, None if it is about everything.
    """
    desired, items = select(loaded.desired, selection.only, selection.labels)
    if touched is not None:
        desired, items = narrow(desired, items, touched)
    again = frozenset(item.app for item in items or () if selection.only)
    reads = HealthReads.AWAITED if wait else HealthReads.UNKNOWN
    request = Request(only=items, again=again, at=now, health_reads=reads, touched=touched)
    return PassRequest(desired, loaded.desired, request, selection.released)


async def decide_resend(
    account: Account[Reader], request: PassRequest, selection: Selection, environ: Mapping[str, str]
) -> PassRequest:
    """Return *request* with the decision whether to write values that cannot be read back.

    In CI, the store of a new run knows nothing of the account, so such values are not written.
    """
    resend = await resends(account, ci=bool(environ.get("CI")) and not selection.resend)
    return replace(request, request=replace(request.request, resend=resend))


def partners_of(request: PassRequest) -> tuple[Partner, ...]:
    """Return the partners that *request* is about. A change is also about those that only lose something."""
    names = {app.partner for app in request.desired.apps}
    if request.request.only is None:
        names |= {item.partner for item in request.request.touched or ()}
    return tuple(p for p in request.desired.partners if request.desired.complete or p.name in names)


async def for_each_partner(
    partners: Sequence[Partner], work: Callable[[Partner], Awaitable[None]]
) -> dict[str, ControllerError]:
    """Run *work* for all partners concurrently. Return the errors by name; an error ends no other work."""
    errors: dict[str, ControllerError] = {}

    async def guarded(partner: Partner) -> None:
        try:
            await work(partner)
        except ControllerError as error:
            errors[partner.name] = error

    await gather(guarded(partner) for partner in partners)
    return errors
