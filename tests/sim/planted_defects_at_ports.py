"""The product broken on purpose, one promise at a time, at the ports of the loop: the tests of the tests."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, cast

from sqlalchemy import Connection, text

from controller.edges.gupshup.forms import SubscriptionForm
from controller.edges.store import SqlStore
from controller.edges.store.clocks import MachineClock, machine_clock
from controller.errors import Busy, StoreError, Unclear
from controller.loop.ports import Account, Writer
from controller.model.clock import MonotonicClock
from controller.model.manifest import App, AppId, Settle, SubscribeWhen
from controller.model.memory import Intent, Memory
from controller.model.ratelimit import Budget, CallSpan, Reservation, Rule
from controller.model.upstream import Linked, RemoteSubscription, Row, SubscriptionId
from controller.simulator import Fault
from tests.sim.defects import Defect, Defects
from tests.sim.effects import Failure
from tests.sim.scenario import SETTLE
from tests.sim.sim_run import Disruption
from tests.sim.simulated_world import Mutation
from tests.sim.timeline import Step


class Instead:
    """Somebody who does what another one does, but for a few *ways* of his own."""

    def __init__(self, other: object, **ways: object) -> None:
        self._other = other
        self._ways = ways

    def __getattr__(self, name: str) -> object:
        return self._ways[name] if name in self._ways else getattr(self._other, name)


def remote(account: Account[Writer], **ways: object) -> Account[Writer]:
    return replace(account, remote=cast("Any", Instead(account.remote, **ways)))


def store(account: Account[Writer], part: str, **ways: object) -> Account[Writer]:
    changed = Instead(getattr(account.store, part), **ways)
    return replace(account, store=cast("Any", Instead(account.store, **{part: changed})))


def _settle(settle: Settle) -> Callable[[Account[Writer]], Account[Writer]]:
    return lambda account: replace(account, partner=replace(account.partner, settle=settle))


def _write(account: Account[Writer], sql: str) -> Any:  # noqa: ANN401  (an awaitable of whatever the store gives)
    store = cast("SqlStore", account.store)

    def work(connection: Connection) -> None:
        connection.execute(text(sql))

    return store._database.write(work, None)


def _intent_after_the_call(account: Account[Writer]) -> Account[Writer]:
    real = account.store.intents
    asked: list[tuple[str, str, str]] = []
    numbers: dict[int, int] = {}

    async def open_later(upstream: str, phone: str, name: str) -> Intent:
        asked.append((upstream, phone, name))
        return Intent(0, phone, name)

    async def link(app: App) -> object:
        try:
            return await account.remote.link(app)
        finally:
            numbers[0] = (await real.open(*asked.pop())).id

    async def end(upstream: str, _: int) -> None:
        await real.end(upstream, numbers[0])

    return store(remote(account, link=link), "intents", open=open_later, end=end)


def _no_intent(account: Account[Writer]) -> Account[Writer]:
    async def opened(_: str, phone: str, name: str) -> Intent:
        return Intent(0, phone, name)

    async def end(_: str, __: int) -> None:
        return None

    return store(account, "intents", open=opened, end=end)


def _unclear_is_failure(account: Account[Writer]) -> Account[Writer]:
    async def end(_: str, number: int) -> None:
        await _write(account, f"DELETE FROM intents WHERE id = {int(number)}")  # noqa: S608  (a number)

    return store(account, "intents", end=end)


def _orphans_are_forgotten(account: Account[Writer]) -> Account[Writer]:
    async def adopt(_: str) -> int:
        await _write(account, "DELETE FROM intents WHERE ended IS NULL")
        return 0

    return store(account, "intents", adopt_orphans=adopt)


def _counted_from_the_send(account: Account[Writer]) -> Account[Writer]:
    real = account.store.intents

    async def end(upstream: str, number: int) -> None:
        await real.end(upstream, number)
        await _write(account, "UPDATE intents SET ended = started")

    return store(account, "intents", end=end)


def _no_fresh_look(account: Account[Writer]) -> Account[Writer]:
    async def nobody(_: str) -> tuple[Row, ...]:
        return ()

    return remote(account, rows_by_phone=nobody)


def _failed_list_is_empty(account: Account[Writer]) -> Account[Writer]:
    async def rows(until: float) -> tuple[Row, ...]:
        try:
            return await account.remote.rows(until)
        except (Busy, Unclear):
            return ()

    async def rows_by_phone(phone: str) -> tuple[Row, ...]:
        try:
            return await account.remote.rows_by_phone(phone)
        except (Busy, Unclear):
            return ()

    return remote(account, rows=rows, rows_by_phone=rows_by_phone)


def _posts_again(account: Account[Writer]) -> Account[Writer]:
    async def link(app: App) -> object:
        try:
            return await account.remote.link(app)
        except Unclear:
            return await account.remote.link(app)

    return remote(account, link=link)


def _conflict_is_fine(account: Account[Writer]) -> Account[Writer]:
    async def link(app: App) -> object:
        answer = await account.remote.link(app)
        return Linked(cast("Any", answer).app_id) if hasattr(answer, "app_id") else answer

    return remote(account, link=link)


def _bindings_do_not_count(account: Account[Writer]) -> Account[Writer]:
    real = account.store.memories

    async def read(upstream: str) -> Memory:
        return replace(await real.read(upstream), bindings={})

    return store(account, "memories", read=read)


def _history_after_the_call(account: Account[Writer]) -> Account[Writer]:
    real, waiting, numbers = account.store.history, dict[int, tuple[str, Any]](), count(10**9)

    async def begin(upstream: str, entry: Any) -> int:  # noqa: ANN401  (the entry as it came)
        number = next(numbers)
        waiting[number] = (upstream, entry)
        return number

    async def finish(number: int, outcome: str, message: str, app_id: Any = None) -> None:  # noqa: ANN401  (likewise)
        await real.finish(await real.begin(*waiting.pop(number)), outcome, message, app_id)

    async def drop(number: int) -> None:
        waiting.pop(number, None)

    return store(account, "history", begin=begin, finish=finish, drop=drop)


def _subscribes_before_live(account: Account[Writer]) -> Account[Writer]:
    return replace(account, partner=replace(account.partner, subscribe_when=SubscribeWhen.LINKED))


def _lost_is_done(account: Account[Writer]) -> Account[Writer]:
    async def subscribe(app: AppId, wish: SubscriptionForm) -> RemoteSubscription:
        try:
            return await account.remote.subscribe(app, wish)
        except Unclear:
            made_up = SubscriptionId("1")
            return RemoteSubscription(
                made_up, wish.tag, wish.url, wish.version, None, tuple(wish.modes), wish.active
            )

    return remote(account, subscribe=subscribe)


def _disk_is_ignored(account: Account[Writer]) -> Account[Writer]:
    real = account.store.intents

    async def opened(upstream: str, phone: str, name: str) -> Intent:
        try:
            return await real.open(upstream, phone, name)
        except StoreError:
            return Intent(0, phone, name)

    return store(account, "intents", open=opened)


class _MemoryOfOneProcess:
    """A pace that each process begins anew."""

    def __init__(self, calls: Any, now: Callable[[], float]) -> None:  # noqa: ANN401  (the real log of calls)
        self._calls = calls
        self._now = now
        self._stays: dict[str, list[CallSpan]] = {}

    def __getattr__(self, name: str) -> object:
        return getattr(self._calls, name)

    async def reserve(
        self, _: str, budgets: Sequence[Budget], *, rule: Rule, route: str
    ) -> Reservation | float:
        del route
        now = self._now()
        moments = [rule(self._stays.get(each.key, []), now, each.limit, 0.0) for each in budgets]
        if max(moments) > now:
            return max(moments)
        for each in budgets:
            self._stays.setdefault(each.key, []).append(CallSpan(now, now))
        return Reservation(())

    async def ended(self, reservation: Reservation, status: int | None) -> None:
        del reservation, status


def _pace_in_memory(store: SqlStore, now: Callable[[], float]) -> None:
    store.calls = cast("Any", _MemoryOfOneProcess(store.calls, now))


def _walls_time(_: Connection, clock: MonotonicClock) -> MachineClock:
    return MachineClock(clock, clock.now() - clock.monotonic())


def _one_boot(connection: Connection, clock: MonotonicClock) -> MachineClock:
    return machine_clock(connection, cast("Any", Instead(clock, boot="the only one")))


def fault(kind: str, route: str = "link", nth: int = 1, **parameters: object) -> Fault:
    return Fault(kind, route, nth=(nth,), parameters=parameters)


CRASH_LOOP = Disruption(failures=tuple(("list", nth, Failure.BEFORE) for nth in range(1, 13)))
_LOST = Disruption((fault("lose-request"),))
_LATE = Disruption((fault("late", seconds=55),))
_DEAD = Disruption(failures=(("link", 1, Failure.DURING),))
_TIME = "controller.edges.store.store:machine_clock"


def _set(seconds: float, *, reboot: bool = False) -> Disruption:
    """Lose a link's answer, and have its process die and the clock set while it is waited for."""
    at = ("list", 3)
    return replace(_LOST, failures=((*at, Failure.BEFORE),), steps=((*at, Step(seconds, reboot=reboot)),))


