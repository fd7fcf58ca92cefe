"""A pretend office of Universal Tokens, a login of old, and a process that can be killed at any effect."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Self, cast

from controller.core.credentials import Keeper
from controller.edges.gupshup import IssuedToken, MintedToken
from controller.edges.gupshup.auth.app_tokens import KnownInProcess
from controller.edges.store import SqlStore
from controller.errors import Busy, ControllerError, Denied, MintRefused, Rejected, TokenLimitReached, Unclear
from controller.loop.tokens.app_mints import AppMints
from controller.loop.tokens.app_routes import StoredAppRoutes
from controller.loop.tokens.context import TokenContext, TokenStore
from controller.loop.tokens.mints import Mints
from controller.loop.tokens.source import PartnerTokens
from controller.model.account import AccountFacts, ActiveToken
from controller.model.manifest import AppId, AuthMode
from controller.model.secret import Secret
from tests.clock import FakeClock

LOGIN = "https://partner.gupshup.io login 0123"
SECRET = Secret("client secret")
MOST_ACTIVE = 3


class KilledError(BaseException):
    """The process died here."""


@dataclass
class FakeOffice:
    """Gupshup: what is active, by name, with text and end. *ahead* is learnt by a process, *shift* is so.

    *trouble* is raised by the next mints, before their effect; *lost* after it.
    """

    clock: FakeClock
    shift: float = 0.0
    secrets: set[str] = field(default_factory=lambda: {"client secret"})
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    minted: list[tuple[str, float]] = field(default_factory=list)
    trouble: list[ControllerError] = field(default_factory=list)
    lost: list[ControllerError] = field(default_factory=list)
    deaf: bool = False
    apps: "dict[AppId, FakeOffice]" = field(default_factory=dict)
    most: int = 0
    _numbers: "count[int]" = field(default_factory=count)

    def of_app(self, app: AppId) -> "FakeOffice":
        """Return the tokens of one app."""
        return self.apps.setdefault(app, FakeOffice(self.clock, self.shift))

    def now(self) -> float:
        return self.clock.now() + self.shift

    def active(self) -> list[str]:
        return [name for name, (_, end) in self.tokens.items() if end > self.now()]

    def mint(self, secret: Secret, name: str, expires: float) -> MintedToken:
        if self.trouble:
            raise self.trouble.pop(0)
        if secret.reveal() not in self.secrets:
            raise MintRefused("POST mint: 403", status=403, words="Forbidden")
        if len(self.active()) >= MOST_ACTIVE:
            raise TokenLimitReached("POST mint: 409")
        assert name not in self.active()
        text = f"Bearer token-{next(self._numbers)}"
        self.tokens[name] = text, expires
        self.minted.append((name, expires - self.now()))
        self.most = max(self.most, len([each for each in self.active() if each.startswith("gupshupctl-")]))
        if self.lost:
            raise self.lost.pop(0)
        return MintedToken(Secret(text), expires)

    def revoke(self, token: Secret, name: str) -> bool:
        assert self.accepts(token)
        if self.deaf:
            return False
        self.tokens.pop(name, None)
        return True

    def accepts(self, token: Secret) -> bool:
        return any(
            text == token.reveal() and name in self.active() for name, (text, _) in self.tokens.items()
        )


@dataclass
class OldLogin:
    """The login of old. It tells *owner*, or raises *error*."""

    clock: FakeClock
    owner: str = "1368"
    error: ControllerError | None = None
    logins: int = 0
    app_routes: KnownInProcess = field(default_factory=KnownInProcess)
    facts: AccountFacts = field(default_factory=AccountFacts)

    async def fetch(self, refused: Secret | None = None) -> IssuedToken:
        del refused
        self.logins += 1
        if self.error is not None:
            raise self.error
        return IssuedToken(Secret("partner token"), self.clock.now() + 79_200, self.owner)

    def accepted(self, token: Secret) -> None:
        pass

    async def close(self) -> None:
        pass

    async def ask_account(self) -> None:
        """Nothing to ask: each fetch is a login."""

    async def app_token(
        self, app: AppId, universal: IssuedToken, refused: Secret | None = None
    ) -> IssuedToken:
        del universal, refused
        raise Rejected(f"app {app}: none is given out", status=403, words="none is given out")


@dataclass
class Effects:
    """The effects of one process, in their order. It dies before or after the effect that is named."""

    kill: tuple[int, str] | None = None
    seen: int = 0

    async def __call__(self, effect: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401  (any effect)
        number, self.seen = self.seen, self.seen + 1
        if self.kill == (number, "before"):
            raise KilledError
        result = await effect()
        if self.kill == (number, "after"):
            raise KilledError
        return result


@dataclass
class OfficeOf:
    """The office as one process sees it: it learns Gupshup's clock by an answer."""

    there: FakeOffice
    effects: Effects
    ahead: float | None = None

    async def compare_clocks(self) -> float:
        self.ahead = self.there.shift
        return self.ahead

    async def mint(
        self, partner: str, credentials: tuple[Secret, Secret], *, name: str, expires: float
    ) -> MintedToken:
        assert partner == "1368"

        async def effect() -> MintedToken:
            if not 60 <= expires - self.there.now() <= 60 * 86_400:
                self.ahead = self.there.shift
                raise MintRefused("POST mint: 400", status=400, words="Please review")
            return self.there.mint(credentials[1], name, expires)

        minted: MintedToken = await self.effects(effect)
        return minted

    async def active(self, partner: str, token: Secret) -> tuple[ActiveToken, ...]:
        assert partner == "1368"
        if token.reveal() != "partner token":
            raise Denied("GET tokens: 401")
        return tuple(ActiveToken(name) for name in self.there.active())

    async def revoke(self, partner: str, token: Secret, name: str) -> bool:
        assert partner == "1368"

        async def effect() -> bool:
            return self.there.revoke(token, name)

        return bool(await self.effects(effect))

    async def mint_for_app(self, app: AppId, token: Secret, *, name: str, expires: float) -> MintedToken:
        assert self.there.accepts(token)
        return replace(self.there.of_app(app).mint(SECRET, name, expires), id=f"id of {name}")

    async def active_of_app(self, app: AppId, token: Secret) -> tuple[ActiveToken, ...]:
        assert self.there.accepts(token)
        return tuple(ActiveToken(name, f"id of {name}") for name in self.there.of_app(app).active())

    async def revoke_of_app(self, app: AppId, token: Secret, id_: str) -> bool:
        assert self.there.accepts(token)
        self.there.of_app(app).tokens.pop(id_.removeprefix("id of "), None)
        return True


