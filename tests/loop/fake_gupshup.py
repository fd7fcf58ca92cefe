"""A Gupshup of a few lines: it keeps to its rules, loses replies, acts late, lists stale, and watches us."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeVar, cast

from controller.edges.gupshup.forms import SubscriptionForm
from controller.errors import Rejected, Unclear
from controller.model.account import AccountFacts
from controller.model.health import WabaInfo
from controller.model.manifest import App, AppId
from controller.model.memory import Memory
from controller.model.modes import in_order, mask
from controller.model.upstream import (
    Details,
    LinkAnswer,
    Linked,
    LinkedWithoutCallback,
    NameTaken,
    PhoneTaken,
    RemoteSubscription,
    Row,
    Stage,
    SubscriptionId,
)
from tests.clock import FakeClock

T = TypeVar("T")

NEVER = float("inf")
DONE = Stage("WHATSAPP_PROVISIONING_DONE", "FINALIZE")
UNDER_WAY = Stage("DOCKER_PROVISIONING", "CREATE_DOCKER")


@dataclass(frozen=True, slots=True)
class Lose:
    """Lose the reply of a call whose effect comes *after* so many seconds."""

    after: float = 0.0


Reply: TypeAlias = BaseException | Lose | LinkAnswer | None
"""What becomes of one call: it fails without an effect, its reply is lost, another answer, or all is well."""

_WRITES = {"link", "set_callback", "subscribe", "update_subscription", "unsubscribe"}


@dataclass
class Gupshup:
    """One partner account. Apps are live *live_after* seconds after their link, and listed after *stale*.

    *memory* reads what the store remembers: a link whose intent is not there, or any other call while an
    answered app id is not, is a *fault* of ours.
    """

    clock: FakeClock
    live_after: float = 0.0
    stale: float = 0.0
    longest_search: int = 99
    memory: Callable[[], Awaitable[Memory]] | None = None
    apps: dict[AppId, Row] = field(default_factory=dict)
    subs: dict[AppId, dict[str, RemoteSubscription]] = field(default_factory=lambda: defaultdict(dict))
    callbacks: dict[AppId, str] = field(default_factory=dict)
    health: dict[AppId, WabaInfo] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    posts: list[tuple[float, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    account_facts: AccountFacts = field(default_factory=AccountFacts)
    _replies: dict[str, list[Reply]] = field(default_factory=lambda: defaultdict(list))
    _late: list[tuple[float, Callable[[], object]]] = field(default_factory=list)
    _told: dict[str, AppId] = field(default_factory=dict)

    def on(self, verb: str, *replies: Reply) -> None:
        """Say what becomes of the next calls of *verb*, one after the other; then all is well again."""
        self._replies[verb].extend(replies)

    def count(self, verb: str) -> int:
        return sum(called == verb for called, _ in self.calls)

    @property
    def writes(self) -> list[tuple[str, str]]:
        return [call for call in self.calls if call[0] in _WRITES]

    def put(self, name: str, phone: str | None, *, live: bool = True, id_: str = "") -> AppId:
        """Let an app of ours be there, listed from *stale* seconds from now on."""
        app_id = AppId(id_ or f"app-{len(self.apps) + 1}")
        self.apps[app_id] = Row(app_id, name, phone, live, created=self.clock.now())
        return app_id

    def forget(self) -> None:
        """Let the process be gone that got an answer."""
        self._told.clear()

    # What the loop asks.

    async def sign_in(self) -> str:
        return "1"

    async def rows(self, until: float = NEVER) -> tuple[Row, ...]:  # noqa: ARG002  (it is short)
        await self._called("rows", "")
        return self._listed()

    async def rows_by_phone(self, phone: str) -> tuple[Row, ...]:
        await self._called("rows_by_phone", phone)
        return tuple(row for row in self._listed() if phone in (row.phone or ""))

    async def search(self, *, phone: str = "", name: str = "") -> tuple[Row, ...] | None:
        await self._called("search", phone or name)
        found = [row for row in self._listed() if phone in (row.phone or "") and name in row.name]
        return None if len(found) > self.longest_search else tuple(found)

    async def details(self, app: AppId) -> Details:
        await self._called("details", app)
        row = self._row(app)
        return Details(app, row.name, row.phone or "990000000000", row.live)

    async def stage(self, app: AppId) -> Stage:
        await self._called("stage", app)
        return self._row(app).stage

    async def waba(self, app: AppId) -> WabaInfo:
        await self._called("waba", app)
        return self.health.get(app, WabaInfo())

    async def subscriptions(self, app: AppId) -> tuple[RemoteSubscription, ...]:
        await self._called("subscriptions", app)
        return tuple(self.subs[app].values())

    async def link(self, app: App) -> LinkAnswer:
        assert app.waba_id
        assert app.storage_region is None
        name, phone, callback_url = app.app_name, app.phone, app.callback_url
        self.posts.append((self.clock.now(), phone))
        reply = await self._called("link", phone)
        if isinstance(reply, LinkedWithoutCallback):
            self.put(name, phone, live=False, id_=reply.app_id)
        answer = self._outcome("link", reply, lambda: self._linked(name, phone, callback_url))
        if isinstance(answer, Linked | LinkedWithoutCallback):
            self._told[phone] = answer.app_id
        return answer

    async def set_callback(self, app: AppId, url: str) -> None:
        reply = await self._called("set_callback", app)
        self._outcome("set_callback", reply, lambda: self.callbacks.__setitem__(app, url))

    async def subscribe(self, app: AppId, wish: SubscriptionForm) -> RemoteSubscription:
        reply = await self._called("subscribe", app)
        return self._outcome("subscribe", reply, lambda: self._subscribe(app, wish))

    async def update_subscription(
        self, app: AppId, subscription: SubscriptionId, wish: SubscriptionForm
    ) -> RemoteSubscription:
        reply = await self._called("update_subscription", app)
        return self._outcome("update", reply, lambda: self._update(app, subscription, wish))

    async def unsubscribe(self, app: AppId, subscription: SubscriptionId) -> None:
        reply = await self._called("unsubscribe", app)
        kept = {tag: each for tag, each in self.subs[app].items() if each.id != subscription}
        self._outcome("unsubscribe", reply, lambda: self.subs.__setitem__(app, kept))

    # What happens behind it.

    def _linked(self, name: str, phone: str, callback_url: str | None) -> LinkAnswer:
        for row in self.apps.values():
            if row.phone == phone:
                return PhoneTaken(row.id, "phone is linked already")
            if row.name == name:
                return NameTaken("Bot Already Exists")
        app_id = self.put(name, phone, live=False)
        if callback_url is not None:
            self.callbacks[app_id] = callback_url
        return Linked(app_id)

    def _subscribe(self, app: AppId, wish: SubscriptionForm) -> RemoteSubscription:
        if not self._row(app).live:
            self.faults.append(f"subscribed {app} before it was live")
        if wish.tag in self.subs[app]:
            raise _no("Duplicate component tag")
        number = SubscriptionId(str(100 + sum(map(len, self.subs.values()))))
        return self._keep(app, number, wish)

    def _update(self, app: AppId, number: SubscriptionId, wish: SubscriptionForm) -> RemoteSubscription:
        there = self.subs[app].get(wish.tag)
        if there is None or there.id != number:
            raise _no("Subscription Does Not Exist")
        return self._keep(app, number, wish)

    def _keep(self, app: AppId, number: SubscriptionId, wish: SubscriptionForm) -> RemoteSubscription:
        bits = mask(frozenset(wish.modes))
        found = RemoteSubscription(
            number, wish.tag, wish.url, wish.version, bits, in_order(wish.modes), active=wish.active
        )
        self.subs[app][wish.tag] = found
        return found

    def _row(self, app: AppId) -> Row:
        row = self.apps.get(app)
        if row is None:
            raise _no("no such app of yours", 404)
        live = row.live or self.clock.now() >= (row.created or 0.0) + self.live_after
        return replace(row, live=live, stage=DONE if live else UNDER_WAY)

    def _listed(self) -> tuple[Row, ...]:
        now = self.clock.now()
        return tuple(
            self._row(each)
            for each, row in sorted(self.apps.items())
            if now >= (row.created or 0) + self.stale
        )

    async def _called(self, verb: str, about: str) -> Reply:
        """Take note of one call, let what was late happen, and return what becomes of it."""
        self.calls.append((verb, about))
        await self._watch(verb, about)
        late, self._late = self._late, []
        for at, effect in late:
            self._later(at, effect)
        reply = self._replies[verb].pop(0) if self._replies[verb] else None
        if isinstance(reply, BaseException):
            raise reply
        return reply

    def _outcome(self, verb: str, reply: Reply, effect: Callable[[], T]) -> T:
        match reply:
            case None:
                return effect()
            case Lose(after):
                self._later(self.clock.now() + after, effect)
                raise Unclear(f"{verb}: sent, no reply")
            case _:
                return cast("T", reply)

    def _later(self, at: float, effect: Callable[[], object]) -> None:
        if at > self.clock.now():
            self._late.append((at, effect))
            return
        with suppress(Rejected):
            effect()

    async def _watch(self, verb: str, about: str) -> None:
        if self.memory is None or not (self._told or verb == "link"):
            return
        memory = await self.memory()
        if verb == "link" and about not in memory.intents:
            self.faults.append(f"link {about} without an intent")
        for phone, app_id in self._told.items():
            if phone not in memory.bindings or memory.bindings[phone].app_id != app_id:
                self.faults.append(f"{verb} before app {app_id} of {phone} was kept")
        self._told.clear()


def _no(words: str, status: int = 400) -> Rejected:
    return Rejected(f"answered {status}: {words}", status=status, words=words)
