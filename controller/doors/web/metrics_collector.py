"""Metrics of state, collected at each request of `/metrics`: the loop, the source and the resources."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import suppress

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from controller.core.planning.guard import GUARDS
from controller.core.status.summary import FleetSummary
from controller.doors.web.metrics import PREFIX, Metrics
from controller.errors import StoreError
from controller.loop.run.control import LoopControl
from controller.loop.run.summary_cache import SummaryCache
from controller.model.passes import Lane, PartnerState, SourceState
from controller.model.status import Truth

MetricsEndpoint = Callable[[Request], Awaitable[Response]]


def endpoint(metrics: Metrics, control: LoopControl, summaries: SummaryCache) -> MetricsEndpoint:
    """Return the endpoint of `GET /metrics`. Only one call for each *metrics* is allowed."""
    metrics.registry.register(MetricsCollector(control, summaries))

    async def answer(request: Request) -> Response:
        with suppress(StoreError):  # the other metrics are needed all the more
            await summaries.refresh(state.upstream for state in control.partners())
        encode, form = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(metrics.registry), media_type=form, headers={"cache-control": "no-store"})

    return answer


class MetricsCollector(Collector):
    """Reads the loop and the last summaries. Unknown values are left out, and are not reported as 0."""

    def __init__(self, control: LoopControl, summaries: SummaryCache) -> None:
        self._control = control
        self._summaries = summaries

    def describe(self) -> Iterable[Metric]:
        """Return no metrics: the registry calls this early, and the loop may not be ready."""
        return ()

    def collect(self) -> Iterator[Metric]:
        yield from _of_source(self._control.source())
        partners = self._control.partners()
        yield from _of_partners(partners)
        yield from self._of_resources(partners)

    def _of_resources(self, partners: tuple[PartnerState, ...]) -> Iterator[Metric]:
        summaries = {partner.name: self._summaries.summary(partner.upstream) for partner in partners}
        yield _gauge(
            "open_intents",
            "Links whose outcome is not known yet.",
            ("partner",),
            [
                ((partner.name,), self._summaries.open_intents.get(partner.upstream, 0))
                for partner in partners
            ],
        )
        yield from _of_summaries(summaries)


def _of_source(source: SourceState) -> Iterator[Metric]:
    yield _gauge("source_info", "The last good revision; always 1.", ("revision",), [((source.revision,), 1)])
    moments = {"good": source.since, "read": source.read}
    words = {"good": "Time of the last good revision.", "read": "Time when the source was last read whole."}
    for name, moment in moments.items():
        yield _gauge(
            f"source_last_{name}_timestamp_seconds", words[name], (), [((), moment)] if moment else []
        )
    yield _gauge("source_error", "1 while a newer revision is rejected.", (), [((), bool(source.error))])
    since = [] if source.error_since is None else [((), source.error_since)]
    yield _gauge("source_error_since_timestamp_seconds", "Time since when one is rejected.", (), since)


def _of_partners(partners: tuple[PartnerState, ...]) -> Iterator[Metric]:
    def of_each(name: str, words: str, of: Callable[[PartnerState], float]) -> Metric:
        return _gauge(name, words, ("partner",), [((state.name,), of(state)) for state in partners])

    yield of_each("leader", "1 if this process is the partner's writer.", lambda state: state.is_leader)
    yield of_each("declared_apps", "Apps that the manifests declare.", lambda state: state.apps)
    yield of_each("provisioning_apps", "Linked apps that are not live yet.", lambda state: state.provisioning)
    yield of_each("consecutive_errors", "Passes in a row that an error ended.", lambda state: state.failures)
    yield _held(partners)
    listed = [((state.name,), state.listed_at) for state in partners if state.listed_at]
    yield _gauge("last_list_timestamp_seconds", "Time of the last whole list.", ("partner",), listed)
    progressed = [((state.name,), state.progressed_at) for state in partners if state.progressed_at]
    yield _gauge(
        "last_progress_timestamp_seconds", "Time of the loop's last progress.", ("partner",), progressed
    )
    ends = [((state.name, str(end.kind)), end.at) for state in partners for end in state.ends]
    yield _gauge(
        "credential_end_timestamp_seconds", "Time when a credential ends.", ("partner", "credential"), ends
    )
    due = [
        ((state.name, lane.name.lower()), state.queued.get(lane, 0)) for state in partners for lane in Lane
    ]
    yield _gauge("queue_depth", "Names that are due, by lane.", ("partner", "lane"), due)


def _held(partners: tuple[PartnerState, ...]) -> Metric:
    counts = Counter[tuple[str, str, str]]()
    for state in partners:
        counts.update({(state.name, str(verb), guard): 0 for verb, guard in GUARDS.items()})
        for one in (one for each in state.held for one in each.classes):
            counts[state.name, str(one.verb), one.guard] += one.count
    return _gauge("held_changes", "Changes that a guard holds.", ("partner", "verb", "guard"), counts.items())


def _of_summaries(fleets: Mapping[str, FleetSummary]) -> Iterator[Metric]:
    yield _gauge(
        "resources",
        "Declared resources, by condition and its truth.",
        ("partner", "kind", "type", "status"),
        [((name, *key), count) for name, fleet in fleets.items() for key, count in fleet.conditions.items()],
    )
    yield _gauge(
        "not_ready",
        "Resources that are not ready, by reason.",
        ("partner", "kind", "reason"),
        [((name, *key), count) for name, fleet in fleets.items() for key, count in fleet.reasons.items()],
    )
    yield _gauge(
        "apps",
        "Declared apps by Gupshup's stage.",
        ("partner", "stage"),
        [((name, stage), count) for name, fleet in fleets.items() for stage, count in fleet.stages.items()],
    )
    yield _gauge(
        "foreign_webhooks",
        "Webhooks that nobody declares, on hosts that are not allowed.",
        ("partner",),
        [((name,), fleet.foreign_webhooks) for name, fleet in fleets.items()],
    )
    yield from _of_health(fleets)
    oldest = [((name,), fleet.oldest) for name, fleet in fleets.items() if fleet.oldest is not None]
    yield _gauge(
        "oldest_look_timestamp_seconds", "The oldest observation of any resource.", ("partner",), oldest
    )
    yield _gauge(
        "resource_ready",
        "1 for a resource that is ready; only with a series for each resource.",
        ("partner", "kind", "app", "name"),
        [
            ((name, item.kind, item.app, item.name), truth is Truth.TRUE)
            for name, fleet in fleets.items()
            for item, truth in fleet.ready.items()
        ],
    )


def _of_health(fleets: Mapping[str, FleetSummary]) -> Iterator[Metric]:
    sending = [
        ((name, state), count) for name, fleet in fleets.items() for state, count in fleet.sending.items()
    ]
    yield _gauge("apps_by_sending", "Declared apps by whether they can send.", ("partner", "state"), sending)
    quality = [
        ((name, colour), count) for name, fleet in fleets.items() for colour, count in fleet.quality.items()
    ]
    yield _gauge(
        "apps_by_quality",
        "Declared apps by the quality of their phone number.",
        ("partner", "quality"),
        quality,
    )


def _gauge(
    name: str, words: str, labels: tuple[str, ...], samples: Iterable[tuple[tuple[str, ...], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"{PREFIX}_{name}", words, labels=labels)
    for key, value in samples:
        family.add_metric(key, float(value))
    return family
