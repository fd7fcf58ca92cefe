"""Apps' own tokens: the app token, which Gupshup gives out, or a Universal App Token where it does not."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from controller.edges.gupshup.auth.tokens import IssuedToken
from controller.edges.gupshup.body import Json, Malformed, Object, as_object
from controller.edges.gupshup.ports import TokenSource
from controller.edges.gupshup.routes import APP_TOKEN, Call
from controller.edges.gupshup.shapes import moment
from controller.errors import Busy, Rejected
from controller.model.clock import Clock
from controller.model.manifest import AppId
from controller.model.secret import Secret

_MARGIN = 60.0
_NONE = "token"
_FOREVER = 3650 * 86_400.0


@dataclass(slots=True)
class KnownInProcess:
    """HTTP methods of app routes that want an app's own token, known as long as the process lives."""

    methods: set[str] = field(default_factory=set)

    async def refused(self) -> frozenset[str]:
        return frozenset(self.methods)

    async def refuse(self, method: str) -> None:
        self.methods.add(method)


Read = Callable[[Call], Awaitable[Json]]
GetToken = Callable[[], Awaitable[IssuedToken]]


class AppTokens:
    """Fetches an app's token by *read*, which reads with the partner's token. *partner* returns that one."""

    def __init__(self, read: Read, partner: GetToken, source: TokenSource, clock: Clock) -> None:
        self._read = read
        self._partner = partner
        self._source = source
        self._clock = clock

    async def fetch(self, app: AppId, refused: Secret | None = None) -> IssuedToken:
        """Return the app's own token. Raises Busy, Limited, Denied or Rejected.

        If Gupshup gives out no app token, a Universal App Token other than *refused* is minted, and that is
        remembered.
        """
        app_routes = self._source.app_routes
        if _NONE in await app_routes.refused() and (issued := await self._partner()).universal:
            return await self._source.app_token(app, issued, refused)
        try:
            return await self._given_out(app)
        except Rejected:
            if not (issued := await self._partner()).universal:
                raise
            minted = await self._source.app_token(app, issued, refused)
        await app_routes.refuse(_NONE)
        return minted

    async def _given_out(self, app: AppId) -> IssuedToken:
        """Return the app token. The answer holds it nested or flat."""
        call = Call(APP_TOKEN, app)
        body = await self._read(call)
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
