"""The series of `/metrics`: events counted as they happen, and the state at each scrape."""

import re
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read
from starlette.applications import Starlette
from starlette.routing import Route

from controller.core.render.statuses import document
from controller.core.status.summary import MOST_STAGES
from controller.doors.web.metrics import PREFIX, Metrics
from controller.doors.web.metrics_collector import endpoint
from controller.edges.store import SqlStore
from controller.loop.run.summary_cache import SummaryCache
from controller.model.health import WabaInfo
from controller.model.manifest import Bucket
from controller.model.passes import Lane
from controller.model.plan import Item, Kind, Outcome, Result, Verb
from controller.model.ratelimit import CallRecord
from controller.model.status import Status
from tests.builders.account import SECRET_KIND, TOKEN_KIND, end_in
from tests.builders.health import BANNED, FINE, health
from tests.builders.memory import NOW
from tests.builders.passes import GOOD, MAIN, finished_pass, held, transition
from tests.builders.status import FALSE, TRUE, UNKNOWN, condition, item_named, status_of
from tests.builders.upstream import HERE
from tests.doors.fake_control import FakeControl

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
PHONE = "919876543210"
Values = dict[str, float]


class Scraped:
    """One process with metrics, and a client that scrapes it over HTTP."""

    def __init__(self, store: SqlStore, control: FakeControl, *, each: bool = False) -> None:
        self.store = store
        self.control = control
        self.metrics = Metrics()
        self.counted = SummaryCache(store, control, per_resource=each)
        answer = endpoint(self.metrics, control, self.counted)
        app = Starlette(routes=[Route("/metrics", answer)])
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://here")

    async def answer(self, accept: str = "") -> httpx.Response:
        return await self._client.get("/metrics", headers={"accept": accept})

    async def text(self) -> str:
        return (await self.answer()).text

    async def values(self) -> Values:
        """Return every sample of ours, as `name{label="value"}` without the prefix."""
        text = await self.text()
        return {
            f"{sample.name.removeprefix(f'{PREFIX}_')}{_braced(sample.labels)}": sample.value
            for family in read(text)
            for sample in family.samples
            if sample.name.startswith(PREFIX)
        }

    async def declare(self, *statuses: Status) -> None:
        documents = {str(each.item): document(each) for each in statuses}
        await self.store.statuses.save(HERE, documents, whole=True)


def _braced(labels: dict[str, str]) -> str:
    return (
        ""
        if not labels
        else "{" + ",".join(f'{key}="{value}"' for key, value in sorted(labels.items())) + "}"
    )


@pytest.fixture
def scraped(store: SqlStore) -> Scraped:
    return Scraped(store, FakeControl())


async def test_a_pass_is_counted_by_lane_and_by_how_it_ended(scraped: Scraped) -> None:
    scraped.metrics.passed(finished_pass(Lane.CHANGED, seconds=0.3))
    scraped.metrics.passed(finished_pass(Lane.CHANGED))
    scraped.metrics.passed(finished_pass(Lane.DRIFT, error="the list was cut short", error_kind="Busy"))
    values = await scraped.values()
    assert values['reconcile_total{lane="changed",partner="main",result="success"}'] == 2
    assert values['reconcile_total{lane="drift",partner="main",result="error"}'] == 1
    assert values['reconcile_errors_total{error="Busy",partner="main"}'] == 1
    assert values['reconcile_duration_seconds_count{lane="changed"}'] == 2
    assert values['reconcile_duration_seconds_sum{lane="changed"}'] == pytest.approx(0.8)


async def test_a_failing_partner_is_a_metric_until_it_succeeds(scraped: Scraped) -> None:
    """Refused sign-ins are tried every quarter of an hour at last: a count would look like silence."""
    scraped.metrics.passed(finished_pass(error="403", error_kind="Denied"))
    assert (await scraped.values())['failing{error="Denied",partner="main"}'] == 1
    scraped.metrics.passed(finished_pass(error="503", error_kind="Busy"))
    values = await scraped.values()
    assert [name for name in values if name.startswith("failing")] == ['failing{error="Busy",partner="main"}']
    scraped.metrics.passed(finished_pass())
    assert [name for name in await scraped.values() if name.startswith("failing")] == []


