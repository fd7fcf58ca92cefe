"""Looking at every partner and planning: all of `plan`, and what `apply` shows before it asks."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import click

from controller.doors.app import Runtime, open_reader
from controller.doors.cli.ending import gravest
from controller.doors.cli.entrance import refuse_source
from controller.doors.cli.exits import code_of
from controller.doors.cli.fleet import Wish, known, partners, side_by_side, task
from controller.doors.cli.load import Loaded
from controller.doors.cli.progress import waits
from controller.errors import ControllerError, PlanRefused
from controller.loop.admission import refuse_loss
from controller.loop.apply import PartnerRun, plan_when_observed
from controller.model.manifest import Partner
from controller.model.plan import Plan


async def _whose(house: Runtime, partner: Partner) -> str | None:
    """Sign in, and return whose account *partner* is; None where nobody can tell now."""
    with suppress(ControllerError):
        async with open_reader(house, partner) as account:
            return account.upstream
    return None


def _tell(run: PartnerRun) -> None:
    for line in waits(run):
        click.echo(line, err=True)


@dataclass(frozen=True, slots=True)
class Surveyed:
    """The plans of the partners that could be looked at, and why the others could not."""

    revision: str
    plans: tuple[Plan, ...]
    errors: Mapping[str, ControllerError]

    @property
    def code(self) -> int:
        return gravest(code_of(error) for error in self.errors.values())


async def survey_all(loaded: Loaded, wish: Wish, house: Runtime, *, timeout: float) -> Surveyed:  # noqa: ASYNC109  (seconds to wait for budgets, on the house's clock)
    """Plan for every partner; closes the house's store.

    Raises Usage, PlanRefused or SourceError where there is nothing to show a plan of.
    """
    wanted = task(loaded, wish, house.clock.now())
    plans: dict[str, Plan] = {}

    async def one(partner: Partner) -> None:
        async with open_reader(house, partner) as account:
            await refuse_loss(house.store.revisions, account.upstream, partner, loaded.desired, wish.released)
            run = PartnerRun(await known(account, wanted, wish, house.environ))
            until = house.clock.now() + timeout
            plans[partner.name] = await plan_when_observed(account, run, until=until, tell=_tell)

    async with house.store:
        await refuse_source(loaded, house.store.revisions, wish.released, partial(_whose, house))
        errors = await side_by_side(partners(wanted), one)
    await asyncio.to_thread(loaded.still)
    if any(isinstance(error, PlanRefused) for error in errors.values()):
        plans.clear()  # a source is refused whole
    return Surveyed(loaded.desired.revision, tuple(plans[name] for name in sorted(plans)), errors)
