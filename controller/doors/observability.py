"""The observability of a controller: its metrics, its listeners and its alerts, fed by one listener."""

from collections.abc import Callable, Iterable
from typing import Protocol

from controller.doors.web.metrics import Metrics
from controller.doors.web.metrics_collector import MetricsEndpoint, endpoint
from controller.edges import log
from controller.loop.run.alerter import Alerter
from controller.loop.run.control import LoopControl, OnPass
from controller.loop.run.end_notices import EndClaims
from controller.loop.run.summary_cache import SummaryCache, SummaryStore
from controller.model.clock import Clock
from controller.model.notice import Notice
from controller.model.passes import Pass


class ObservedStore(SummaryStore, Protocol):
    """The store (`edges.store.SqlStore`), as used here."""

    @property
    def told_ends(self) -> EndClaims: ...


class Observability:
    """Metrics and alerts, made before the loop. The loop calls `on_pass`, and `watch` connects the two.

    *notify* sends a notice, and neither waits nor raises. *per_resource*: `/metrics` has a series for each
    resource.
    """

    def __init__(
        self,
        metrics: Metrics,
        store: ObservedStore,
        clock: Clock,
        *,
        listeners: Iterable[OnPass] = (),
        notify: Callable[[Notice], None] | None = None,
        per_resource: bool = False,
    ) -> None:
        self._metrics = metrics
        self._clock = clock
        self._notify = notify
        self._ends = store.told_ends
        self._summaries = SummaryCache(store, clock, per_resource=per_resource)
        self._listeners = [metrics.passed, self._summaries.on_pass, *listeners]

    def on_pass(self, finished: Pass) -> None:
        """Call every listener. An error in one of them stops neither the loop nor the other listeners."""
        for listener in self._listeners:
            try:
                listener(finished)
            except Exception:  # noqa: BLE001  (a bug in a listener must not stop the loop)
                log.logger().exception("a listener failed")

    def watch(self, control: LoopControl, *, observe: bool = False) -> tuple[MetricsEndpoint, Alerter | None]:
        """Return the endpoint of `/metrics`, and the alerter to run beside the loop (None without *notify*).

        Only one call is allowed. With *observe* no process leads, so the alerter reports every partner.
        """
        alerter = None
        if self._notify is not None:
            summaries, clock, notify = self._summaries, self._clock, self._notify
            alerter = Alerter(control, summaries, clock, notify, self._ends, observe=observe)
            self._listeners.append(alerter.on_pass)
        return endpoint(self._metrics, control, self._summaries), alerter