async def test_only_a_whole_pass_without_an_error_counts_as_success(scraped: Scraped) -> None:
    scraped.metrics.passed(finished_pass(began=100.0, summary={"held": 2, "waiting": 7, "linked": 1}))
    scraped.metrics.passed(finished_pass(began=200.0, app="acme"))
    scraped.metrics.passed(
        finished_pass(began=300.0, error="nothing came back", error_kind="Unclear", summary={"held": 9})
    )
    values = await scraped.values()
    assert values['last_success_timestamp_seconds{partner="main"}'] == 100.5
    assert values['last_attempt_timestamp_seconds{partner="main"}'] == 300.5
    assert values['plan_entries{partner="main",state="held"}'] == 2
    assert values['plan_entries{partner="main",state="waiting"}'] == 7
    assert values['plan_entries{partner="main",state="blocked"}'] == 0
    assert 'plan_entries{partner="main",state="linked"}' not in values, "what was done is an action"


async def test_actions_are_counted_and_corrections_of_drift_apart(scraped: Scraped) -> None:
    """What the timer alone found is a correction; what a commit or a person asked for is none."""
    done = Result(Verb.UPDATE, item_named(), Outcome.DONE)
    failed = Result(Verb.LINK, item_named(), Outcome.FAILED, "NameTakenElsewhere")
    scraped.metrics.passed(finished_pass(Lane.DRIFT, results=(done, failed)))
    scraped.metrics.passed(finished_pass(Lane.CHANGED, results=(done,)))
    values = await scraped.values()
    assert values['actions_total{outcome="done",partner="main",verb="update"}'] == 2
    assert values['actions_total{outcome="failed",partner="main",verb="link"}'] == 1
    assert values['corrections_total{partner="main",verb="update"}'] == 1
    assert 'corrections_total{partner="main",verb="link"}' not in values


async def test_transitions_drift_and_the_time_to_live_are_counted(scraped: Scraped) -> None:
    was = condition("Live", FALSE, "Provisioning", since=NOW - 400)
    synced = condition("Synced", TRUE, "AsDeclared")
    transitions = (
        transition(was, condition("Live", TRUE, "Live")),
        transition(was, replace(was, message="another stage")),
        transition(None, condition("Stalled", TRUE, "AppLost")),
        transition(synced, condition("Synced", FALSE, "ChangePlanned")),
        transition(synced, condition("Synced", FALSE, "ChangePlanned", revision="r2")),
        transition(synced, condition("Synced", UNKNOWN, "NotObserved")),
        transition(condition("Live", UNKNOWN, "NotLinked"), condition("Live", TRUE, "Live")),
    )
    scraped.metrics.passed(finished_pass(transitions=transitions))
    values = await scraped.values()
    assert values['transitions_total{kind="App",status="True",type="Live"}'] == 2
    assert values['transitions_total{kind="App",status="True",type="Stalled"}'] == 1
    assert values['drift_total{kind="App",partner="main"}'] == 1, (
        "a new revision is no drift, nor is a bad look"
    )
    assert values['time_to_live_seconds_sum{partner="main"}'] == 400
    assert values['time_to_live_seconds_count{partner="main"}'] == 1, (
        "an app that was taken over live took no time"
    )


async def test_calls_are_counted_by_route_and_never_by_path(scraped: Scraped) -> None:
    scraped.metrics.sent(CallRecord(Bucket.LINK, "link", 1.5, 0.2, 200))
    scraped.metrics.sent(CallRecord(Bucket.LINK, "link", 0.0, 0.1, 429))
    scraped.metrics.sent(CallRecord(Bucket.LIST, "list", 0.0, 30.0, None))
    scraped.metrics.sent(CallRecord(Bucket.LIST, "list", 0.0, 0.1, 799))
    values = await scraped.values()
    assert values['upstream_requests_total{code="200",route="link"}'] == 1
    assert values['upstream_requests_total{code="none",route="list"}'] == 1
    assert values['upstream_requests_total{code="other",route="list"}'] == 1
    assert values['upstream_429_total{bucket="link"}'] == 1
    assert values['upstream_bucket_wait_seconds_sum{bucket="link"}'] == 1.5
    assert values['upstream_request_duration_seconds_sum{route="list"}'] == pytest.approx(30.1)


async def test_hooks_and_notifications_are_counted(scraped: Scraped) -> None:
    scraped.metrics.hooked("gupshup", "hint")
    scraped.metrics.notified("sent")
    values = await scraped.values()
    assert values['webhook_events_total{hook="gupshup",result="hint"}'] == 1
    assert values['notifications_total{result="sent"}'] == 1


HELD = 'held_changes{{guard="{}",partner="main",verb="{}"}}'


