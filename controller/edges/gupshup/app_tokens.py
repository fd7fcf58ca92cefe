"""Apps' own tokens: Gupshup gives out the one that exists. The answer holds it nested or flat."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from controller.edges.gupshup.body import Json, Malformed, Object, as_object
from controller.edges.gupshup.routes import APP_TOKEN, Call
from controller.edges.gupshup.shapes import moment
from controller.edges.gupshup.tokens import IssuedToken
from controller.errors import Busy
from controller.model.clock import Clock
from controller.model.manifest import AppId
from controller.model.secret import Secret

_MARGIN = 60.0
_FOREVER = 3650 * 86_400.0


@dataclass(slots=True)
class KnownInProcess:
    """HTTP methods of app routes that want an app's own token, known as long as the process lives."""

    methods: set[str] = field(default_factory=set)

    async def refused(self) -> frozenset[str]:
        return frozenset(self.methods)

    async def refuse(self, method: str) -> None:
        self.methods.add(method)


class AppTokens:
    """Fetches the token of one app by *read*, which reads with the partner's token."""

    def __init__(self, read: Callable[[Call], Awaitable[Json]], clock: Clock) -> None:
        self._read = read
        self._clock = clock

    async def fetch(self, app: AppId, _refused: Secret | None = None) -> IssuedToken:
        """Return the app's token. Raises Busy, Limited, Denied or Rejected."""
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
