"""Universal App Tokens: minted for an app where Gupshup gives out no app token, and kept as the partner's is.

At most three of an app may be active, and each ends within a day. So a kept one is left to end by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from controller.core.credentials import Keeper, app_life, due, half_life, named_by, token_name
from controller.edges.gupshup import IssuedToken, MintedToken
from controller.errors import Busy, MintRefused, Rejected, TokenLimitReached, Unclear
from controller.loop.tokens.context import Office, TokenContext, TokenStore
from controller.model.account import OwnToken, TokenState
from controller.model.manifest import AppId
from controller.model.secret import Secret

_LOST = 60.0


@dataclass(slots=True)
class AppMints:
    """The tokens of apps that one store keeps."""

    office: Office
    store: TokenStore
    context: TokenContext
    _for_now: list[tuple[AppId, Secret, str]] = field(default_factory=list)

    async def fetch(self, app: AppId, universal: IssuedToken, refused: Secret | None = None) -> IssuedToken:
        """Return a token of *app* other than *refused*, kept or minted with *universal*.

        Raises Busy, Limited or Rejected.
        """
        login = f"{self.context.login} app {app}"
        kept = self._usable(await self.store.tokens.read(login), login)
        if kept is not None and kept.token != refused:
            return kept
        ahead = await self.office.compare_clocks()
        now, name = self.context.clock.now() + ahead, token_name(self.store.id, self.context.suffix())
        minted = await self._minted(app, universal.token, name, now + app_life(self.context.who))
        sealed = self.store.seal(minted.token, self.context.credentials()[1], login)
        own = OwnToken(name, TokenState.KEPT, universal.owner, now, minted.expires, ahead, sealed)
        if self.context.who is Keeper.PASSING:
            self._for_now.append((app, universal.token, minted.id))
        else:
            await self.store.tokens.keep(login, own)
        return self._issued(own, minted.token)

    async def close(self) -> None:
        """Revoke what was minted for this session only. An hour ends what cannot be revoked."""
        while self._for_now:
            app, token, id_ = self._for_now.pop()
            if id_:
                await self.office.revoke_of_app(app, token, id_)

    def _usable(self, rows: Sequence[OwnToken], login: str) -> IssuedToken | None:
        for row in rows:
            now = self.context.clock.now() + (row.ahead if self.office.ahead is None else self.office.ahead)
            if row.state is TokenState.KEPT and not due(row, now):
                text = self.store.unseal(row.sealed, self.context.credentials()[1], login)
                return None if text is None else self._issued(row, text)
        return None

    async def _minted(self, app: AppId, token: Secret, name: str, expires: float) -> MintedToken:
        """Mint. If three are active, those of this store give way first: their texts were lost."""
        try:
            try:
                return await self.office.mint_for_app(app, token, name=name, expires=expires)
            except TokenLimitReached:
                await self._give_way(app, token)
                return await self.office.mint_for_app(app, token, name=name, expires=expires)
        except (MintRefused, TokenLimitReached) as refused:
            words = getattr(refused, "words", str(refused))
            raise Rejected(str(refused), status=getattr(refused, "status", 409), words=words) from refused
        except Unclear as error:
            raise Busy(str(error), self.context.clock.now() + _LOST) from error

    async def _give_way(self, app: AppId, token: Secret) -> None:
        for each in await self.office.active_of_app(app, token):
            if each.id and named_by(each.name, self.store.id):
                await self.office.revoke_of_app(app, token, each.id)

    def _issued(self, own: OwnToken, text: Secret) -> IssuedToken:
        ahead = own.ahead if self.office.ahead is None else self.office.ahead
        return IssuedToken(text, half_life(own) - ahead, own.partner)