async def test_the_state_of_the_loop_is_read_at_each_scrape(scraped: Scraped) -> None:
    queued = {Lane.CHANGED: 2}
    scraped.control.partner(queued=queued, provisioning=4, failures=3, held=(held(), held("sha256:b")))
    values = await scraped.values()
    assert values['queue_depth{lane="changed",partner="main"}'] == 2
    assert values['queue_depth{lane="asked",partner="main"}'] == 0
    assert values['leader{partner="main"}'] == 1
    assert values['declared_apps{partner="main"}'] == 3
    assert values['provisioning_apps{partner="main"}'] == 4
    assert values['consecutive_errors{partner="main"}'] == 3
    assert values[HELD.format("maxLinks", "link")] == 6
    assert values[HELD.format("maxUpdates", "update")] == 0
    assert values[HELD.format("maxUnsubscribes", "unsubscribe")] == 0
    assert values['last_list_timestamp_seconds{partner="main"}'] == NOW - 5
    assert values['last_progress_timestamp_seconds{partner="main"}'] == NOW - 1
    scraped.control.partner(queued={}, is_leader=False, held=())
    values = await scraped.values()
    assert values['queue_depth{lane="changed",partner="main"}'] == 0
    assert (values['leader{partner="main"}'], values[HELD.format("maxLinks", "link")]) == (0, 0)


async def test_the_end_of_each_credential_is_a_metric_where_it_is_known(scraped: Scraped) -> None:
    assert "credential_end" not in " ".join(await scraped.values())
    scraped.control.partner(ends=(end_in(1, SECRET_KIND), end_in(6, TOKEN_KIND)))
    values = await scraped.values()
    name = "credential_end_timestamp_seconds"
    assert values[f'{name}{{credential="client secret",partner="main"}}'] == NOW + 86_400
    assert values[f'{name}{{credential="partner token",partner="main"}}'] == NOW + 6 * 86_400


async def test_an_event_that_never_happened_has_no_timestamp(scraped: Scraped) -> None:
    """A moment of 0 would be fifty years old, and wake somebody."""
    scraped.control.state = replace(GOOD, revision="", since=0.0, read=0.0)
    scraped.control.all_partners = (replace(MAIN, listed_at=0.0, progressed_at=0.0),)
    values = await scraped.values()
    gone = ("source_last_good", "source_last_read", "source_error_since", "last_list", "last_progress")
    assert [name for name in values if name.startswith(gone)] == []


async def test_a_rejected_source_is_a_metric_with_its_time(scraped: Scraped) -> None:
    values = await scraped.values()
    assert values['source_info{revision="rev-1"}'] == 1
    assert values["source_error"] == 0
    assert values["source_last_good_timestamp_seconds"] == NOW - 100
    assert values["source_last_read_timestamp_seconds"] == NOW - 10
    scraped.control.state = replace(GOOD, error="3 problems in the manifests", error_since=NOW - 50)
    values = await scraped.values()
    assert values["source_error"] == 1
    assert values["source_error_since_timestamp_seconds"] == NOW - 50


async def test_resources_are_counted_by_condition_reason_and_stage(scraped: Scraped) -> None:
    lost = condition("Ready", FALSE, "AppLost")
    await scraped.declare(
        status_of(item_named("a"), condition("Ready", TRUE), stage="FINALIZE", at=NOW - 30),
        status_of(item_named("b"), lost, condition("Stalled", TRUE, "AppLost"), stage="FINALIZE"),
        status_of(Item(Kind.SUBSCRIPTION, "main", "a", "events"), condition("Ready", TRUE)),
    )
    values = await scraped.values()
    assert values['resources{kind="App",partner="main",status="True",type="Ready"}'] == 1
    assert values['resources{kind="App",partner="main",status="False",type="Ready"}'] == 1
    assert values['resources{kind="App",partner="main",status="True",type="Stalled"}'] == 1
    assert values['resources{kind="Subscription",partner="main",status="True",type="Ready"}'] == 1
    assert values['not_ready{kind="App",partner="main",reason="AppLost"}'] == 1
    assert values['apps{partner="main",stage="FINALIZE"}'] == 2
    assert values['oldest_look_timestamp_seconds{partner="main"}'] == NOW - 30


async def test_unknown_stages_of_gupshup_do_not_make_series_without_end(scraped: Scraped) -> None:
    await scraped.declare(*(status_of(item_named(f"a{i}"), stage=f"STAGE_{i}") for i in range(100)))
    values = await scraped.values()
    stages = {name: value for name, value in values.items() if name.startswith("apps{")}
    assert len(stages) == MOST_STAGES + 1
    assert stages['apps{partner="main",stage="other"}'] == 100 - MOST_STAGES


