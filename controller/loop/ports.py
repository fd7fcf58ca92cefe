"""Protocols of the parts below the loop, with no more than the loop uses."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from controller.core.replicas.election import Step
from controller.edges.gupshup.forms import SubscriptionForm
from controller.model.account import AccountFacts
from controller.model.clock import Clock
from controller.model.health import WabaInfo
from controller.model.history import Declared, Hint, LastGood, WriteRecord
from controller.model.manifest import App, AppId, Partner, Reference
from controller.model.memory import Intent, Memory, MemoryUpdate
from controller.model.passes import SourceRead
from controller.model.secret import Secret
from controller.model.upstream import (
    Details,
    LinkAnswer,
    RemoteSubscription,
    Row,
    Stage,
    SubscriptionId,
    Upstream,
)


class Triggers(Protocol):
    """Timers, which only call *drop*: a function that marks something as due and returns at once."""

    def every(self, seconds: float, drop: Callable[[], None]) -> Callable[[], None]:
        """Call *drop* every so many *seconds*; return the function that ends the calls."""
        ...


class Reader(Protocol):
    """Reads one partner account; each read is whole or raises."""

    async def sign_in(self) -> str:
        """Return the partner's id, "" if Gupshup does not send it."""
        ...

    @property
    def account_facts(self) -> AccountFacts:
        """What the last sign-in told of the account."""
        ...

    async def rows(self, until: float = ...) -> tuple[Row, ...]: ...
    async def rows_by_phone(self, phone: str) -> tuple[Row, ...]: ...
    async def search(self, *, phone: str = ..., name: str = ...) -> tuple[Row, ...] | None:
        """Return the apps that contain both texts, None if there are too many of them."""
        ...

    async def details(self, app: AppId) -> Details: ...
    async def stage(self, app: AppId) -> Stage: ...
    async def waba(self, app: AppId) -> WabaInfo: ...
    async def subscriptions(self, app: AppId) -> tuple[RemoteSubscription, ...]: ...


class Writer(Reader, Protocol):
    """Writes as well. One call never writes twice, and a lost reply raises Unclear."""

    async def link(self, app: App) -> LinkAnswer: ...
    async def set_callback(self, app: AppId, url: str) -> None: ...
    async def subscribe(self, app: AppId, wish: SubscriptionForm) -> RemoteSubscription: ...
    async def update_subscription(
        self, app: AppId, subscription: SubscriptionId, wish: SubscriptionForm
    ) -> RemoteSubscription: ...
    async def unsubscribe(self, app: AppId, subscription: SubscriptionId) -> None: ...


class Memories(Protocol):
    async def read(self, upstream: str) -> Memory: ...
    async def note(self, upstream: str, notes: Sequence[MemoryUpdate]) -> None: ...


class Intents(Protocol):
    async def open(self, upstream: str, phone: str, name: str) -> Intent: ...
    async def end(self, upstream: str, intent_id: int) -> None: ...
    async def adopt_orphans(self, upstream: str) -> int: ...


class History(Protocol):
    async def begin(self, upstream: str, entry: WriteRecord) -> int: ...
    async def finish(self, number: int, outcome: str, message: str, app_id: AppId | None = None) -> None: ...
    async def drop(self, number: int) -> None: ...


class Statuses(Protocol):
    async def save(self, upstream: str, documents: Mapping[str, str], *, whole: bool = False) -> None: ...
    async def read(self, upstream: str) -> dict[str, str]: ...


class Revisions(Protocol):
    async def last_good(self, source: str) -> LastGood | None: ...
    async def save_good(self, source: str, good: LastGood) -> None: ...
    async def filled(self, places: Sequence[str]) -> frozenset[str]: ...
    async def declared(self, upstream: str) -> Declared | None: ...
    async def declare(self, upstream: str, count: Declared) -> None: ...
    async def knows(self, url: str) -> bool: ...


class Hints(Protocol):
    async def leave(self, upstream: str, app: str, kind: str) -> None: ...
    async def heard(self, upstream: str) -> None: ...
    async def kinds(self) -> frozenset[str]: ...
    async def take(self, upstream: str) -> tuple[Hint, ...]: ...


class SourceReads(Protocol):
    """Notes of reads of the source, which other processes look at."""

    async def note(self, keys: Iterable[str], read: SourceRead) -> None: ...


class WriterLease(Protocol):
    def holds(self) -> bool: ...


class Elections(Protocol):
    """Decides for which partners this process is to write, if several processes share a store."""

    def candidacy(self, upstream: str) -> AbstractContextManager[None]:
        """Be ready to write for *upstream* within the block."""
        ...

    def next_step(self, upstream: str) -> Step:
        """Return what to do about *upstream* now, without any query."""
        ...


class Store(Protocol):
    @property
    def memories(self) -> Memories: ...
    @property
    def intents(self) -> Intents: ...
    @property
    def history(self) -> History: ...
    @property
    def statuses(self) -> Statuses: ...
    @property
    def revisions(self) -> Revisions: ...
    def keyed_digest(self, text: str) -> str: ...
    def writer(self, upstream: str, timeout: float = 0.0) -> AbstractAsyncContextManager[WriterLease]: ...


RemoteT_co = TypeVar("RemoteT_co", bound=Reader, covariant=True)


def _unchallenged() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Account(Generic[RemoteT_co]):
    """One partner that is signed in, and all that working on it takes.

    *who* and *revision* go into the history. *holds* returns whether the writer lock still keeps others out.

    An `Account[Reader]` cannot write: code that only plans gets no more.
    """

    partner: Partner
    upstream: Upstream
    remote: RemoteT_co
    store: Store
    clock: Clock
    reveal: Callable[[Reference], Secret]
    who: str
    revision: str
    holds: Callable[[], bool] = _unchallenged
