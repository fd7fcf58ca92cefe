"""The diary of a controller: one log line a pass, one an action, one a resource that gets stuck or well.

Phones are masked. The same trouble of the same app is told once a minute, with how often it was not told.
"""

from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

from controller.edges.log_throttle import LogThrottle
from controller.model.passes import WHOLE_PARTNER, Pass, Transition
from controller.model.phone import without_phones
from controller.model.plan import Outcome, Result
from controller.model.status import Truth


class PassLog:
    def __init__(self, log: FilteringBoundLogger, now: Callable[[], float]) -> None:
        self._log = log
        self._throttle = LogThrottle(now)

    def on_pass(self, over: Pass) -> None:
        """Listen to passes. One over a single app that found nothing to do is told at debug."""
        log = self._log.bind(scope=_scope(over), revision=over.revision)
        for result in over.results:
            self._acted(log, over, result)
        for moved in over.transitions:
            self._moved(log, moved)
        counts = {name: count for name, count in over.summary.items() if count}
        told = {"lane": over.lane.name.lower(), "seconds": round(over.seconds, 3), **counts}
        if over.error:
            self._warn(
                log, "pass failed", over.error_kind, over.error, partner=over.partner, app=over.app, **told
            )
            return
        tell = log.info if over.app == WHOLE_PARTNER or over.results or over.transitions else log.debug
        tell("pass done", done=sum(result.outcome is Outcome.DONE for result in over.results), **told)

    def _acted(self, log: FilteringBoundLogger, over: Pass, result: Result) -> None:
        item, verb = str(result.item), str(result.verb)
        if result.outcome is Outcome.DONE:
            log.info("action done", item=item, verb=verb, app_id=result.app_id)
            return
        told = {"item": item, "verb": verb, "outcome": str(result.outcome), "partner": over.partner}
        self._warn(log, "action not done", result.reason, result.message, **told)

    def _moved(self, log: FilteringBoundLogger, moved: Transition) -> None:
        after, item = moved.after, str(moved.item)
        if after.type == "Stalled" and after.status is Truth.TRUE:
            self._warn(log, "stalled", after.reason, after.message, item=item, partner=moved.item.partner)
        elif after.type == "Ready" and after.status is Truth.TRUE:
            log.info("ready", item=item)

    def _warn(self, log: FilteringBoundLogger, event: str, reason: str, message: str, **told: object) -> None:
        same = (str(told.get(key, "")) for key in ("partner", "app", "item", "verb", "outcome"))
        missed = self._throttle.due(event, *same, reason, message)
        if missed is None:
            return
        if missed:
            told["untold"] = missed
        log.warning(event, reason=reason, message=without_phones(message), **told)


def _scope(over: Pass) -> str:
    return over.partner if over.app == WHOLE_PARTNER else f"{over.partner}/{over.app}"