async def test_apps_are_counted_by_whether_they_can_send_in_few_words(scraped: Scraped) -> None:
    strange = [WabaInfo(can_send=f"WORD_{i}", quality=f"COLOUR_{i}") for i in range(50)]
    given = [FINE, BANNED, WabaInfo(), *strange]
    await scraped.declare(
        status_of("unread"),
        *(replace(status_of(item_named(f"a{i}")), health=health(info)) for i, info in enumerate(given)),
    )
    values = await scraped.values()
    found = {name: value for name, value in values.items() if name.startswith("apps_by_")}
    assert found == {
        'apps_by_sending{partner="main",state="available"}': 1,
        'apps_by_sending{partner="main",state="banned"}': 1,
        'apps_by_sending{partner="main",state="unknown"}': 2,
        'apps_by_sending{partner="main",state="other"}': 50,
        'apps_by_quality{partner="main",quality="green"}': 2,
        'apps_by_quality{partner="main",quality="unknown"}': 2,
        'apps_by_quality{partner="main",quality="other"}': 50,
    }


async def test_a_link_without_an_outcome_is_an_open_intent(scraped: Scraped) -> None:
    assert (await scraped.values())['open_intents{partner="main"}'] == 0
    async with scraped.store.writer(HERE):
        await scraped.store.intents.open(HERE, PHONE, "AcmeSupport")
        assert (await scraped.values())['open_intents{partner="main"}'] == 1
    assert PHONE not in await scraped.text()


async def test_names_of_resources_are_labels_only_if_that_is_configured(store: SqlStore) -> None:
    quiet, loud = Scraped(store, FakeControl()), Scraped(store, FakeControl(), each=True)
    ready = condition("Ready", TRUE)
    await quiet.declare(
        status_of(item_named("acme"), ready), status_of(item_named("b"), replace(ready, status=FALSE))
    )
    assert "acme" not in await quiet.text()
    values = await loud.values()
    assert values['resource_ready{app="acme",kind="App",name="acme",partner="main"}'] == 1
    assert values['resource_ready{app="b",kind="App",name="b",partner="main"}'] == 0


async def test_metrics_without_the_store_show_the_rest(scraped: Scraped) -> None:
    await scraped.store.close()
    assert (await scraped.values())['leader{partner="main"}'] == 1


async def test_the_format_of_metrics_is_the_one_that_is_accepted(scraped: Scraped) -> None:
    plain, open_ = await scraped.answer(), await scraped.answer("application/openmetrics-text; version=1.0.0")
    assert plain.headers["content-type"].startswith("text/plain")
    assert open_.headers["content-type"].startswith("application/openmetrics-text")
    assert plain.headers["cache-control"] == "no-store"
    assert list(read_openmetrics(open_.text))  # type: ignore[no-untyped-call]  # no types there


async def test_two_controllers_in_one_process_do_not_share_a_registry(store: SqlStore) -> None:
    first, second = Scraped(store, FakeControl()), Scraped(store, FakeControl())
    first.metrics.notified("sent")
    row = 'notifications_total{result="sent"}'
    assert [row in await each.values() for each in (first, second)] == [True, False]


async def exposed_series(scraped: Scraped) -> dict[str, tuple[str, frozenset[str]]]:
    """Return every metric of ours with its type and labels, each having happened at least once."""
    metrics = scraped.metrics
    done = Result(Verb.UPDATE, item_named(), Outcome.DONE)
    live = transition(condition("Live", FALSE, since=NOW - 1), condition("Live", TRUE))
    drift = transition(condition("Synced", TRUE), condition("Synced", FALSE))
    metrics.passed(finished_pass(results=(done,), transitions=(live, drift), summary={"held": 1}))
    metrics.passed(finished_pass(error="no", error_kind="Busy"))
    metrics.sent(CallRecord(Bucket.LINK, "link", 0.0, 0.1, 429))
    metrics.hooked("git", "hint")
    metrics.notified("sent")
    scraped.control.state = replace(GOOD, error="no", error_since=NOW)
    scraped.control.partner(ends=(end_in(6),))
    await scraped.declare(status_of(item_named(), condition("Ready", FALSE, "AppLost"), stage="FINALIZE"))
    families = list(read(await scraped.text()))
    return {
        family.name + ("_total" if family.type == "counter" else ""): (
            family.type,
            frozenset(key for sample in family.samples for key in sample.labels) - {"le"},
        )
        for family in families
        if family.name.startswith(PREFIX)
    }


def documented() -> dict[str, tuple[str, frozenset[str]]]:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|([^|]*)\|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {
        f"{PREFIX}_{name}": (type_, frozenset(re.findall(r"`(\w+)`", labels))) for name, type_, labels in rows
    }


async def test_the_page_of_metrics_lists_every_metric_with_its_labels_and_no_other(store: SqlStore) -> None:
    assert documented() == await exposed_series(Scraped(store, FakeControl(), each=True))
