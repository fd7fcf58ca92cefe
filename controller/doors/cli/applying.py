"""Running over every partner until nothing is left to wait for: all of `apply` but its words."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from controller.core.status.run_report import Report
from controller.doors.app import Runtime, open_session, open_writer
from controller.doors.cli.ending import codes, gravest
from controller.doors.cli.entrance import Acceptance, refusals, refuse_source
from controller.doors.cli.exits import INTERRUPTED
from controller.doors.cli.fleet import Wish, known, partners, side_by_side, task
from controller.doors.cli.load import Loaded
from controller.doors.cli.signals import answered
from controller.edges import streams
from controller.loop.admission import refuse_loss
from controller.loop.apply import OnProgress, PartnerRun, apply_until_settled
from controller.loop.run.sign_ins import SignIns
from controller.model.manifest import Partner
from controller.model.passes import SourceState


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a run goes on, in seconds; *wait*: until everything is live and subscribed."""

    wait: bool
    timeout: float
    lock_timeout: float


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a run; *runs* hold how every resource stood last.

    *source* tells why what was applied is an older revision, None where it is the newest.
    """

    revision: str
    parts: tuple[Report, ...]
    runs: Mapping[str, PartnerRun]
    interrupted: bool
    code: int
    source: SourceState | None = None


async def apply_all(
    loaded: Loaded,
    wish: Wish,
    house: Runtime,
    patience: Patience,
    tell: OnProgress,
    seats: SignIns | None = None,
) -> Applied:
    """Apply to every partner; closes the house's store. An interruption ends it early, report and all.

    *seats* are sign-ins of before. Raises Usage, PlanRefused or SourceError before anything is sent.
    """
    accept, revisions = Acceptance(loaded, wish.released), house.store.revisions
    wanted = replace(task(loaded, wish, house.clock.now()), accept=accept)
    runs = {partner.name: PartnerRun(wanted) for partner in partners(wanted)}
    seats = seats or SignIns(partial(open_session, house))
    interrupted = False

    async def one(partner: Partner) -> None:
        timeout, stand = patience.lock_timeout, seats.sign_in
        async with open_writer(house, partner, lock_timeout=timeout, sign_in=stand) as account:
            await refuse_loss(revisions, account.upstream, partner, loaded.desired, wish.released)
            runs[partner.name].request = await known(account, wanted, wish, house.environ)
            until = house.clock.now() + patience.timeout
            await apply_until_settled(account, runs[partner.name], wait=patience.wait, until=until, tell=tell)
            await accept(account)

    async with ended_by_signals(), house.store, seats:
        await refuse_source(loaded, revisions, wish.released, seats.account_of)
        try:
            refused = await refusals(loaded, partners(wanted), seats, revisions, wish.released)
            failed = refused or await side_by_side(partners(wanted), one)
            for name, error in failed.items():
                runs[name].error = error
        except asyncio.CancelledError:
            interrupted = True
    parts = {name: run.report(name) for name, run in sorted(runs.items())}
    found = {code for name in parts for code in codes(parts[name], runs[name].error, wait=patience.wait)}
    code = gravest(found | ({INTERRUPTED} if interrupted else set()))
    return Applied(loaded.desired.revision, tuple(parts.values()), runs, interrupted, code)


@asynccontextmanager
async def ended_by_signals() -> AsyncIterator[None]:
    """Let a signal end the run the way Ctrl-C does, once: what comes while it ends cuts nothing short."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def cancel() -> None:
        if task is not None and not task.cancelling():
            task.cancel()

    def end() -> None:
        streams.hurry()
        loop.call_soon_threadsafe(cancel)

    with answered(end):
        yield
