"""Metrics of events: passes, actions, calls to Gupshup, hooks, notifications.

docs/metrics.md lists every metric. No phone, app or customer is a label.
"""

import platform
from functools import partial

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

from controller import __version__
from controller.model.passes import WHOLE_PARTNER, Lane, Pass, Transition
from controller.model.plan import Outcome
from controller.model.ratelimit import CallRecord
from controller.model.status import Truth

PREFIX = "gupshup_controller"

_PASS_SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_CALL_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_WAIT_SECONDS = (0.001, 0.01, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 150.0)
_MINUTE, _HOUR = 60.0, 3600.0
_LIVE_SECONDS = (
    *(_MINUTE * minutes for minutes in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * hours for hours in (1, 2, 4, 8, 12, 24)),
)
_LEFT = ("waiting", "blocked", "held", "unmanaged", "unchanged")
_TOO_MANY = 429
_STATUSES = range(100, 600)


class Metrics:
    """A registry, and the callbacks that fill it. No callback waits or raises."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # these metrics would double the series; no types here
        self.registry = CollectorRegistry()
        self._errors_now: dict[str, str] = {}
        counter = partial(Counter, namespace=PREFIX, registry=self.registry)
        histogram = partial(Histogram, namespace=PREFIX, registry=self.registry)
        gauge = partial(Gauge, namespace=PREFIX, registry=self.registry)
        self._count_passes(counter, histogram, gauge)
        self._count_calls(counter, histogram)
        self._hooks = counter("webhook_events_total", "Posts to the hooks.", ["hook", "result"])
        self._notices = counter("notifications_total", "Notifications, by their result.", ["result"])
        build = gauge("build_info", "The version that runs; always 1.", ["version", "python"])
        build.labels(__version__, platform.python_version()).set(1)
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def _count_passes(
        self, counter: partial[Counter], histogram: partial[Histogram], gauge: partial[Gauge]
    ) -> None:
        self._passes = counter("reconcile_total", "Completed passes.", ["partner", "lane", "result"])
        self._errors = counter("reconcile_errors_total", "Passes that an error ended.", ["partner", "error"])
        self._failing = gauge("failing", "1 while the last pass ended with this error.", ["partner", "error"])
        self._seconds = histogram(
            "reconcile_duration_seconds", "Duration of passes.", ["lane"], buckets=_PASS_SECONDS
        )
        self._attempt = gauge("last_attempt_timestamp_seconds", "Time of the last pass.", ["partner"])
        self._success = gauge(
            "last_success_timestamp_seconds",
            "Time of the last pass over the whole partner without an error.",
            ["partner"],
        )
        self._entries = gauge(
            "plan_entries", "Plan entries left by the last pass over the partner.", ["partner", "state"]
        )
        self._actions = counter("actions_total", "Changes tried at Gupshup.", ["partner", "verb", "outcome"])
        self._corrections = counter(
            "corrections_total",
            "Changes made by passes that only a timer started.",
            ["partner", "verb"],
        )
        self._transitions = counter(
            "transitions_total", "Conditions that became true, false or unknown.", ["kind", "type", "status"]
        )
        self._drift = counter(
            "drift_total", "Resources that drifted while the revision stayed the same.", ["partner", "kind"]
        )
        self._live = histogram(
            "time_to_live_seconds", "From linked to live, as observed.", ["partner"], buckets=_LIVE_SECONDS
        )

    def _count_calls(self, counter: partial[Counter], histogram: partial[Histogram]) -> None:
        self._calls = counter("upstream_requests_total", "Calls to Gupshup.", ["route", "code"])
        self._took = histogram(
            "upstream_request_duration_seconds", "Duration of calls.", ["route"], buckets=_CALL_SECONDS
        )
        self._waited = histogram(
            "upstream_bucket_wait_seconds",
            "Time for which calls waited for a limit.",
            ["bucket"],
            buckets=_WAIT_SECONDS,
        )
        self._refused = counter("upstream_429_total", "Calls that Gupshup answered with 429.", ["bucket"])

    def passed(self, over: Pass) -> None:
        """Count a pass."""
        lane = over.lane.name.lower()
        self._passes.labels(over.partner, lane, "error" if over.error else "success").inc()
        self._seconds.labels(lane).observe(over.seconds)
        ended = over.began + over.seconds
        self._attempt.labels(over.partner).set(ended)
        self._fails(over.partner, over.error_kind if over.error else "")
        if over.error:
            self._errors.labels(over.partner, over.error_kind).inc()
        elif over.app == WHOLE_PARTNER:
            self._whole(over, ended)
        self._act(over)
        for transition in over.transitions:
            self._moved(over.partner, transition)

    def _fails(self, partner: str, error: str) -> None:
        before = self._errors_now.pop(partner, "")
        if before and before != error:
            self._failing.remove(partner, before)
        if error:
            self._errors_now[partner] = error
            self._failing.labels(partner, error).set(1)

    def _whole(self, over: Pass, ended: float) -> None:
        self._success.labels(over.partner).set(ended)
        for state in _LEFT:
            self._entries.labels(over.partner, state).set(over.summary.get(state, 0))

    def _act(self, over: Pass) -> None:
        for result in over.results:
            self._actions.labels(over.partner, result.verb, result.outcome).inc()
            if over.lane is Lane.DRIFT and result.outcome is Outcome.DONE:
                self._corrections.labels(over.partner, result.verb).inc()

    def _moved(self, partner: str, moved: Transition) -> None:
        before, after = moved.before, moved.after
        if before is not None and before.status is after.status:
            return
        self._transitions.labels(moved.item.kind, after.type, after.status).inc()
        if before is None:
            return
        if after.type == "Live" and before.status is Truth.FALSE and after.status is Truth.TRUE:
            self._live.labels(partner).observe(max(0.0, after.since - before.since))
        same = before.revision == after.revision
        if after.type == "Synced" and before.status is Truth.TRUE and after.status is Truth.FALSE and same:
            self._drift.labels(partner, moved.item.kind).inc()

    def sent(self, sent: CallRecord) -> None:
        """Count a call to Gupshup."""
        self._calls.labels(sent.route, _code(sent.status)).inc()
        self._took.labels(sent.route).observe(sent.seconds)
        self._waited.labels(sent.bucket).observe(sent.waited)
        if sent.status == _TOO_MANY:
            self._refused.labels(sent.bucket).inc()

    def hooked(self, hook: str, result: str) -> None:
        """Count a post to *hook* (`gupshup`, `git`). *result* is one of our words, never the sender's."""
        self._hooks.labels(hook, result).inc()

    def notified(self, result: str) -> None:
        """Count a notification that was `sent`, `failed` or `dropped`."""
        self._notices.labels(result).inc()


def _code(status: int | None) -> str:
    """Return the status, or `other`: a server with strange statuses must not make a series for each."""
    if status is None:
        return "none"
    return str(status) if status in _STATUSES else "other"
