"""The loop on a bench: a pretend Gupshup, the real store, a clock that jumps, and a fuse that kills."""

import inspect
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from controller.edges.store import SqlStore, open_store
from controller.errors import ControllerError
from controller.loop import ports
from controller.loop.apply import PartnerRun, apply_until_settled
from controller.loop.ports import Account, Writer
from controller.loop.reconcile.state import PassRequest
from controller.model.history import WriteRecord
from controller.model.manifest import App, FromEnv, Partner, Policy, Reference, Settle, Subscription
from controller.model.memory import Memory
from controller.model.plan import Request
from controller.model.secret import Secret
from tests.builders.manifest import CALLBACK, PARTNER, SETTLE, desired
from tests.builders.upstream import HERE
from tests.clock import FakeClock
from tests.loop.fake_gupshup import Gupshup

SECRETS: Mapping[str, str] = {"HOOK_SECRET": "canary-of-the-hook"}


def app(name: str = "AppOne", phone: str = "910000000001", *, callback: str | None = CALLBACK) -> App:
    return App(
        name, "main", name, "100000000000001", phone, callback_url=callback, policies=frozenset(Policy)
    )


def events(of: str = "AppOne", *, tag: str = "events") -> Subscription:
    url = f"https://hooks.example.com/{of}"
    return Subscription(tag, "main", of, tag, url, 3, frozenset({"SENT", "MESSAGE"}))


ONE, TWO = app(), app("AppTwo", "910000000002")
HOOKS = (events(), events("AppTwo"))


def outcomes(run: PartnerRun) -> list[tuple[str, str, str]]:
    return [(str(each.verb), str(each.outcome), each.reason) for each in run.report("main").results]


def reveal(reference: Reference) -> Secret:
    if not isinstance(reference, FromEnv) or reference.name not in SECRETS:
        raise ControllerError(f"{reference} is not set")
    return Secret(SECRETS[reference.name])


@dataclass
class Bench:
    """*told* holds what a run reported after each pass: the error, and the results."""

    store: SqlStore
    clock: FakeClock
    remote: Gupshup
    partner: Partner = PARTNER
    told: list[tuple[ControllerError | None, tuple[str, ...]]] = field(default_factory=list)

    def account(self, store: ports.Store | None = None, remote: Writer | None = None) -> Account[Writer]:
        return Account(
            partner=self.partner,
            upstream=HERE,
            remote=remote or self.remote,
            store=store or self.store,
            clock=self.clock,
            reveal=reveal,
            who="a test",
            revision="r1",
        )

    def task(
        self, *declared: App | Subscription, asked: Request | None = None, complete: bool = True
    ) -> PassRequest:
        wanted = desired(*declared, partner=self.partner, complete=complete)
        return PassRequest(wanted, wanted, asked or Request())

    async def go(
        self,
        *declared: App | Subscription,
        wait: bool = True,
        seconds: float = 7200,
        run: PartnerRun | None = None,
        account: Account[Writer] | None = None,
    ) -> PartnerRun:
        """Follow to the end, at the most for *seconds*."""
        run = run or PartnerRun(self.task(*declared))
        until = self.clock.now() + seconds
        await apply_until_settled(
            account or self.account(), run, wait=wait, until=until, on_progress=self._tell
        )
        return run

    def _tell(self, run: PartnerRun) -> None:
        outcomes = tuple(f"{each.verb} {each.outcome}" for each in run.results.values())
        self.told.append((run.error, outcomes))

    async def memory(self) -> Memory:
        return await self.store.memories.read(HERE)

    async def history(self) -> list[WriteRecord]:
        """Return every line, the oldest first."""
        return [entry for _, entry in reversed(await self.store.history.read(HERE))]


@asynccontextmanager
async def bench(path: Path, remote: Gupshup | None = None, settle: Settle = SETTLE) -> AsyncIterator[Bench]:
    """Open the store at *path* as a process would, over a Gupshup that may be there already."""
    clock = remote.clock if remote is not None else FakeClock()
    async with open_store(path, clock, inline=True) as store:
        there = remote or Gupshup(clock)
        found = Bench(store, clock, there, replace(PARTNER, settle=settle))
        there.memory = found.memory
        there.forget()
        yield found


READS = {"read"}
"""Methods of the store after which a death is the same as before them."""


class Killed(BaseException):
    """The process is gone: nothing catches it, and nothing that is done afterwards counts."""


@dataclass
class Fuse:
    """Blows after *left* crossings; whatever is tried from then on does not happen."""

    left: int

    @property
    def blown(self) -> bool:
        return self.left <= 0

    def burn(self) -> None:
        self.left -= 1
        self.check()

    def check(self) -> None:
        if self.blown:
            raise Killed


class Brittle:
    """Anything with coroutines, each of which may be the last: it has its effect, and nobody hears of it."""

    def __init__(self, thing: object, fuse: Fuse) -> None:
        self._thing = thing
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (whatever the thing has)
        found = getattr(self._thing, name)
        if inspect.iscoroutinefunction(found) and name not in READS:
            return self._risky(found)
        return Brittle(found, self._fuse) if name in {"memories", "intents", "history", "statuses"} else found

    def _risky(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*args: object, **kwargs: object) -> object:
            self._fuse.check()
            try:
                return await function(*args, **kwargs)
            finally:
                self._fuse.burn()

        return call


def brittle(there: Bench, fuse: Fuse) -> Account[Writer]:
    """Return the account of a process that dies when *fuse* blows."""
    store, remote = Brittle(there.store, fuse), Brittle(there.remote, fuse)
    return there.account(cast("ports.Store", store), cast("Writer", remote))
