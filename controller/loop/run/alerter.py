"""The herald: looks how things stand every few seconds, and tells people what changed for worse or better."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from controller.core.alerts.detect import PassEnd, detect_alerts, lost_readiness, pass_end
from controller.core.alerts.group import AlertGroups, update_groups
from controller.core.render.alerts import notice
from controller.core.status.summary import FleetSummary
from controller.errors import StoreError
from controller.loop.run.control import LoopControl
from controller.loop.run.summary_cache import STALE, SummaryCache
from controller.model.clock import Clock
from controller.model.notice import Notice
from controller.model.passes import PartnerState, Pass
from controller.model.plan import Item

PACE = 10.0
"""Seconds between two looks."""


class Alerter:
    """*tell* takes a notice, and neither waits nor raises.

    With *observe* nobody is a partner's writer, so this process speaks of every partner.
    """

    def __init__(
        self,
        board: LoopControl,
        counted: SummaryCache,
        clock: Clock,
        tell: Callable[[Notice], None],
        *,
        observe: bool = False,
    ) -> None:
        self._control = board
        self._summaries = counted
        self._clock = clock
        self._notify = tell
        self._observe = observe
        self._began = clock.now()
        self._groups: AlertGroups = {}
        self._ends: dict[str, PassEnd] = {}
        self._lost: Mapping[Item, float] = {}

    def on_pass(self, over: Pass) -> None:
        """Listen to passes."""
        self._ends[over.partner] = pass_end(over)
        if over.transitions:
            self._lost = lost_readiness(self._lost, over.transitions, self._clock.now())

    async def run(self) -> None:
        """Look for ever, until cancelled."""
        while True:
            await self.look()
            await self._clock.sleep(PACE)

    async def look(self) -> None:
        """Look once, and tell what is due; all of it is one notice."""
        partners, now = self._partners(), self._clock.now()
        with suppress(
            StoreError
        ):  # the passes meet the same store and say so; what was counted last counts on
            await self._summaries.refresh(partner.upstream for partner in partners)
        taken = {partner.name: self._summaries.summary(partner.upstream) for partner in partners}
        self._forget(taken, now)
        wrong = detect_alerts(self._control.source(), partners, self._ends, taken, self._lost)
        found = update_groups(self._groups, wrong, now, began=self._began)
        self._groups = found.groups
        if found.notifications:
            self._notify(notice(found.notifications, now))

    def _partners(self) -> tuple[PartnerState, ...]:
        found = self._control.partners()
        return tuple(replace(each, is_leader=True) for each in found) if self._observe else found

    def _forget(self, taken: Mapping[str, FleetSummary], now: float) -> None:
        """Let go of partners and apps that are gone, or well again; a count may lag behind what was heard."""
        self._ends = {name: last for name, last in self._ends.items() if name in taken}
        unready = {item for each in taken.values() for item in each.unready}
        self._lost = {item: at for item, at in self._lost.items() if item in unready or now - at < STALE}