class TableOf:
    """The table of tokens, each of whose writes is an effect."""

    def __init__(self, store: SqlStore, effects: Effects) -> None:
        self._store = store
        self._effects = effects
        self.read = store.tokens.read

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def write(*arguments: object) -> Any:  # noqa: ANN401  (any method)
            return await self._effects(lambda: getattr(self._store.tokens, name)(*arguments))

        return write


class StoreOf:
    """A store as one process sees it."""

    def __init__(self, store: SqlStore, effects: Effects) -> None:
        self.id, self.calls, self.accounts = store.id, store.calls, store.accounts
        self.seal, self.unseal = store.seal, store.unseal
        self.tokens = TableOf(store, effects)


@dataclass
class Desk:
    """All that processes of one partner share: Gupshup, a store and a clock."""

    store: SqlStore
    clock: FakeClock
    office: FakeOffice = field(init=False)
    login: OldLogin = field(init=False)
    context: TokenContext = field(init=False)
    warnings: list[str] = field(default_factory=list)
    secret: Secret = SECRET

    def __post_init__(self) -> None:
        self.office, self.login = FakeOffice(self.clock), OldLogin(self.clock)
        numbers = count()
        self.context = TokenContext(
            login=LOGIN,
            auth=AuthMode.AUTO,
            who=Keeper.LASTING,
            declared="1368",
            credentials=lambda: (Secret("it@example.com"), self.secret),
            clock=self.clock,
            suffix=lambda: f"{next(numbers):02}",
            warn=self.warnings.append,
        )

    def set(self, **changes: Any) -> Self:  # noqa: ANN401  (fields of the context)
        self.context = replace(self.context, **changes)
        return self

    def process(self, kill: tuple[int, str] | None = None) -> PartnerTokens:
        """Return the source of tokens of a new process."""
        effects = Effects(kill)
        store = StoreOf(self.store, effects)
        office, kept, context = OfficeOf(self.office, effects), cast("TokenStore", store), self.context
        return PartnerTokens(
            self.login,
            Mints(office, kept, context),
            context,
            StoredAppRoutes(store.calls, context),
            AppMints(office, kept, context),
        )


def busy() -> Busy:
    return Busy("POST mint: 429", 0.0)


def unclear() -> Unclear:
    return Unclear("POST mint: no answer")
