"""The checks of a source before anything is written: emptied files, lost apps, changed files."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from controller.core.planning.source_guard import Refusals, refuse_empty
from controller.doors.cli.source.load import Loaded
from controller.errors import ControllerError, PlanRefused
from controller.loop.admission import admit, refuse_half_written, refuse_loss
from controller.loop.ports import Account, Revisions, Writer
from controller.loop.reconcile.gather import gather
from controller.loop.run.sign_ins import SignIns
from controller.loop.run.source_watcher import AccountOf, unknown_account
from controller.model.history import LastGood
from controller.model.manifest import Partner


async def refuse_source(
    loaded: Loaded, revisions: Revisions, released: Collection[str], account_of: AccountOf = unknown_account
) -> None:
    """Raise PlanRefused if a file was emptied, or if all files together declare nothing.

    The refusal also shows what each account loses, if *account_of* finds the account.
    """
    await refuse_half_written(revisions, loaded.source)
    refusals, desired = Refusals(), loaded.desired
    with refusals:
        refuse_empty(desired, loaded.source.identity, released)
        return
    good = await revisions.last_good(loaded.source.identity)
    if good is not None and good.revision == desired.revision:
        return  # it was released before
    for partner in desired.partners:
        upstream = await account_of(partner) if await revisions.knows(partner.url) else None
        with refusals:
            if upstream is not None:
                await refuse_loss(revisions, upstream, partner, desired, released)
    refusals.refuse()


async def refused_partners(
    loaded: Loaded, of: Iterable[Partner], sign_ins: SignIns, revisions: Revisions, released: Collection[str]
) -> Mapping[str, ControllerError]:
    """Sign in, and return the errors that forbid writes, by partner. A source is refused as a whole."""
    if not loaded.desired.complete:
        return {}
    partners = tuple(of)
    accounts = await gather(sign_ins.account_of(partner) for partner in partners)
    refused: dict[str, ControllerError] = {}
    for partner, upstream in zip(partners, accounts, strict=True):
        try:
            if upstream is not None:
                await refuse_loss(revisions, upstream, partner, loaded.desired, released)
        except PlanRefused as error:
            refused[partner.name] = error
    return _refuse_all(partners, refused)


def _refuse_all(
    partners: Iterable[Partner], refused: Mapping[str, ControllerError]
) -> Mapping[str, ControllerError]:
    """If one partner is refused, refuse every partner."""
    for name, error in refused.items():
        if isinstance(error, PlanRefused):
            rest = PlanRefused(f"nothing was sent, because of partner {name}: {error.why}", error.digest)
            return {partner.name: refused.get(partner.name, rest) for partner in partners}
    return refused


@dataclass(slots=True)
class Acceptance:
    """The last check of a source, called by every partner right before its first write, or at its end.

    The files are compared once more with those that were read. After the check of every partner, the revision
    becomes the last good one. If a partner could not be checked, it does not.
    """

    loaded: Loaded
    released: Collection[str]
    _compared: bool = False
    _admitted: set[str] = field(default_factory=set)

    async def __call__(self, account: Account[Writer]) -> None:
        """Raise SourceError if a file changed, PlanRefused if the account lost too much meanwhile."""
        if not self._compared:
            await asyncio.to_thread(self.loaded.refuse_changed)
            self._compared = True
        if self.loaded.desired.complete and account.partner.name not in self._admitted:
            revisions, desired = account.store.revisions, self.loaded.desired
            await admit(revisions, account.upstream, account.partner, desired, self.released)
            self._admitted.add(account.partner.name)
            if self._admitted >= {partner.name for partner in desired.partners}:
                await self._save_good(revisions, account.clock.now())

    async def _save_good(self, revisions: Revisions, now: float) -> None:
        """Save the revision as the last good one, with the time at which it first was."""
        source, revision = self.loaded.source, self.loaded.desired.revision
        good = await revisions.last_good(source.identity)
        since = good.at if good is not None and good.revision == revision else now
        await revisions.save_good(source.identity, LastGood(revision, since, source.files))
