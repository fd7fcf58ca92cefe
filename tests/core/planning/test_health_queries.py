"""Which apps' health a pass reads, by who asks: `run` once a day, a run by hand what it waits for."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest

from controller.core.health.reading import DAY, HOUR, MINUTE, next_due
from controller.core.planning.match import Found
from controller.core.planning.matched_app import MatchedApp, known_health, match_apps
from controller.core.planning.outcomes.memory_updates import memory_updates
from controller.core.planning.plan import plan
from controller.core.planning.queries import facts_about, next_health_read, open_queries, reads_between
from controller.core.schedule.next_pass import RunContext, next_pass
from controller.model.health import AppHealth, WabaInfo
from controller.model.manifest import ReadyWhen
from controller.model.memory import Binding, HealthRead, Memory
from controller.model.plan import HealthReads, Plan, Request, WaitFor
from controller.model.upstream import Facts, HealthQuery, ReadFailed, Row
from tests.builders.health import BANNED, BLOCKED, FINE, health
from tests.builders.manifest import APP, PARTNER, desired
from tests.builders.memory import NOW, memory
from tests.builders.plan import observed
from tests.builders.upstream import app_id, live, row

ID = app_id()
MINE = next_due(ID, NOW)
SENDABLE = replace(APP, ready_when=ReadyWhen.SENDABLE)
BOUND = Binding(APP.phone, ID, None, APP.waba_id, APP.app_name)
NO_DOUBT: Mapping[str, float] = MappingProxyType({})


def remembered(kept: AppHealth | None, waba: str | None = APP.waba_id) -> Memory:
    known = memory(bindings=[replace(BOUND, waba=waba)])
    return known if kept is None else replace(known, health={ID: kept})


def matched(  # noqa: PLR0913  (a row a world)
    kept: AppHealth | None = None,
    *,
    reads: HealthReads = HealthReads.DAILY,
    doubts: Mapping[str, float] = NO_DOUBT,
    declared: object = APP,
    now: float = NOW,
    facts: Facts = Facts(),  # noqa: B008  (frozen)
    waba: str | None = APP.waba_id,
    seen: Row | None = None,
) -> MatchedApp:
    looked = observed(seen or live(1), facts=facts, known=remembered(kept, waba), at=now)
    asked = Request(health_reads=reads, doubts=doubts)
    (one,) = match_apps(desired(declared), PARTNER, looked, asked).apps  # type: ignore[arg-type]
    return one


def patience(one: MatchedApp) -> float | None:
    """Return how long the read of its health rests if it fails, None if none is due."""
    asked = match_apps(desired(one.app), PARTNER, one.context.observed, one.context.request)
    found = [query.patience for query in open_queries(asked) if isinstance(query, HealthQuery)]
    return found[0] if found else None


@pytest.mark.parametrize("reads", HealthReads)
def test_an_app_first_seen_live_is_read_whoever_asks(reads: HealthReads) -> None:
    expected = HOUR if reads is HealthReads.DAILY else MINUTE
    assert patience(matched(waba=None, reads=reads)) == expected
    assert patience(matched(waba=None, reads=reads, seen=row(1))) is None


@pytest.mark.parametrize(
    ("kept", "now", "expected"),
    [
        pytest.param(health(at=MINE - HOUR), MINE, HOUR, id="its moment of the day"),
        pytest.param(health(at=MINE - HOUR), MINE - 1, None, id="not before"),
        pytest.param(health(BANNED, MINE), MINE + DAY - 1, None, id="whatever is known of it"),
        pytest.param(None, MINE + 1, HOUR, id="read by an older release"),
        pytest.param(None, MINE - 1, None, id="not before its moment either"),
    ],
)
def test_a_process_that_never_stops_reads_once_a_day(
    *, kept: AppHealth | None, now: float, expected: float | None
) -> None:
    assert patience(matched(kept, now=now)) == expected
    for reads in (HealthReads.UNKNOWN, HealthReads.AWAITED):
        assert patience(matched(kept, now=now, reads=reads)) is None


@pytest.mark.parametrize("reads", HealthReads)
def test_an_event_about_an_app_has_its_health_read(reads: HealthReads) -> None:
    kept = health(at=NOW - 60)
    assert patience(matched(kept, reads=reads, doubts={APP.name: NOW - 5})) == MINUTE
    assert patience(matched(kept, reads=reads, doubts={"another": NOW - 5})) is None
    assert patience(matched(kept, reads=reads, doubts={APP.name: NOW - 90})) is None


@pytest.mark.parametrize(
    ("kept", "reads", "expected"),
    [
        pytest.param(health(at=NOW - DAY), HealthReads.UNKNOWN, None, id="it can send"),
        pytest.param(None, HealthReads.UNKNOWN, MINUTE, id="nobody knows"),
        pytest.param(health(WabaInfo(), NOW - 60), HealthReads.UNKNOWN, MINUTE, id="Gupshup did not say"),
        pytest.param(health(BLOCKED, NOW - 60), HealthReads.UNKNOWN, None, id="it cannot, and nobody waits"),
        pytest.param(health(BLOCKED, NOW - 60), HealthReads.AWAITED, MINUTE, id="it cannot, and a run waits"),
        pytest.param(health(BLOCKED, NOW - 59), HealthReads.AWAITED, None, id="the run waits gently"),
        pytest.param(health(BLOCKED, NOW - 60), HealthReads.DAILY, None, id="`run` reads it once a day"),
    ],
)
def test_a_run_by_hand_reads_what_an_app_needs_to_be_ready(
    *, kept: AppHealth | None, reads: HealthReads, expected: float | None
) -> None:
    quiet = MINE - HOUR  # far from the app's own moment
    age = NOW - kept.at if kept else 0.0
    kept = replace(kept, at=quiet - age) if kept else None
    assert patience(matched(kept, reads=reads, declared=SENDABLE, now=quiet)) == expected


def test_a_read_that_failed_rests_and_keeps_what_was_known() -> None:
    kept = health(at=MINE - HOUR)
    failed = Facts(unread={ID: ReadFailed("busy", MINE + 60)})
    one = matched(kept, facts=failed, now=MINE)
    assert patience(one) is None
    assert next_health_read(one) == MINE + 60
    assert isinstance(one.match, Found)
    assert known_health(one, one.match.row) == kept
    assert patience(matched(kept, facts=failed, now=MINE + 60)) == HOUR


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        pytest.param(matched(health(at=NOW)), MINE, id="at its moment of the day"),
        pytest.param(matched(health(at=NOW - 2 * DAY)), NOW, id="now"),
        pytest.param(matched(waba=None), NOW, id="now, first seen live"),
        pytest.param(matched(seen=row(1)), None, id="never, before it is live"),
    ],
)
def test_the_next_read_has_a_moment(one: MatchedApp, expected: float | None) -> None:
    assert next_health_read(one) == expected


@pytest.mark.parametrize(
    ("fresh", "kept", "expected"),
    [
        pytest.param(None, None, None, id="nothing"),
        pytest.param(None, NOW - 9, NOW - 9, id="remembered"),
        pytest.param(NOW - 9, None, NOW - 9, id="read by this process"),
        pytest.param(NOW - 9, NOW - 99, NOW - 9, id="the later of both"),
        pytest.param(NOW - 99, NOW - 9, NOW - 9, id="another process read it later"),
        pytest.param(NOW - 9, NOW + DAY, NOW - 9, id="a moment to come does not count"),
    ],
)
def test_the_last_answer_counts(fresh: float | None, kept: float | None, expected: float | None) -> None:
    facts = Facts(health={} if fresh is None else {ID: health(at=fresh)})
    one = matched(None if kept is None else health(at=kept), facts=facts)
    found = known_health(one, live(1))
    assert (None if found is None else found.at) == expected


@pytest.mark.parametrize(
    ("fresh", "kept", "noted"),
    [
        pytest.param(NOW, None, True, id="the first"),
        pytest.param(NOW, NOW - 60, True, id="a later one"),
        pytest.param(NOW, NOW - 0.5, False, id="the same, by the clock of the store"),
        pytest.param(NOW - 60, NOW, False, id="an earlier one than another process read"),
        pytest.param(NOW, NOW + DAY, True, id="in place of a moment to come"),
    ],
)
def test_the_last_answer_is_remembered_once(*, fresh: float, kept: float | None, noted: bool) -> None:
    known = remembered(None if kept is None else health(at=kept))
    seen = observed(live(1), facts=Facts(health={ID: health(at=fresh)}), known=known)
    updates = memory_updates(match_apps(desired(APP), PARTNER, seen))
    assert list(updates) == ([HealthRead(ID, health(at=fresh))] if noted else [])


def test_an_earlier_failure_is_forgotten_if_the_health_is_in_doubt() -> None:
    whole = Facts(health={ID: health()}, unread={ID: ReadFailed("busy", NOW + 60)})
    assert facts_about(whole, [ID]) == whole
    assert facts_about(whole, [ID], doubtful=True) == Facts(health=whole.health)


def test_a_health_that_was_read_again_was_a_call() -> None:
    before = Facts(health={ID: health()})
    assert reads_between(before, before) == 0
    assert reads_between(before, Facts(health={ID: health(BANNED)})) == 1
    assert reads_between(before, Facts(health=before.health, unread={ID: ReadFailed("no")})) == 1


def made(one: MatchedApp) -> Plan:
    return plan(match_apps(desired(one.app), PARTNER, one.context.observed, one.context.request))


@pytest.mark.parametrize(
    ("kept", "waits", "blocked"),
    [
        pytest.param(health(), [], [], id="it can send"),
        pytest.param(health(replace(FINE, can_send="LIMITED")), [], [], id="though not as much as it should"),
        pytest.param(None, ["NotReadYet: Gupshup was not asked yet"], [], id="nobody knows"),
        pytest.param(health(WabaInfo()), ["SendingUnknown"], [], id="Gupshup does not say"),
        pytest.param(health(BLOCKED), ["SendingBlocked: sending BLOCKED"], [], id="blocked"),
        pytest.param(health(BANNED), [], ["AccountBanned"], id="banned: only a person ends that"),
    ],
)
def test_an_app_that_is_to_be_able_to_send_waits_for_it(
    kept: AppHealth | None, waits: list[str], blocked: list[str]
) -> None:
    found = made(matched(kept, declared=SENDABLE))
    assert [(each.wait_for, each.until, each.message) for each in found.waiting] == [
        (WaitFor.SENDABLE, None, message) for message in waits
    ]
    assert [each.reason for each in found.blocked] == blocked
    assert bool(found.unchanged) is not bool(blocked)
    live = made(matched(kept))
    assert (live.waiting, live.blocked, live.unchanged) == ((), (), (matched().item,))
    assert made(matched(kept, declared=SENDABLE, seen=row(1))).waiting == ()


@pytest.mark.parametrize(
    ("kept", "failed", "until"),
    [
        pytest.param(health(BLOCKED, NOW - 20), None, NOW + 40, id="a minute after the last read"),
        pytest.param(None, None, NOW + 60, id="in a minute"),
        pytest.param(health(BLOCKED, NOW - 90), NOW + 30, NOW + 30, id="after a read that failed"),
    ],
)
def test_a_run_that_waits_looks_again_gently(
    kept: AppHealth | None, failed: float | None, until: float
) -> None:
    facts = Facts(unread={} if failed is None else {ID: ReadFailed("busy", failed)})
    found = made(matched(kept, declared=SENDABLE, reads=HealthReads.AWAITED, facts=facts))
    assert [each.until for each in found.waiting] == [until]
    assert next_pass(found, (), RunContext(NOW, 0, wait=True)) == until - NOW
    assert next_pass(found, (), RunContext(NOW, 0, wait=False)) is None


def test_a_run_does_not_wait_for_the_end_of_a_ban() -> None:
    found = made(matched(health(BANNED), declared=SENDABLE, reads=HealthReads.AWAITED))
    assert next_pass(found, (), RunContext(NOW, 0, wait=True)) is None
