"""The log of passes: one line for each pass, each action, and each resource that gets stuck or ready.

A condition of a partner that becomes wrong is a line, too. Phones are masked. The same error of the same app
is logged once a minute, with the number of suppressed ones.
"""

from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

from controller.edges.log_throttle import LogThrottle
from controller.model.passes import WHOLE_PARTNER, Pass, Transition
from controller.model.phone import without_phones
from controller.model.plan import Kind, Outcome, Result
from controller.model.status import Truth

_ALARMS = {"Stalled": "stalled", "ForeignWebhook": "foreign webhook"}
"""Conditions that are logged when they become true, and their event."""


class PassLog:
    def __init__(self, log: FilteringBoundLogger, now: Callable[[], float]) -> None:
        self._log = log
        self._throttle = LogThrottle(now)

    def on_pass(self, over: Pass) -> None:
        """Log a pass. A pass over a single app with nothing to do is logged at debug."""
        log = self._log.bind(scope=_scope(over), revision=over.revision)
        for result in over.results:
            self._acted(log, over, result)
        for moved in over.transitions:
            self._moved(log, moved)
        counts = {name: count for name, count in over.summary.items() if count}
        values = {"lane": over.lane.name.lower(), "seconds": round(over.seconds, 3), **counts}
        if over.error:
            self._warn(
                log, "pass failed", over.error_kind, over.error, partner=over.partner, app=over.app, **values
            )
            return
        write = log.info if over.app == WHOLE_PARTNER or over.results or over.transitions else log.debug
        write("pass done", done=sum(result.outcome is Outcome.DONE for result in over.results), **values)

    def _acted(self, log: FilteringBoundLogger, over: Pass, result: Result) -> None:
        item, verb = str(result.item), str(result.verb)
        if result.outcome is Outcome.DONE:
            log.info("action done", item=item, verb=verb, app_id=result.app_id)
            return
        values = {"item": item, "verb": verb, "outcome": str(result.outcome), "partner": over.partner}
        self._warn(log, "action not done", result.reason, result.message, **values)

    def _moved(self, log: FilteringBoundLogger, moved: Transition) -> None:
        after, item = moved.after, str(moved.item)
        if after.type in _ALARMS and after.status is Truth.TRUE:
            self._warn(
                log, _ALARMS[after.type], after.reason, after.message, item=item, partner=moved.item.partner
            )
        elif moved.item.kind is Kind.PARTNER and after.is_wrong:
            self._warn(log, "partner", after.reason, after.message, partner=moved.item.partner)
        elif after.type == "Ready" and after.status is Truth.TRUE:
            log.info("ready", item=item)

    def _warn(
        self, log: FilteringBoundLogger, event: str, reason: str, message: str, **values: object
    ) -> None:
        same = (str(values.get(key, "")) for key in ("partner", "app", "item", "verb", "outcome"))
        suppressed = self._throttle.due(event, *same, reason, message)
        if suppressed is None:
            return
        if suppressed:
            values["suppressed"] = suppressed
        log.warning(event, reason=reason, message=without_phones(message), **values)


def _scope(over: Pass) -> str:
    return over.partner if over.app == WHOLE_PARTNER else f"{over.partner}/{over.app}"
