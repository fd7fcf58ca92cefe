"""One signed-in conversation: each call with the right token, a read twice at most, a write once."""

from types import TracebackType
from typing import Self

from controller.edges.gupshup.body import Garbage, Json, Object, as_object
from controller.edges.gupshup.replies import BadToken, Fine, Forbidden, Verdict, blame, judge
from controller.edges.gupshup.routes import APP_TOKEN, LINK, Auth, Call, app_id
from controller.edges.gupshup.shapes import moment
from controller.edges.gupshup.signin import SignIn
from controller.edges.gupshup.tokens import Fresh, Keeper
from controller.edges.gupshup.wire import Lost, Reply, Wire
from controller.errors import Busy, Unclear
from controller.model.clock import Clock
from controller.model.manifest import AppId
from controller.model.secret import Secret

_MARGIN = 60.0
_FOREVER = 3650 * 86_400.0


class Session:
    """Joins the wire and the tokens. An app's token is only ever used under that app's path."""

    def __init__(self, wire: Wire, sign_in: SignIn, clock: Clock) -> None:
        self._wire = wire
        self._clock = clock
        self._partner = Keeper(sign_in.fetch, clock)
        self._apps: dict[AppId, Keeper] = {}

    async def __aenter__(self) -> Self:
        await self._wire.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._wire.__aexit__(kind, error, trace)

    def now(self) -> float:
        """Return epoch seconds."""
        return self._clock.now()

    async def owner(self) -> str:
        """Return the id of the partner that is signed in, "" where neither answer nor token tells it."""
        return (await self._partner.get()).owner

    async def read(self, call: Call) -> Json:
        """Return the body of a good answer. Raises Busy, Limited, Denied or Rejected."""
        keeper = self._keeper(call)
        token = (await keeper.get()).token
        try:
            verdict = await self._ask(call, keeper, token)
            if isinstance(verdict, BadToken) and (fresh := await keeper.renew(token)) is not None:
                verdict = await self._ask(call, keeper, fresh)
        except Lost as lost:
            raise Busy(f"{lost}; it is read again later") from None
        if isinstance(verdict, Fine):
            return verdict.body
        raise blame(call, verdict)

    async def write(self, call: Call) -> Verdict:
        """Send a write once; a refused token is dropped for the next one. Raises Busy, Denied, Unclear."""
        keeper = self._keeper(call)
        token = (await keeper.get()).token
        try:
            verdict = await self._ask(call, keeper, token)
        except Lost as lost:
            raise Unclear(f"{lost}; it may have happened: look") from None
        if isinstance(verdict, BadToken) or (isinstance(verdict, Forbidden) and call.route is LINK):
            keeper.refused(token)
        return verdict

    async def _ask(self, call: Call, keeper: Keeper, token: Secret) -> Verdict:
        verdict = judge(call.route, await self._sent(call, token))
        if isinstance(verdict, Fine):
            keeper.accepted(token)
        return verdict

    async def _sent(self, call: Call, token: Secret) -> Reply:
        """Send; a read whose used connection died goes out once more, over a new one."""
        try:
            return await self._wire.send(call, token)
        except Lost as lost:
            if call.route.method != "GET" or not lost.worn:
                raise
        return await self._wire.send(call, token, anew=True)

    def _keeper(self, call: Call) -> Keeper:
        if call.route.auth is Auth.PARTNER:
            return self._partner
        app = app_id(call.app)
        if app not in self._apps:
            self._apps[app] = Keeper(lambda: self._app_token(app), self._clock)
        return self._apps[app]

    async def _app_token(self, app: AppId) -> Fresh:
        """Fetch an app's token, whether it comes nested or flat."""
        call = Call(APP_TOKEN, app)
        body = await self.read(call)
        try:
            return self._fresh(as_object(body, "the answer"))
        except Garbage as garbage:
            raise Busy(f"{call.what}: {garbage}; it is asked for again later") from None

    def _fresh(self, body: Object) -> Fresh:
        nested = body.get("token")
        found = nested if isinstance(nested, dict) else body
        value = found.get("token")
        token = Secret(value if isinstance(value, str) else "")
        if not token.fits_header():
            raise Garbage("no usable token came with the answer")
        now = self._clock.now()
        ends = moment(found.get("expiresOn")) or now + _FOREVER
        # A skewed clock must not turn a good token into one that is asked for before each call.
        return Fresh(token, max(now + _MARGIN, ends - _MARGIN))
