"""The log of passes: one line for each pass, each action, and each resource that gets stuck or ready.

A condition of a partner that becomes wrong is a line, too, and so is what a guard begins or ceases to hold.
Phones are masked. The same error of the same app is logged once a minute, with the number of suppressed ones.
"""

from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

from controller.edges.log_throttle import LogThrottle
from controller.model.passes import WHOLE_PARTNER, Pass, Transition
from controller.model.phone import without_phones
from controller.model.plan import Kind, Outcome, Result
from controller.model.status import HeldSet, Truth

_ALARMS = {"Stalled": "stalled", "ForeignWebhook": "foreign webhook"}
"""Conditions that are logged when they become true, and their event."""


class PassLog:
    """*command* returns the command that releases a digest."""

    def __init__(
        self, log: FilteringBoundLogger, now: Callable[[], float], command: Callable[[str], str]
    ) -> None:
        self._log = log
        self._throttle = LogThrottle(now)
        self._command = command
        self._held: dict[str, tuple[HeldSet, ...]] = {}

    def on_pass(self, over: Pass) -> None:
        """Log a pass. A pass over a single app with nothing to do is logged at debug."""
        log = self._log.bind(scope=_scope(over), revision=over.revision)
        for result in over.results:
            self._acted(log, over, result)
        for moved in over.transitions:
            self._moved(log, moved)
        if over.held is not None:
            self._log_held(log, over.partner, over.held)
        counts = {name: count for name, count in over.summary.items() if count}
        values = {"lane": over.lane.name.lower(), "seconds": round(over.seconds, 3), **counts}
        if over.error:
            self._warn(
                log, "pass failed", over.error_kind, over.error, partner=over.partner, app=over.app, **values
            )
            return
        write = log.info if over.app == WHOLE_PARTNER or over.results or over.transitions else log.debug
        write("pass done", done=sum(result.outcome is Outcome.DONE for result in over.results), **values)

    def _log_held(self, log: FilteringBoundLogger, partner: str, held: tuple[HeldSet, ...]) -> None:
        """Log what guards hold since this pass, one line a guard, and what they hold no more."""
        before, self._held[partner] = self._held.get(partner, ()), held
        for each in held:
            for one in each.classes if each not in before else ():
                log.warning(
                    "held",
                    partner=partner,
                    guard=one.guard,
                    verb=str(one.verb),
                    count=one.count,
                    message=one.figures,
                    digest=each.digest,
                    command=self._command(each.digest),
                )
        for digest in sorted({each.digest for each in before} - {each.digest for each in held}):
            log.info("no longer held", partner=partner, digest=digest)

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
        elif moved.item.kind is Kind.PARTNER and after.is_wrong and after.type != "ChangesHeld":
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
