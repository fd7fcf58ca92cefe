"""A signed-in session: each call has the right token, a read is sent at most twice, a write once.

A read on a route of apps may go a third time: first with a Universal Token, then with an app's own token.
"""

from dataclasses import dataclass

from controller.edges.gupshup.auth.app_tokens import AppTokens
from controller.edges.gupshup.auth.tokens import IssuedToken, TokenCache
from controller.edges.gupshup.body import Json
from controller.edges.gupshup.ports import TokenSource
from controller.edges.gupshup.replies import BadToken, Classified, Forbidden, Ok, as_error, classify
from controller.edges.gupshup.routes import LINK, Auth, Call, app_id
from controller.edges.gupshup.transport import Reply, ReplyLost, Transport
from controller.errors import Busy, Rejected, Unclear
from controller.model.account import AccountFacts
from controller.model.clock import Clock
from controller.model.manifest import AppId
from controller.model.secret import Secret


@dataclass(frozen=True, slots=True)
class _Signed:
    """The token that a call goes with, and the cache that it came from."""

    cache: TokenCache
    issued: IssuedToken

    @property
    def token(self) -> Secret:
        return self.issued.token


class Session:
    """Joins the transport and the tokens. An app's token is only used under that app's path."""

    def __init__(self, transport: Transport, source: TokenSource, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self._source = source
        self._partner = TokenCache(source.fetch, clock, source.accepted)
        self._apps: dict[AppId, TokenCache] = {}
        self._app_tokens = AppTokens(self.read, self._partner.get, source, clock)
        self._app_routes = source.app_routes
        self._refused: dict[tuple[AppId, str], Secret] = {}

    def now(self) -> float:
        """Return epoch seconds."""
        return self._clock.now()

    async def ask_account(self) -> None:
        """Let a login tell of the account again, if there is one."""
        await self._source.ask_account()

    @property
    def account_facts(self) -> AccountFacts:
        """What the last sign-in told of the account."""
        return self._source.facts

    async def owner(self) -> str:
        """Return the id of the partner that is signed in, "" if neither the answer nor the token has it."""
        return (await self._partner.get()).owner

    async def read(self, call: Call) -> Json:
        """Return the body of a good answer. Raises Busy, Limited, Denied or Rejected."""
        try:
            classified = await self._read(call)
        except ReplyLost as lost:
            raise Busy(f"{lost}; it is read again later") from None
        if isinstance(classified, Ok):
            return classified.body
        raise as_error(call, classified)

    async def _read(self, call: Call) -> Classified:
        signed = await self._signed(call)
        classified = await self._ask(call, signed)
        if _is_universal(call, signed) and isinstance(classified, BadToken | Forbidden):
            return await self._with_the_apps_own(call, signed, classified)
        if not isinstance(classified, BadToken) or await signed.cache.renew(signed.token) is None:
            return classified
        return await self._ask(call, _Signed(signed.cache, await signed.cache.get()))

    async def write(self, call: Call) -> Classified:
        """Send a write once. A refused token is dropped, for the next call. Raises Busy, Denied, Unclear."""
        signed = await self._signed(call)
        try:
            classified = await self._ask(call, signed)
        except ReplyLost as lost:
            raise Unclear(f"{lost}; it may have happened, and the next read will show it") from None
        if _is_universal(call, signed) and isinstance(classified, BadToken | Forbidden):
            self._refused[app_id(call.app), call.route.method] = signed.token
            return BadToken(classified.status, classified.words)
        if isinstance(classified, BadToken) or (isinstance(classified, Forbidden) and call.route is LINK):
            signed.cache.refused(signed.token)
        return classified

    async def _signed(self, call: Call) -> _Signed:
        issued = await self._partner.get()
        if call.route.auth is Auth.PARTNER or (issued.universal and not await self._wants_own(call, issued)):
            return _Signed(self._partner, issued)
        try:
            return await self._own(app_id(call.app))
        except Rejected:
            if not issued.universal:
                raise
            return _Signed(self._partner, issued)  # app tokens may be gone, and this one may do by now

    async def _wants_own(self, call: Call, issued: IssuedToken) -> bool:
        """Return whether *call* goes with the app's own token: Gupshup refused the Universal Token for it."""
        if self._refused.get((app_id(call.app), call.route.method)) == issued.token:
            return True
        return call.route.method in await self._app_routes.refused()

    async def _own(self, app: AppId) -> _Signed:
        if app not in self._apps:
            self._apps[app] = TokenCache(lambda refused: self._app_tokens.fetch(app, refused), self._clock)
        cache = self._apps[app]
        return _Signed(cache, await cache.get())

    async def _with_the_apps_own(self, call: Call, signed: _Signed, refusal: Classified) -> Classified:
        """Read again with the app's own token. If that is accepted, remember that such routes want it.

        If no such token is given out, the *refusal* stands. If the Universal Token itself was bad, a new one
        has been minted by then, and serves.
        """
        app = app_id(call.app)
        try:
            own = await self._own(app)
        except Rejected:
            return refusal
        if (await self._partner.get()).token != signed.token:
            return await self._ask(call, _Signed(self._partner, await self._partner.get()))
        classified = await self._ask(call, own)
        if isinstance(classified, Ok):
            await self._app_routes.refuse(call.route.method)
        elif isinstance(classified, BadToken):
            own.cache.refused(own.token)
        return classified

    async def _ask(self, call: Call, signed: _Signed) -> Classified:
        classified = classify(call.route, await self._sent(call, signed.token))
        if isinstance(classified, Ok):
            signed.cache.accepted(signed.token)
            await self._note_accepted(call)
        return classified

    async def _note_accepted(self, call: Call) -> None:
        """Remember a write that an app's own token could do, and the Universal Token could not."""
        refused = None if call.app is None else self._refused.pop((call.app, call.route.method), None)
        if refused is not None and refused == (await self._partner.get()).token:
            await self._app_routes.refuse(call.route.method)

    async def _sent(self, call: Call, token: Secret) -> Reply:
        """Send. A read goes out once more, over a new connection, if the used one died under it."""
        try:
            return await self._transport.send(call, token)
        except ReplyLost as lost:
            if call.route.method != "GET" or not lost.worn:
                raise
        return await self._transport.send(call, token, anew=True)


def _is_universal(call: Call, signed: _Signed) -> bool:
    return call.route.auth is Auth.APP and signed.issued.universal
