"""Alerter: checks the state every few seconds, and notifies people of what became worse or better."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from controller.core.alerts.detect import PassEnd, detect_alerts, lost_readiness, pass_end
from controller.core.alerts.group import AlertGroups, under_new_names, update_groups
from controller.core.render.alerts import notice
from controller.core.status.summary import FleetSummary
from controller.errors import StoreError
from controller.loop.run.control import LoopControl
from controller.loop.run.end_notices import EndClaims, EndNotices
from controller.loop.run.summary_cache import STALE, SummaryCache
from controller.model.clock import Clock
from controller.model.notice import Notice
from controller.model.passes import PartnerState, Pass
from controller.model.plan import Item

PACE = 10.0
"""Seconds between two checks."""


class Alerter:
    """*notify* sends a notice, and neither waits nor raises. *ends* knows which ends were notified.

    With *observe* no process is a partner's writer, so this process reports every partner.
    """

    def __init__(
        self,
        control: LoopControl,
        summaries: SummaryCache,
        clock: Clock,
        notify: Callable[[Notice], None],
        ends: EndClaims,
        *,
        observe: bool = False,
    ) -> None:
        self._control = control
        self._summaries = summaries
        self._clock = clock
        self._notify = notify
        self._ends_ahead = EndNotices(ends)
        self._observe = observe
        self._began = clock.now()
        self._groups: AlertGroups = {}
        self._ends: dict[str, PassEnd] = {}
        self._lost: Mapping[Item, float] = {}

    def on_pass(self, finished: Pass) -> None:
        """Note how a pass ended, which apps have another name, and which it found no longer ready."""
        self._ends[finished.partner] = pass_end(finished)
        if finished.renamed:
            self._lost = {finished.renamed.get(item, item): at for item, at in self._lost.items()}
            self._groups = under_new_names(self._groups, finished.renamed)
        if finished.transitions:
            self._lost = lost_readiness(self._lost, finished.transitions, self._clock.now())

    async def run(self) -> None:
        """Check for ever, until cancelled."""
        while True:
            await self.check()
            await self._clock.sleep(PACE)

    async def check(self) -> None:
        """Check once, and send all that is due as one notice."""
        partners, now = self._partners(), self._clock.now()
        with suppress(StoreError):  # the passes report the same error; the last summaries remain
            await self._summaries.refresh(partner.upstream for partner in partners)
        by_partner = {partner.name: self._summaries.summary(partner.upstream) for partner in partners}
        self._forget(by_partner, now)
        alerts = detect_alerts(self._control.source(), partners, self._ends, by_partner, self._lost)
        update = update_groups(self._groups, alerts, now, began=self._began)
        self._groups = update.groups
        if update.notifications:
            self._notify(notice(update.notifications, now, self._control.store_words()))
        with suppress(StoreError):  # likewise; a notice that could not be claimed is due again
            async for ahead in self._ends_ahead.due(partners, now):
                self._notify(ahead)

    def _partners(self) -> tuple[PartnerState, ...]:
        partners = self._control.partners()
        return tuple(replace(state, is_leader=True) for state in partners) if self._observe else partners

    def _forget(self, by_partner: Mapping[str, FleetSummary], now: float) -> None:
        """Forget partners and apps that are gone, or well again; a summary may lag behind the passes."""
        self._ends = {name: last for name, last in self._ends.items() if name in by_partner}
        unready = {item for summary in by_partner.values() for item in summary.unready}
        self._lost = {item: at for item, at in self._lost.items() if item in unready or now - at < STALE}
