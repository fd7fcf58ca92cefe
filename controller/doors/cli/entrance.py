"""What lets the manifests of a command in: whole and at rest, or not at all."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from controller.core.planning.source_guard import Refusals, refuse_empty
from controller.doors.cli.load import Loaded
from controller.errors import ControllerError, PlanRefused
from controller.loop.admission import admit, refuse_half_written, refuse_loss
from controller.loop.ports import Account, Revisions, Writer
from controller.loop.reconcile.gather import gather
from controller.loop.run.sign_ins import SignIns
from controller.loop.run.source_watcher import Whose, nobody
from controller.model.history import LastGood
from controller.model.manifest import Partner


async def refuse_source(
    loaded: Loaded, revisions: Revisions, released: Collection[str], whose: Whose = nobody
) -> None:
    """Raise PlanRefused where a file was emptied, or all of them together declare nothing.

    What accounts lose with such a source is said with it, as far as it is known *whose* they are.
    """
    await refuse_half_written(revisions, loaded.source)
    refusals, desired = Refusals(), loaded.desired
    with refusals:
        refuse_empty(desired, loaded.source.identity, released)
        return
    good = await revisions.last_good(loaded.source.identity)
    if good is not None and good.revision == desired.revision:
        return  # it was released
    for partner in desired.partners:
        upstream = await whose(partner) if await revisions.knows(partner.url) else None
        with refusals:
            if upstream is not None:
                await refuse_loss(revisions, upstream, partner, desired, released)
    refusals.refuse()


async def refusals(
    loaded: Loaded, of: Iterable[Partner], seats: SignIns, revisions: Revisions, released: Collection[str]
) -> Mapping[str, ControllerError]:
    """Sign in, and return why nothing may be done, by partner: a source is refused whole."""
    if not loaded.desired.complete:
        return {}
    partners = tuple(of)
    accounts = await gather(seats.account_of(partner) for partner in partners)
    found: dict[str, ControllerError] = {}
    for partner, upstream in zip(partners, accounts, strict=True):
        try:
            if upstream is not None:
                await refuse_loss(revisions, upstream, partner, loaded.desired, released)
        except PlanRefused as error:
            found[partner.name] = error
    return _all(partners, found)


def _all(partners: Iterable[Partner], found: Mapping[str, ControllerError]) -> Mapping[str, ControllerError]:
    """Let one refusal be that of every partner."""
    for name, error in found.items():
        if isinstance(error, PlanRefused):
            rest = PlanRefused(f"nothing was sent, because of partner {name}: {error.why}", error.digest)
            return {partner.name: found.get(partner.name, rest) for partner in partners}
    return found


@dataclass(slots=True)
class Acceptance:
    """Asked by every partner right before its first write, and where there was none at the end.

    The files are compared once more with what was read. Once every partner asked, the revision is the last
    good one: where nobody could tell what one of them lost, it is not.
    """

    loaded: Loaded
    released: frozenset[str]
    _rests: bool = False
    _admitted: set[str] = field(default_factory=set)

    async def __call__(self, account: Account[Writer]) -> None:
        """Raise SourceError where a file changed, PlanRefused where too much is gone by now."""
        if not self._rests:
            await asyncio.to_thread(self.loaded.still)
            self._rests = True
        if self.loaded.desired.complete and account.partner.name not in self._admitted:
            revisions, desired = account.store.revisions, self.loaded.desired
            await admit(revisions, account.upstream, account.partner, desired, self.released)
            self._admitted.add(account.partner.name)
            if self._admitted >= {partner.name for partner in desired.partners}:
                await self._keep(revisions, account.clock.now())

    async def _keep(self, revisions: Revisions, now: float) -> None:
        """Keep the revision as the last good one, since when it was first."""
        source, revision = self.loaded.source, self.loaded.desired.revision
        good = await revisions.last_good(source.identity)
        since = good.at if good is not None and good.revision == revision else now
        await revisions.save_good(source.identity, LastGood(revision, since, source.files))
