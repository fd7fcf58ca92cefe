"""The source of a partner's token: the kept Universal Token, a new one, or the partner token of old."""

from contextlib import suppress
from dataclasses import dataclass, field, replace

from controller.core.credentials import DAY, HOUR, limit_reached, signs_in_first
from controller.edges.gupshup import IssuedToken, TokenSource
from controller.errors import (
    AccountError,
    Busy,
    ControllerError,
    Denied,
    MintRefused,
    TokenLimitReached,
)
from controller.loop.tokens.app_mints import AppMints
from controller.loop.tokens.app_routes import StoredAppRoutes
from controller.loop.tokens.context import TokenContext
from controller.loop.tokens.mints import Mints
from controller.model.account import REMEDIES, AccountFacts, Obstacle
from controller.model.manifest import AppId, AuthMode
from controller.model.secret import Secret

RETRY = 600.0
"""Seconds until a renewal that failed is tried again: half of the token's life is left for that."""

_UNAUTHORIZED = 401
_RESTS = "mint refused"
_UNTIL = "the partner token of old is used as long as Gupshup accepts it: app tokens end on 1 April 2027"
_DECLARE = (
    "declare spec.partnerId or GUPSHUP_PARTNER_ID, so that a Universal Token can be minted without a login"
)
_NOT_ENABLED = f"{Obstacle.MINTING_NOT_ENABLED}: {REMEDIES[Obstacle.MINTING_NOT_ENABLED]}"


