"""What the tokens of one partner depend on, and the ports of Gupshup's office and of the store."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from controller.core.credentials import Keeper
from controller.edges.gupshup import MintedToken
from controller.model.account import ActiveToken, OwnToken
from controller.model.clock import Clock
from controller.model.manifest import AppId, AuthMode
from controller.model.secret import Secret


class Office(Protocol):
    """Gupshup's office of Universal Tokens (`edges.gupshup.TokenOffice`), as used here."""

    @property
    def ahead(self) -> float | None: ...
    async def compare_clocks(self) -> float: ...
    async def mint(
        self, partner: str, credentials: tuple[Secret, Secret], *, name: str, expires: float
    ) -> MintedToken: ...
    async def active(self, partner: str, token: Secret) -> tuple[ActiveToken, ...]: ...
    async def revoke(self, partner: str, token: Secret, name: str) -> bool: ...
    async def mint_for_app(self, app: AppId, token: Secret, *, name: str, expires: float) -> MintedToken: ...
    async def active_of_app(self, app: AppId, token: Secret) -> tuple[ActiveToken, ...]: ...
    async def revoke_of_app(self, app: AppId, token: Secret, id_: str) -> bool: ...


class OwnTokens(Protocol):
    """The table of our tokens (`edges.store.tables.universal_tokens`), as used here."""

    async def read(self, login: str) -> tuple[OwnToken, ...]: ...
    async def begin(self, login: str, choose: Callable[[Sequence[OwnToken]], OwnToken | None]) -> None: ...
    async def keep(self, login: str, token: OwnToken) -> None: ...
    async def lose(self, login: str, name: str) -> None: ...
    async def forget(self, login: str, names: Sequence[str]) -> None: ...


class Traits(Protocol):
    async def trait(self, upstream: str, name: str) -> str | None: ...
    async def set_trait(self, upstream: str, name: str, value: str) -> None: ...


class PartnerIds(Protocol):
    async def partner_id(self, login: str) -> str: ...


class TokenStore(Protocol):
    """The store, as far as tokens need it."""

    @property
    def id(self) -> str: ...
    @property
    def tokens(self) -> OwnTokens: ...
    @property
    def calls(self) -> Traits: ...
    @property
    def accounts(self) -> PartnerIds: ...
    def seal(self, text: Secret, secret: Secret, context: str) -> str: ...
    def unseal(self, sealed: str, secret: Secret, context: str) -> Secret | None: ...


@dataclass(frozen=True, slots=True)
class TokenContext:
    """What the tokens of one partner depend on. *login* names the way to sign in, as the rate limiter does.

    *declared* is the declared partner id, "" if none is. *credentials* reads e-mail address and client secret
    anew. *suffix* returns letters and digits that were never used. *warn* is given each new warning once.
    """

    login: str
    auth: AuthMode
    who: Keeper
    declared: str
    credentials: Callable[[], tuple[Secret, Secret]]
    clock: Clock
    suffix: Callable[[], str]
    warn: Callable[[str], None]