_BOTH_LISTS = Disruption((fault("html", "list"), fault("html", "list", 2)))

DEFECTS_AT_PORTS: Defects = {
    "the intent is written after the call": Defect("P3", Mutation(_intent_after_the_call), disruption=_DEAD),
    "there is no intent": Defect("P3", Mutation(_no_intent), disruption=_LATE),
    "an unclear answer counts as a failure": Defect("P3", Mutation(_unclear_is_failure), disruption=_LATE),
    "the intents of the dead are forgotten": Defect("P3", Mutation(_orphans_are_forgotten), disruption=_DEAD),
    "nobody waits for a late effect": Defect("P3", Mutation(_settle(Settle(0, 0))), disruption=_LATE),
    "only L is waited for, not S": Defect(
        "P3", Mutation(_settle(replace(SETTLE, stale_list=0))), disruption=_LOST
    ),
    "the wait counts from the send": Defect(
        "P3", Mutation(_counted_from_the_send), disruption=Disruption((fault("lose-request", seconds=25),))
    ),
    "no fresh look before a link": Defect(
        "P3", Mutation(_no_fresh_look), "pre-exists", Disruption((fault("empty-list", "list"),))
    ),
    "a list that failed is an empty one": Defect(
        "P3", Mutation(_failed_list_is_empty), "pre-exists", _BOTH_LISTS
    ),
    "the client posts again": Defect("P3", Mutation(_posts_again), disruption=_LATE),
    "a conflict is as good as a success": Defect("P4", Mutation(_conflict_is_fine), "stranger's phone"),
    "a bound app that is not listed is linked again": Defect(
        "P3", Mutation(_bindings_do_not_count), disruption=Disruption((fault("stale-list", seconds=14),))
    ),
    "a lost reply counts as a success": Defect(
        "P7", Mutation(_lost_is_done), disruption=Disruption((fault("lose-request", "subscribe"),))
    ),
    "a disk that fails is ignored": Defect(
        "P3",
        Mutation(_disk_is_ignored),
        disruption=Disruption((fault("late", seconds=55),), (("IntentTable.open", 1, Failure.FULL),)),
    ),
    "history is written after the call": Defect(
        "P28",
        Mutation(_history_after_the_call),
        disruption=Disruption(failures=(("link", 1, Failure.AFTER),)),
    ),
    "subscriptions do not wait for live": Defect("live", Mutation(_subscribes_before_live)),
    "what rests goes by the wall clock, which is set forward": Defect(
        "P38", Mutation(names={_TIME: _walls_time}), disruption=_set(3 * 86_400.0)
    ),
    "what rests goes by the wall clock, which is set back": Defect(
        "P38", Mutation(names={_TIME: _walls_time}), disruption=_set(-3_600.0)
    ),
    "monotonic time is compared over reboots": Defect(
        "P38", Mutation(names={_TIME: _one_boot}), disruption=_set(0.0, reboot=True)
    ),
    "the pace is forgotten by each process": Defect(
        "P15", Mutation(store=_pace_in_memory), "old login", CRASH_LOOP
    ),
}