@dataclass(slots=True)
class PartnerTokens:
    """The source of one partner's token, for one session. *sign_in* is the login of old."""

    sign_in: TokenSource
    mints: Mints
    context: TokenContext
    app_routes: StoredAppRoutes
    app_mints: AppMints
    _may_mint: bool | None = None
    _warned: set[str] = field(default_factory=set)

    @property
    def facts(self) -> AccountFacts:
        """Return what the last login told, whether a mint was refused, and the end of the token in use."""
        told, may_mint = self.sign_in.facts, True if self.mints.ends else self._may_mint
        at = told.at if told.at or may_mint is None else self.context.clock.now()
        return replace(told, may_mint=may_mint, at=at, ends=(*told.ends, *self.mints.ends))

    async def fetch(self, refused: Secret | None = None) -> IssuedToken:
        """Return a token, another one than *refused*. Raises Busy, Limited or Denied."""
        if self.context.auth is AuthMode.LEGACY:
            return await self.sign_in.fetch(refused)
        if signs_in_first(self.context.auth, self.context.who):
            return await self._partner_token_first(refused)
        return await self._universal_first(refused)

    async def ask_account(self) -> None:
        """Renew what logins tell, if the login of old still works."""
        with suppress(Busy, Denied):
            await self.sign_in.fetch()

    async def app_token(
        self, app: AppId, universal: IssuedToken, refused: Secret | None = None
    ) -> IssuedToken:
        """Return a Universal App Token other than *refused*. Raises Busy, Limited or Rejected."""
        return await self.app_mints.fetch(app, universal, refused)

    def accepted(self, token: Secret) -> None:
        """Nothing depends on it: a token of ours has one form."""

    async def close(self) -> None:
        await self.app_mints.close()
        await self.mints.close()

    async def _partner_token_first(self, refused: Secret | None) -> IssuedToken:
        kept = self.mints.usable(await self.mints.read(), refused)
        if kept is not None:  # of a store that can be read, and not be written
            return self._until(kept.issued, RETRY)
        try:
            return await self.sign_in.fetch(refused)
        except AccountError:
            raise
        except Denied as denied:
            partner = await self._partner_id()
            if not partner:
                raise Denied(f"{denied}; {_DECLARE}") from None
            try:
                return await self.mints.for_now(partner)
            except Denied as refusal:
                raise Denied(f"{denied}; {await self._explained(refusal, partner)}") from None

    async def _universal_first(self, refused: Secret | None) -> IssuedToken:
        rows = await self.mints.read()
        kept = self.mints.usable(rows, refused)
        if kept is not None and not kept.due:
            return kept.issued
        partner, trouble = await self._partner_id(next((row.partner for row in rows), "")), None
        if partner and not await self._rests():
            try:
                return await self.mints.renewed(partner, rows, kept)
            except (Busy, MintRefused, TokenLimitReached) as error:
                trouble = error
        if kept is not None:
            self._warn(f"the Universal Token is not renewed yet: {trouble}")
            return self._until(kept.issued, RETRY)
        if self.context.auth is AuthMode.UNIVERSAL:
            return await self._learnt_and_minted(partner, trouble)
        return await self._partner_token(partner, trouble)

    async def _learnt_and_minted(self, partner: str, trouble: Busy | Denied | None) -> IssuedToken:
        """Mint once a login has told the partner's id. Raises the *trouble* of a mint that was tried."""
        if trouble is not None:
            raise await self._final(trouble, partner)
        try:
            token = await self.sign_in.fetch()
        except AccountError:
            raise
        except Denied as denied:
            raise Denied(f"{denied}; {_DECLARE}") from None
        if not token.owner:
            raise Denied(f"the login tells no partner id; {_DECLARE}")
        try:
            return await self.mints.renewed(token.owner, await self.mints.read())
        except (Busy, MintRefused, TokenLimitReached) as error:
            raise await self._final(error, token.owner) from None

    async def _partner_token(self, partner: str, trouble: Busy | Denied | None) -> IssuedToken:
        """Return the partner token of old, or a Universal Token if only the partner's id was missing."""
        try:
            token = await self.sign_in.fetch()
        except AccountError:
            raise
        except (Busy, Denied) as denied:
            return await self._minted_after_all(denied, partner, trouble)
        if token.owner and not partner and not await self._rests():
            try:
                return await self.mints.renewed(token.owner, await self.mints.read())
            except (Busy, MintRefused, TokenLimitReached) as error:
                trouble = error
        right = token.owner in {"", partner or token.owner}  # else a wrong id was declared
        if trouble is not None and right:
            await self._note_trouble(trouble, partner or token.owner, token.token)
        return self._until(token, HOUR)

    async def _minted_after_all(
        self, denied: Busy | Denied, partner: str, trouble: Busy | Denied | None
    ) -> IssuedToken:
        """Mint if that was only put off: without a partner token nothing else helps. Raises both errors."""
        if trouble is None and partner and isinstance(denied, Denied):
            try:
                return await self.mints.renewed(partner, await self.mints.read())
            except (Busy, MintRefused, TokenLimitReached) as error:
                trouble = error
        raise await self._neither(denied, partner, trouble) from None

    async def _neither(
        self, denied: Busy | Denied, partner: str, trouble: Busy | Denied | None
    ) -> Busy | Denied:
        """Return the error if neither a partner token nor a Universal Token can be had now."""
        if trouble is None:
            unknown = not partner and isinstance(denied, Denied)
            return Denied(f"{denied}; {_DECLARE}") if unknown else denied
        busy = [error for error in (trouble, denied) if isinstance(error, Busy)]
        if busy:
            return Busy(f"{denied}; {trouble}", busy[0].until)
        return Denied(f"{denied}; {await self._explained(trouble, partner)}")

    async def _final(self, trouble: Busy | Denied, partner: str) -> Busy | Denied:
        if isinstance(trouble, Busy):
            return trouble
        return Denied(await self._explained(trouble, partner))

    async def _note_trouble(self, trouble: Busy | Denied, partner: str, token: Secret) -> None:
        """Warn that the partner token serves, and remember a refusal: the next mint is tried later."""
        if not isinstance(trouble, Busy):
            self._may_mint = False if _not_enabled(trouble) else None
            rest = HOUR if isinstance(trouble, TokenLimitReached) else DAY
            until = str(self.context.clock.now() + rest)
            await self.mints.store.calls.set_trait(self.context.login, _RESTS, until)
        if isinstance(trouble, MintRefused):  # what to do is told with the facts of the account
            self._warn(f"no Universal Token was minted: {trouble}")
        else:
            self._warn(f"{await self._explained(trouble, partner, token)}; {_UNTIL}")

    async def _rests(self) -> bool:
        """Return whether a mint was refused lately, and the partner token is to serve meanwhile."""
        if self.context.auth is not AuthMode.AUTO:
            return False
        until = await self.mints.store.calls.trait(self.context.login, _RESTS)
        return 0.0 < float(until or 0.0) - self.context.clock.now() <= DAY

    async def _explained(self, trouble: ControllerError, partner: str, token: Secret | None = None) -> str:
        """Return *trouble* for people, with what to do. *token* may show which tokens are active."""
        match trouble:
            case TokenLimitReached():
                return limit_reached(await self._active(partner, token))
            case MintRefused() if _not_enabled(trouble):
                return f"{_NOT_ENABLED}; or {partner} is not this account's partnerId ({trouble})"
            case MintRefused():
                return f"{trouble}; check the e-mail address, the client secret and the partnerId {partner}"
            case _:
                return str(trouble)

    async def _active(self, partner: str, token: Secret | None) -> tuple[str, ...]:
        """Return the names of the active tokens, none if Gupshup does not show them to us."""
        try:
            token = token or (await self.sign_in.fetch()).token
            return tuple(each.name for each in await self.mints.office.active(partner, token))
        except ControllerError:
            return ()

    async def _partner_id(self, told: str = "") -> str:
        """Return the partner's id, declared or as Gupshup told it before; "" if it is not known."""
        return self.context.declared or told or await self.mints.store.accounts.partner_id(self.context.login)

    def _until(self, token: IssuedToken, seconds: float) -> IssuedToken:
        """Return *token*, to be fetched again after so many *seconds*."""
        return replace(token, until=self.context.clock.now() + seconds)

    def _warn(self, message: str) -> None:
        if message not in self._warned:
            self._warned.add(message)
            self.context.warn(message)


def _not_enabled(trouble: ControllerError) -> bool:
    """Return whether a mint was refused to the account, and not to its credentials."""
    return isinstance(trouble, MintRefused) and trouble.status != _UNAUTHORIZED
