"""Mints of Universal Tokens: the kept one is read, another one is minted and kept, spent ones are revoked.

A process may be killed at any line. A name is in the store before its mint, so its token can be revoked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import assert_never

from controller.core.credentials import (
    HOUR,
    Keeper,
    Mint,
    MintStep,
    WaitToMint,
    due,
    half_life,
    next_mint,
    token_name,
)
from controller.edges.gupshup import IssuedToken
from controller.errors import Busy, ControllerError, MintRefused, Unclear
from controller.loop.tokens.context import Office, TokenContext, TokenStore
from controller.model.account import CredentialEnd, CredentialKind, OwnToken, TokenState
from controller.model.manifest import AuthMode
from controller.model.secret import Secret

_ASK_AGAIN = 1.0
_MARGIN = 60.0
_CLOCK = "clock ahead"


@dataclass(frozen=True, slots=True)
class Usable:
    """A kept token that can be read and has not ended. *due*: half of its life is over."""

    own: OwnToken
    issued: IssuedToken
    due: bool


@dataclass(slots=True)
class Mints:
    """The Universal Tokens of one store for one way to sign in. *ends* holds the end of the one in use."""

    office: Office
    store: TokenStore
    context: TokenContext
    ends: tuple[CredentialEnd, ...] = ()
    _remembered: float | None = None
    _dead: str = ""
    _for_now: dict[str, tuple[str, Secret]] = field(default_factory=dict)

    async def read(self) -> tuple[OwnToken, ...]:
        return await self.store.tokens.read(self.context.login)

    def usable(self, rows: Sequence[OwnToken], refused: Secret | None = None) -> Usable | None:
        """Return the kept token. None if there is none, or it has ended, is *refused* or cannot be read.

        A refused one is dead: it counts no more among those that may be active.
        """
        for row in rows:
            ours = self.context.declared in {"", row.partner}
            if row.state is TokenState.KEPT and ours and self._now(row) < row.expires - _MARGIN:
                text = self.store.unseal(row.sealed, self.context.credentials()[1], self.context.login)
                if text is not None and text == refused:
                    self._dead = row.name
                if text is None or text == refused:
                    return None
                return Usable(row, self._issued(row, text), due(row, self._now(row)))
        return None

    async def renewed(
        self, partner: str, rows: Sequence[OwnToken], kept: Usable | None = None
    ) -> IssuedToken:
        """Return a new token, or the one that another process has kept since *rows* were read.

        Raises Busy, Limited, MintRefused and TokenLimitReached.
        """
        if self.context.who is Keeper.PASSING:
            return await self.for_now(partner)
        await self._compare_clocks()
        seen = [row.name for row in rows if row.state is TokenState.KEPT]
        name, steps = token_name(self.store.id, self.context.suffix()), list[MintStep]()

        def begin(present: Sequence[OwnToken]) -> OwnToken | None:
            if any(row.state is TokenState.KEPT and row.name not in seen for row in present):
                return None
            now = self._now()
            alive = [row for row in present if row.name != self._dead]
            steps.append(next_mint(alive, now, self.context.who, usable=kept.own.name if kept else ""))
            return _begun(name, partner, now, steps[0])

        await self.store.tokens.begin(self.context.login, begin)
        match steps:
            case [Mint() as step]:
                return await self._mint_and_keep(partner, name, step, kept)
            case [WaitToMint() as wait]:
                return await self._after(wait, partner, rows, kept)
            case _:
                return await self._kept_by_another(partner)

    async def for_now(self, partner: str) -> IssuedToken:
        """Mint for an hour, for this session only. Raises as `renewed`."""
        await self._compare_clocks()
        name, expires = token_name(self.store.id, self.context.suffix()), self._now() + HOUR
        try:
            minted = await self.office.mint(partner, self.context.credentials(), name=name, expires=expires)
        except Unclear as error:
            raise Busy(str(error), self.context.clock.now() + _MARGIN) from error
        await self._give_back()
        self._for_now[name] = partner, minted.token
        return IssuedToken(minted.token, self.context.clock.now() + HOUR / 2, partner, universal=True)

    async def _compare_clocks(self) -> None:
        """Know Gupshup's time before its first answer: as an earlier process saw it, or by an answer."""
        if self.office.ahead is None and self._remembered is None:
            told = await self.store.calls.trait(self.context.login, _CLOCK)
            if told is None:
                await self.office.compare_clocks()
            else:
                self._remembered = float(told)

    def _was_mistaken(self) -> bool:
        """Return whether the remembered difference of the clocks is not so any more; forget it then."""
        before, self._remembered = self._remembered, None
        return before is not None and abs((self.office.ahead or 0.0) - before) > _MARGIN

    async def _remember_clock(self) -> None:
        ahead = self.office.ahead
        told = None if ahead is None else await self.store.calls.trait(self.context.login, _CLOCK)
        if ahead is not None and (told is None or abs(float(told) - ahead) > _MARGIN / 2):
            await self.store.calls.set_trait(self.context.login, _CLOCK, repr(ahead))

    async def close(self) -> None:
        """Revoke what was minted for this session only, and remember Gupshup's clock.

        An hour ends what cannot be revoked.
        """
        await self._remember_clock()
        await self._give_back()

    async def _give_back(self) -> None:
        for name, (partner, token) in list(self._for_now.items()):
            await self.office.revoke(partner, token, name)
            del self._for_now[name]

    async def _after(
        self, wait: WaitToMint, partner: str, rows: Sequence[OwnToken], kept: Usable | None
    ) -> IssuedToken:
        """Wait for the mint of another process, unless another token may serve. Raises Busy."""
        clock, serves = self.context.clock, kept is not None or self.context.auth is AuthMode.AUTO
        if serves or wait.seconds > _MARGIN:
            raise Busy(f"no Universal Token is minted now: {wait.why}", clock.now() + wait.seconds)
        await clock.sleep(min(_ASK_AGAIN, wait.seconds))
        return await self.renewed(partner, rows)

    async def _kept_by_another(self, partner: str) -> IssuedToken:
        rows = await self.read()
        usable = self.usable(rows)
        return usable.issued if usable else await self.renewed(partner, rows)

    async def _mint_and_keep(self, partner: str, name: str, step: Mint, kept: Usable | None) -> IssuedToken:
        tokens, login, credentials = self.store.tokens, self.context.login, self.context.credentials()
        try:
            if kept is not None:
                await self._revoke_first(partner, kept.issued.token, step.first)
            expires = self._now() + step.life
            minted = await self.office.mint(partner, credentials, name=name, expires=expires)
        except Unclear as error:
            await tokens.lose(login, name)
            raise Busy(str(error), self.context.clock.now() + _MARGIN) from error
        except ControllerError as error:
            await tokens.forget(login, [name])
            if isinstance(error, MintRefused) and self._was_mistaken():
                return await self.renewed(partner, await self.read(), kept)
            raise
        sealed = self.store.seal(minted.token, credentials[1], login)
        ahead = self.office.ahead or 0.0
        own = OwnToken(name, TokenState.KEPT, partner, self._now(), minted.expires, ahead, sealed)
        await tokens.keep(login, own)
        await self._revoke_spent(partner, minted.token)
        return self._issued(own, minted.token)

    async def _revoke_first(self, partner: str, token: Secret, names: Sequence[str]) -> None:
        """Revoke tokens of ours before another is minted. Raises Busy if one of them may still be active."""
        for name in names:
            if not await self.office.revoke(partner, token, name):
                raise Busy(f"{name} could not be revoked, and no third Universal Token is minted beside it")
            await self.store.tokens.forget(self.context.login, [name])

    async def _revoke_spent(self, partner: str, token: Secret) -> None:
        spent = [row.name for row in await self.read() if row.state is TokenState.SPENT]
        gone = [name for name in spent if await self.office.revoke(partner, token, name)]
        await self.store.tokens.forget(self.context.login, gone)

    def _issued(self, own: OwnToken, text: Secret) -> IssuedToken:
        now, ours = self._now(own), self.context.clock.now()
        self.ends = (CredentialEnd(CredentialKind.UNIVERSAL_TOKEN, ours + own.expires - now, renewed=True),)
        left = half_life(own) - now
        return IssuedToken(text, ours + left, own.partner, universal=True)

    def _now(self, own: OwnToken | None = None) -> float:
        """Return Gupshup's time; before its first answer as it was at the mint of *own*, or later."""
        seen = (self.office.ahead, None if own is None else own.ahead, self._remembered, 0.0)
        return self.context.clock.now() + next(each for each in seen if each is not None)


def _begun(name: str, partner: str, now: float, step: MintStep) -> OwnToken | None:
    match step:
        case Mint(life):
            return OwnToken(name, TokenState.MINTING, partner, now, now + life)
        case WaitToMint():
            return None
        case _:
            assert_never(step)
