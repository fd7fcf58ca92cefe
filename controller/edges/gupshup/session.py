"""A signed-in session: each call has the right token, a read is sent at most twice, a write once."""

from controller.edges.gupshup.body import Json, Malformed, Object, as_object
from controller.edges.gupshup.replies import BadToken, Classified, Forbidden, Ok, as_error, classify
from controller.edges.gupshup.routes import APP_TOKEN, LINK, Auth, Call, app_id
from controller.edges.gupshup.shapes import moment
from controller.edges.gupshup.signin import SignIn
from controller.edges.gupshup.tokens import IssuedToken, TokenCache
from controller.edges.gupshup.transport import Reply, ReplyLost, Transport
from controller.errors import Busy, Unclear
from controller.model.account import AccountFacts
from controller.model.clock import Clock
from controller.model.manifest import AppId
from controller.model.secret import Secret

_MARGIN = 60.0
_FOREVER = 3650 * 86_400.0


class Session:
    """Joins the transport and the tokens. An app's token is only used under that app's path."""

    def __init__(self, transport: Transport, sign_in: SignIn, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self._sign_in = sign_in
        self._partner = TokenCache(sign_in.fetch, clock)
        self._apps: dict[AppId, TokenCache] = {}

    def now(self) -> float:
        """Return epoch seconds."""
        return self._clock.now()

    @property
    def account_facts(self) -> AccountFacts:
        """What the last sign-in told of the account."""
        return self._sign_in.facts

    async def owner(self) -> str:
        """Return the id of the partner that is signed in, "" if neither the answer nor the token has it."""
        return (await self._partner.get()).owner

    async def read(self, call: Call) -> Json:
        """Return the body of a good answer. Raises Busy, Limited, Denied or Rejected."""
        cache = self._cache(call)
        token = (await cache.get()).token
        try:
            classified = await self._ask(call, cache, token)
            if isinstance(classified, BadToken) and (issued := await cache.renew(token)) is not None:
                classified = await self._ask(call, cache, issued)
        except ReplyLost as lost:
            raise Busy(f"{lost}; it is read again later") from None
        if isinstance(classified, Ok):
            return classified.body
        raise as_error(call, classified)

    async def write(self, call: Call) -> Classified:
        """Send a write once. A refused token is dropped, for the next call. Raises Busy, Denied, Unclear."""
        cache = self._cache(call)
        token = (await cache.get()).token
        try:
            classified = await self._ask(call, cache, token)
        except ReplyLost as lost:
            raise Unclear(f"{lost}; it may have happened, and the next read will show it") from None
        if isinstance(classified, BadToken) or (isinstance(classified, Forbidden) and call.route is LINK):
            cache.refused(token)
        return classified

    async def _ask(self, call: Call, cache: TokenCache, token: Secret) -> Classified:
        classified = classify(call.route, await self._sent(call, token))
        if isinstance(classified, Ok):
            cache.accepted(token)
        return classified

    async def _sent(self, call: Call, token: Secret) -> Reply:
        """Send. A read goes out once more, over a new connection, if the used one died under it."""
        try:
            return await self._transport.send(call, token)
        except ReplyLost as lost:
            if call.route.method != "GET" or not lost.worn:
                raise
        return await self._transport.send(call, token, anew=True)

    def _cache(self, call: Call) -> TokenCache:
        if call.route.auth is Auth.PARTNER:
            return self._partner
        app = app_id(call.app)
        if app not in self._apps:
            self._apps[app] = TokenCache(lambda: self._app_token(app), self._clock)
        return self._apps[app]

    async def _app_token(self, app: AppId) -> IssuedToken:
        """Fetch an app's token. The answer may hold it nested or flat."""
        call = Call(APP_TOKEN, app)
        body = await self.read(call)
        try:
            return self._issued(as_object(body, "the answer"))
        except Malformed as malformed:
            raise Busy(f"{call.what}: {malformed}; it is read again later") from None

    def _issued(self, body: Object) -> IssuedToken:
        nested = body.get("token")
        fields = nested if isinstance(nested, dict) else body
        value = fields.get("token")
        token = Secret(value if isinstance(value, str) else "")
        if not token.fits_header():
            raise Malformed("no usable token came with the answer")
        now = self._clock.now()
        ends = moment(fields.get("expiresOn")) or now + _FOREVER
        # Without this floor a skewed clock would have a good token fetched again before each call.
        return IssuedToken(token, max(now + _MARGIN, ends - _MARGIN))
