"""A Gupshup that never agrees gets few writes, a person has to act, and no other app waits."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from controller.edges.gupshup.forms import SubscriptionForm
from controller.errors import Busy, Rejected, Unclear
from controller.loop.apply import PartnerRun
from controller.model.manifest import App, AppId, FromEnv, Subscription
from controller.model.plan import Outcome, Request, WaitFor
from controller.model.upstream import RemoteSubscription, SubscriptionId
from tests.builders.manifest import PARTNER
from tests.clock import FakeClock
from tests.loop.apply_fixture import Bench, app, bench, events
from tests.loop.fake_gupshup import Gupshup

ONE, TWO = "910000000001", "910000000002"
HOUR = 3600
DECLARED = (app(callback=None), events())
OTHER = (app("AppTwo", TWO, callback=None), events("AppTwo"))
OWNING = replace(PARTNER, owned_tags="events*")


@dataclass
class Stubborn(Gupshup):
    """*shows* is how reads show a subscription that was written, None for not at all; answers say yes."""

    shows: Callable[[RemoteSubscription], RemoteSubscription | None] = lambda there: there

    async def subscriptions(self, app: AppId) -> tuple[RemoteSubscription, ...]:
        found = (self.shows(each) for each in await super().subscriptions(app))
        return tuple(each for each in found if each is not None)

    def _subscribe(self, app: AppId, wish: SubscriptionForm) -> RemoteSubscription:
        self.subs[app].pop(wish.tag, None)  # what is not shown is made again
        return super()._subscribe(app, wish)


@dataclass
class Broken(Gupshup):
    """*always* is what becomes of every call of a verb about app-1, for ever."""

    always: dict[str, Exception] = field(default_factory=dict)
    at: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    async def _called(self, verb: str, about: str) -> object:  # type: ignore[override]  # narrower on purpose
        self.at[f"{verb} {about}"].append(self.clock.now())
        reply = await super()._called(verb, about)
        if about == "app-1" and verb in self.always:
            raise self.always[verb]
        return reply


@asynccontextmanager
async def there(path: Path, remote: Gupshup) -> AsyncIterator[Bench]:
    """Open the store of earlier runs over *remote*, in which AppOne and AppTwo are live."""
    if not remote.apps:
        remote.put("AppOne", ONE)
        remote.put("AppTwo", TWO)
    async with bench(path / "state.db", remote) as found:
        found.partner = OWNING
        yield found


async def run(
    path: Path,
    remote: Gupshup,
    *declared: App | Subscription,
    asked: Request | None = None,
    times: int = 1,
    every: float = 120,
) -> PartnerRun:
    """Run *times*, one run *every* so many seconds; none of them waits. Return the last one."""
    async with there(path, remote) as found:
        for _ in range(times):
            began = remote.clock.now()
            last = await found.go(run=PartnerRun(found.task(*declared, asked=asked)), wait=False)
            remote.clock.time = max(remote.clock.time, began + every)
    return last


def blocked(run: PartnerRun) -> list[tuple[str, str]]:
    return [(each.item.name, each.reason) for each in run.report("main").blocked]


@pytest.mark.parametrize(
    "spelt",
    [
        pytest.param("https://HOOKS.example.com/AppOne", id="the host"),
        pytest.param("https://hooks.example.com:443/AppOne", id="the port"),
        pytest.param("https://hooks.example.com/%41ppOne", id="escapes"),
    ],
)
async def test_a_url_that_is_kept_in_another_spelling_is_written_once(tmp_path: Path, spelt: str) -> None:
    remote = Stubborn(FakeClock(), shows=lambda each: replace(each, url=spelt))
    for _ in range(4):
        done = await run(tmp_path, remote, *DECLARED)
    assert ([verb for verb, _ in remote.writes], blocked(done)) == (["subscribe"], [])


@pytest.mark.parametrize(
    ("shows", "writes", "words"),
    [
        pytest.param(
            lambda each: replace(each, url=f"{each.url}?b=2&a=1"),
            ["subscribe", *["update_subscription"] * 3],
            "url stays https://hooks.example.com/AppOne?b=2&a=1",
            id="another url",
        ),
        pytest.param(
            lambda each: replace(each, mode=2047),
            ["subscribe", *["update_subscription"] * 3],
            "modes stays",
            id="a canned mode in reads alone",
        ),
        pytest.param(
            lambda each: replace(each, version=2),
            ["subscribe", *["update_subscription"] * 3],
            "version stays 2",
            id="another version",
        ),
        pytest.param(lambda _: None, ["subscribe"] * 4, "it is not listed", id="not at all"),
    ],
)
async def test_an_update_that_reads_never_show_is_written_three_more_times_over_all_runs(
    tmp_path: Path,
    shows: Callable[[RemoteSubscription], RemoteSubscription | None],
    writes: list[str],
    words: str,
) -> None:
    remote = Stubborn(FakeClock(), shows=shows)
    for _ in range(8):
        done = await run(tmp_path, remote, *DECLARED)
        remote.clock.time += HOUR
    assert [verb for verb, _ in remote.writes] == writes
    assert blocked(done) == [("events", "WillNotConverge")]
    assert words in done.report("main").blocked[0].message
    ready = [status.condition("Ready") for status in done.statuses if status.item.name == "events"]
    assert [each.reason for each in ready if each is not None] == ["WillNotConverge"]


async def test_a_removal_that_is_never_done_is_repeated_three_times_over_all_runs(
    tmp_path: Path,
) -> None:
    remote = Stubborn(FakeClock())
    remote.put("AppOne", ONE)
    old = RemoteSubscription(
        SubscriptionId("9"), "events-old", "https://old.example.com", 3, 65, (), active=True
    )
    remote.subs[AppId("app-1")]["events-old"] = old
    remote.unsubscribe = said(remote)  # type: ignore[method-assign, assignment]  # it answers, and does nothing
    for _ in range(8):
        done = await run(tmp_path, remote, app(callback=None))
        remote.clock.time += HOUR
    assert [verb for verb, _ in remote.writes] == ["unsubscribe"] * 4
    assert blocked(done) == [("events-old", "WillNotConverge")]


def said(remote: Gupshup) -> Callable[[AppId, SubscriptionId], Coroutine[object, object, None]]:
    async def unsubscribe(app: AppId, _: SubscriptionId) -> None:
        await remote._called("unsubscribe", app)

    return unsubscribe


@pytest.mark.parametrize("other", [replace(DECLARED[1], version=2), DECLARED[1]], ids=["changed", "asked"])
async def test_a_manifest_change_and_a_request_each_allow_another_write(
    tmp_path: Path, other: Subscription
) -> None:
    remote = Stubborn(FakeClock(), shows=lambda each: replace(each, mode=2047))
    for _ in range(3):
        await run(tmp_path, remote, *DECLARED)
    before = len(remote.writes)
    changed = other != DECLARED[1]
    again = None if changed else Request(again=frozenset({"AppOne"}), at=remote.clock.now())
    for _ in range(3):
        done = await run(tmp_path, remote, DECLARED[0], other, asked=again)
    assert len(remote.writes) == before + (3 if changed else 1)
    assert blocked(done) == [("events", "WillNotConverge")]


async def test_a_value_changed_again_between_any_two_observations_is_restored_for_ever(
    tmp_path: Path,
) -> None:
    """An observation right after the second update shows that it took: somebody else changes the value."""
    remote = Stubborn(FakeClock())
    await run(tmp_path, remote, *DECLARED)
    for _ in range(9):
        there_is = remote.subs[AppId("app-1")]["events"]
        remote.subs[AppId("app-1")]["events"] = replace(there_is, url="https://changed.example.com")
        done = await run(tmp_path, remote, *DECLARED)
        remote.clock.time += HOUR
    assert (remote.count("update_subscription"), blocked(done)) == (9, [])


STANDING = Unclear(
    "POST …: 500 Unable To Create Subscription; it may have happened, and the next read will show it"
)
TURNED_AWAY = Busy("POST …: 401 Authentication Failed; nothing was done")
DUPLICATE = Rejected("400", status=400, words="Duplicate component tag")
MISSING = Rejected("400", status=400, words="Subscription Does Not Exist")
CALLED = replace(app(), callback_url="https://hooks.example.com/new")


@pytest.mark.parametrize(
    ("verb", "answer", "declared", "reason", "words"),
    [
        pytest.param(
            "subscribe", STANDING, DECLARED, "NoClearAnswer", "Unable To Create", id="a standing 500"
        ),
        pytest.param(
            "subscribe", TURNED_AWAY, DECLARED, "NoClearAnswer", "Authentication", id="a standing 401"
        ),
        pytest.param(
            "subscribe", DUPLICATE, DECLARED, "TagTaken", "Duplicate component tag", id="a tag not listed"
        ),
        pytest.param(
            "update_subscription", STANDING, DECLARED, "NoClearAnswer", "Unable To Create", id="of an update"
        ),
        pytest.param(
            "update_subscription",
            MISSING,
            DECLARED,
            "NoClearAnswer",
            "Does Not Exist",
            id="listed and denied",
        ),
        pytest.param("unsubscribe", STANDING, DECLARED[:1], "NoClearAnswer", "Unable", id="of a removal"),
        pytest.param("set_callback", STANDING, (CALLED,), "NoClearAnswer", "Unable", id="of a callback"),
    ],
)
async def test_a_write_that_is_never_answered_clearly_is_repeated_ever_more_rarely(
    tmp_path: Path,
    verb: str,
    answer: Exception,
    declared: tuple[App | Subscription, ...],
    reason: str,
    words: str,
) -> None:
    remote = Broken(FakeClock(), always={verb: answer})
    async with there(tmp_path, remote) as found:
        await found.go(*OTHER[:1])
    if verb in {"update_subscription", "unsubscribe"}:
        url = "https://old.example.com"
        old = RemoteSubscription(SubscriptionId("9"), "events", url, 3, 65, (), active=True)
        remote.subs[AppId("app-1")]["events"] = old
    resend = Request(resend=True) if verb == "set_callback" else None
    began = remote.clock.now()
    done = await run(tmp_path, remote, *declared, *OTHER, asked=resend)
    results = [each for each in done.report("main").results if each.item.app == "AppTwo"]
    assert [each.outcome for each in results] == [Outcome.DONE], "nobody else waits"
    done = await run(tmp_path, remote, *declared, *OTHER, asked=resend, times=6)
    assert [each for _, each in blocked(done)] == [reason]
    assert words in done.report("main").blocked[0].message
    await run(tmp_path, remote, *declared, *OTHER, asked=resend, times=28, every=600)
    moments = [at - began for at in remote.at[f"{verb} app-1"]]
    assert len([at for at in moments if at < HOUR]) <= 10
    assert len([at for at in moments if at >= HOUR]) <= 6
    assert moments[1] < 5, "one lost reply costs no wait"
    assert max(moments) > 4 * HOUR, "it never gives up for good"


async def test_a_write_that_works_again_is_found_within_an_hour_and_counted_anew(tmp_path: Path) -> None:
    remote = Broken(FakeClock(), always={"subscribe": STANDING})
    done = await run(tmp_path, remote, *DECLARED, times=60)
    assert blocked(done) == [("events", "NoClearAnswer")]
    remote.always.clear()
    done = await run(tmp_path, remote, *DECLARED, times=31)
    assert (blocked(done), done.report("main").unchanged) == ([], 2)
    async with there(tmp_path, remote) as found:
        assert (await found.memory()).refusals == {}


async def test_a_count_of_unclear_writes_ends_once_an_observation_shows_the_value(tmp_path: Path) -> None:
    """Each try took effect, and its answer was lost: the next error begins with a quick try again."""
    remote = Broken(FakeClock(), always={"subscribe": STANDING})
    await run(tmp_path, remote, *DECLARED)
    url = "https://hooks.example.com/AppOne"
    made = RemoteSubscription(SubscriptionId("9"), "events", url, 3, 65, (), active=True)
    remote.subs[AppId("app-1")]["events"] = made
    done = await run(tmp_path, remote, *DECLARED)
    assert (blocked(done), done.report("main").unchanged) == ([], 2)
    async with there(tmp_path, remote) as found:
        assert (await found.memory()).refusals == {}


async def test_a_tag_kept_in_lower_case_is_reported_after_one_refusal(tmp_path: Path) -> None:
    upper = replace(events(), tag="Events-Live")
    remote = Broken(FakeClock(), always={"subscribe": DUPLICATE})
    url = "https://hooks.example.com/AppOne"
    made = RemoteSubscription(SubscriptionId("9"), "events-live", url, 3, 65, (), active=True)
    remote.put("AppOne", ONE)
    remote.subs[AppId("app-1")]["events-live"] = made
    done = await run(tmp_path, remote, DECLARED[0], upper, times=9, every=HOUR)
    assert [verb for verb, _ in remote.writes] == ["subscribe"]
    assert blocked(done) == [("events", "TagTaken")]
    assert "declare `tag: events-live`" in done.report("main").blocked[0].message


async def test_a_changed_header_is_written_although_the_last_one_was_not_answered(tmp_path: Path) -> None:
    remote = Broken(FakeClock(), always={"subscribe": STANDING})
    hidden = replace(events(), headers={"X-Hook": FromEnv("HOOK_SECRET")})
    done = await run(tmp_path, remote, DECLARED[0], hidden, times=6)
    assert [each.wait_for for each in done.report("main").waiting] == []
    before = remote.count("subscribe")
    renamed = replace(events(), headers={"X-Other": FromEnv("HOOK_SECRET")})
    done = await run(tmp_path, remote, DECLARED[0], renamed)
    assert remote.count("subscribe") == before + 2
    assert [each.wait_for for each in done.report("main").waiting] == [WaitFor.BACKOFF]
