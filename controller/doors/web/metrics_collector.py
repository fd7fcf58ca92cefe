"""The metrics that are collected when somebody asks: the state of loop, source and resources."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import suppress

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from controller.core.status.summary import FleetSummary
from controller.doors.web.metrics import PREFIX, Metrics
from controller.errors import StoreError
from controller.loop.run.control import LoopControl
from controller.loop.run.summary_cache import SummaryCache
from controller.model.passes import Lane, PartnerState, SourceState
from controller.model.status import Truth

MetricsEndpoint = Callable[[Request], Awaitable[Response]]


def endpoint(metrics: Metrics, control: LoopControl, counted: SummaryCache) -> MetricsEndpoint:
    """Return what answers `GET /metrics`. Call it once for one *metrics*."""
    metrics.registry.register(MetricsCollector(control, counted))

    async def answer(request: Request) -> Response:
        with suppress(StoreError):  # the rest is worth telling all the more
            await counted.refresh(state.upstream for state in control.partners())
        encode, form = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(metrics.registry), media_type=form, headers={"cache-control": "no-store"})

    return answer


class MetricsCollector(Collector):
    """Reads the loop and the last summaries. What is not known is left out, and is not reported as 0."""

    def __init__(self, control: LoopControl, counted: SummaryCache) -> None:
        self._control = control
        self._counted = counted

    def describe(self) -> Iterable[Metric]:
        """Name no metric before somebody asks: the board may not stand yet."""
        return ()

    def collect(self) -> Iterator[Metric]:
        yield from _of_source(self._control.source())
        partners = self._control.partners()
        yield from _of_partners(partners)
        yield from self._of_resources(partners)

    def _of_resources(self, partners: tuple[PartnerState, ...]) -> Iterator[Metric]:
        taken = {each.name: self._counted.summary(each.upstream) for each in partners}
        yield _gauge(
            "open_intents",
            "Links whose outcome is not known yet.",
            ("partner",),
            [((each.name,), self._counted.open_intents.get(each.upstream, 0)) for each in partners],
        )
        yield from _of_censuses(taken)


def _of_source(source: SourceState) -> Iterator[Metric]:
    yield _gauge("source_info", "The last good revision; always 1.", ("revision",), [((source.revision,), 1)])
    moments = {"good": source.since, "read": source.read}
    words = {"good": "When the last good revision came.", "read": "When the source was last read whole."}
    for name, moment in moments.items():
        yield _gauge(
            f"source_last_{name}_timestamp_seconds", words[name], (), [((), moment)] if moment else []
        )
    yield _gauge("source_error", "1 while a newer revision is rejected.", (), [((), bool(source.error))])
    since = [] if source.error_since is None else [((), source.error_since)]
    yield _gauge("source_error_since_timestamp_seconds", "Since when that is so.", (), since)


def _of_partners(partners: tuple[PartnerState, ...]) -> Iterator[Metric]:
    def of_each(name: str, words: str, of: Callable[[PartnerState], float]) -> Metric:
        return _gauge(name, words, ("partner",), [((each.name,), of(each)) for each in partners])

    yield of_each("leader", "1 where this process is the partner's writer.", lambda each: each.is_leader)
    yield of_each("declared_apps", "Apps that the manifests declare.", lambda each: each.apps)
    yield of_each("provisioning_apps", "Linked apps that are not live yet.", lambda each: each.provisioning)
    yield of_each("consecutive_errors", "Passes in a row that an error ended.", lambda each: each.failures)
    yield of_each("held_changes", "1 while a guard holds changes.", lambda each: bool(each.held_digest))
    looked = [((each.name,), each.listed_at) for each in partners if each.listed_at]
    yield _gauge("last_list_timestamp_seconds", "When a list was last had whole.", ("partner",), looked)
    moved = [((each.name,), each.progressed_at) for each in partners if each.progressed_at]
    yield _gauge("last_progress_timestamp_seconds", "When the loop last moved.", ("partner",), moved)
    due = [((each.name, lane.name.lower()), each.queued.get(lane, 0)) for each in partners for lane in Lane]
    yield _gauge("queue_depth", "What is due, by lane.", ("partner", "lane"), due)


def _of_censuses(taken: Mapping[str, FleetSummary]) -> Iterator[Metric]:
    yield _gauge(
        "resources",
        "Declared resources, by condition and its truth.",
        ("partner", "kind", "type", "status"),
        [((name, *key), count) for name, each in taken.items() for key, count in each.conditions.items()],
    )
    yield _gauge(
        "not_ready",
        "Resources that are not ready, by reason.",
        ("partner", "kind", "reason"),
        [((name, *key), count) for name, each in taken.items() for key, count in each.reasons.items()],
    )
    yield _gauge(
        "apps",
        "Declared apps by Gupshup's stage.",
        ("partner", "stage"),
        [((name, stage), count) for name, each in taken.items() for stage, count in each.stages.items()],
    )
    eldest = [((name,), each.oldest) for name, each in taken.items() if each.oldest is not None]
    yield _gauge("oldest_look_timestamp_seconds", "The oldest look at any resource.", ("partner",), eldest)
    yield _gauge(
        "resource_ready",
        "1 for a resource that is ready; only where every resource is told apart.",
        ("partner", "kind", "app", "name"),
        [
            ((name, item.kind, item.app, item.name), truth is Truth.TRUE)
            for name, each in taken.items()
            for item, truth in each.ready.items()
        ],
    )


def _gauge(
    name: str, words: str, labels: tuple[str, ...], samples: Iterable[tuple[tuple[str, ...], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"{PREFIX}_{name}", words, labels=labels)
    for key, value in samples:
        family.add_metric(key, float(value))
    return family
