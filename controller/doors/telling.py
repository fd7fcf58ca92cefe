"""What a controller tells, in one piece: listeners for the loop, the answer to `/metrics`, and the herald."""

from collections.abc import Callable, Iterable

from controller.doors.web.metrics import Metrics
from controller.doors.web.metrics_collector import MetricsEndpoint, endpoint
from controller.edges import log
from controller.loop.run.alerter import Alerter
from controller.loop.run.control import LoopControl, OnPass
from controller.loop.run.summary_cache import SummaryCache, SummaryStore
from controller.model.clock import Clock
from controller.model.notice import Notice
from controller.model.passes import Pass


class Observability:
    """Made before the loop, which tells it of passes; `watch` then gives it the loop's board.

    *tell* sends a notice, and neither waits nor raises. *each* tells every resource apart at `/metrics`.
    """

    def __init__(
        self,
        metrics: Metrics,
        store: SummaryStore,
        clock: Clock,
        *,
        listeners: Iterable[OnPass] = (),
        tell: Callable[[Notice], None] | None = None,
        each: bool = False,
    ) -> None:
        self._metrics = metrics
        self._clock = clock
        self._tell = tell
        self._counted = SummaryCache(store, clock, each=each)
        self._listeners = [metrics.passed, self._counted.on_pass, *listeners]

    def passed(self, over: Pass) -> None:
        """Listen to passes. What goes wrong in here stops neither the loop nor the other listeners."""
        for listener in self._listeners:
            try:
                listener(over)
            except Exception:  # noqa: BLE001  (the loop has more to do than to tell)
                log.logger().exception("a listener failed")

    def watch(self, board: LoopControl, *, observe: bool = False) -> tuple[MetricsEndpoint, Alerter | None]:
        """Return what answers `GET /metrics`, and the herald to run beside the loop; none without *tell*.

        Once for each. *observe*: nobody writes, so the herald speaks of every partner.
        """
        herald = None
        if self._tell is not None:
            herald = Alerter(board, self._counted, self._clock, self._tell, observe=observe)
            self._listeners.append(herald.on_pass)
        return endpoint(self._metrics, board, self._counted), herald
