"""Sign-in: credentials go in, a partner token and the partner's id come out. Refusals slow it down."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from controller.edges.gupshup.auth.account_facts import claims_of, lives_long, of_given, of_login
from controller.edges.gupshup.auth.app_tokens import KnownInProcess
from controller.edges.gupshup.auth.tokens import IssuedToken
from controller.edges.gupshup.body import Json, Malformed, decode
from controller.edges.gupshup.denials import denial
from controller.edges.gupshup.replies import BadToken, Classified, Forbidden, Ok, Refused, TooMany, classify
from controller.edges.gupshup.routes import LOGIN, Call
from controller.edges.gupshup.transport import NotSent, ReplyLost, Transport
from controller.errors import AccountError, Busy, Denied, Limited, Rejected
from controller.model.account import AccountFacts
from controller.model.clock import Clock
from controller.model.manifest import AppId, Login, Partner, Reference, Token
from controller.model.secret import Secret

_LIFETIME = 22 * 3600.0
_BEARER = "Bearer "
_REST = 60.0
_UNSENT_REST = 5.0
_TRIES = 3
_REFUSALS = frozenset({200, 400})
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

Reveal = Callable[[Reference], Secret]


@dataclass(frozen=True, slots=True)
class _Failed:
    """The last sign-in, if it failed. *denied* is the kind of the refusal, None if it was not refused.

    *tries* counts the refusals in a row with these credentials.
    """

    message: str
    denied: type[Denied] | None
    until: float
    credentials: tuple[Secret, Secret]
    tries: int


class SignIn:
    """Fetches the partner's token. Each sign-in reads the references anew.

    After a failure the next sign-in waits a minute. After three refusals in a row it waits until the
    credentials change, so that Gupshup does not lock the account.
    """

    def __init__(self, transport: Transport, partner: Partner, reveal: Reveal, clock: Clock) -> None:
        self._transport = transport
        self._partner = partner
        self._reveal = reveal
        self._clock = clock
        self._failed: _Failed | None = None
        self._owner = ""
        self._accepted: Secret | None = None
        self.app_routes = KnownInProcess()
        self.facts = AccountFacts()

    async def fetch(self, refused: Secret | None = None) -> IssuedToken:
        """Return a token. Raises Denied (missing or refused credentials), Busy or Limited.

        A given token that was *refused*, and never accepted, is sent in its other form. Raises AccountError
        if the token belongs to another account than the last one.
        """
        match self._partner.credentials:
            case Token(reference):
                given = _as_sent(self._given(reference), None if refused == self._accepted else refused)
                return self._issued(given, None)
            case Login() as login:
                return await self._login(login)

    async def ask_account(self) -> None:
        """Nothing to ask: each fetch is a sign-in, and a given token tells what it can."""

    async def app_token(
        self, app: AppId, universal: IssuedToken, refused: Secret | None = None
    ) -> IssuedToken:
        """Raise Rejected: without a store, no token of an app is minted."""
        del universal, refused
        raise Rejected(f"app {app}: no app token is given out", status=403, words="no app token is given out")

    def accepted(self, token: Secret) -> None:
        """Note the form in which Gupshup accepts a given token, so that no other one is tried any more."""
        self._accepted = token

    async def close(self) -> None:
        """Leave the token as it is: it ends by itself."""

    def _given(self, reference: Reference) -> Secret:
        token = self._reveal(reference)
        if not token.fits_header() or not token.reveal().removeprefix(_BEARER.strip()).strip():
            raise Denied(
                f"the token of partner {self._partner.name} cannot be sent: a token is printable ASCII "
                "without line breaks, and more than the word Bearer; check the value",
            )
        self.facts = of_given(token)
        return token

    async def _login(self, login: Login) -> IssuedToken:
        credentials = (self._reveal(login.email), self._reveal(login.secret))
        self._check_backoff(credentials)
        # Gupshup's reference calls the field `password`, newer samples call it `secret`: docs/adr/0001.
        email, secret = credentials
        call = Call(LOGIN, form={"email": email, "password": secret, "secret": secret})
        try:
            classified = classify(LOGIN, await self._transport.send(call))
        except NotSent as error:
            raise self._busy(str(error), credentials, _UNSENT_REST) from None
        except ReplyLost as error:
            raise self._busy(str(error), credentials, _REST) from None
        return self._read(call, classified, credentials)

    def _read(self, call: Call, classified: Classified, credentials: tuple[Secret, Secret]) -> IssuedToken:
        match classified:
            case Ok(dict() as body):
                return self._signed_in(call, body, credentials)
            case BadToken(status, words) | Forbidden(status, words):
                raise self._denied(f"{call.what}: {status} {words}", credentials)
            case Refused(status, words) if status in _REFUSALS:
                raise self._denied(f"{call.what}: {status} {words}", credentials)
            case TooMany(status, words):
                message = f"{call.what}: {status} {words}; the next sign-in waits a minute"
                self._fail(message, credentials, _REST)
                raise Limited(message, self._clock.now() + _REST)
            case _:
                raise self._busy(
                    f"{call.what}: the answer holds no token ({_what_came(classified)})", credentials, _REST
                )

    def _signed_in(
        self, call: Call, body: dict[str, Json], credentials: tuple[Secret, Secret]
    ) -> IssuedToken:
        value = body.get("token")
        token = Secret(value if isinstance(value, str) else "")
        if not token.fits_header():
            raise self._busy(f"{call.what}: the answer holds no usable token", credentials, _REST)
        self._failed = None
        self.facts = of_login(body, self._clock.now())
        return self._issued(token, body.get("id"))

    def _issued(self, token: Secret, answered_id: Json) -> IssuedToken:
        owner = _identity(answered_id) or _identity(_claimed(token))
        if self._owner and owner and owner != self._owner:
            raise AccountError(
                f"the credentials of partner {self._partner.name} opened account {self._owner}, and now open "
                f"{owner}: they are not used again before the next start"
            )
        self._owner = owner or self._owner
        universal = token.reveal().startswith(_BEARER)
        return IssuedToken(token, self._clock.now() + _LIFETIME, self._owner, universal)

    def _check_backoff(self, credentials: tuple[Secret, Secret]) -> None:
        """Raise the last failure again until its wait is over."""
        failed = self._failed
        if failed is None or failed.credentials != credentials:
            self._failed = None
            return
        if failed.tries >= _TRIES:
            kind = failed.denied or Denied
            raise kind(
                f"{failed.message}; refused {failed.tries} times, so not tried again until they change"
            )
        now = self._clock.now()
        if failed.until - _REST <= now < failed.until:
            raise failed.denied(failed.message) if failed.denied else Busy(failed.message, failed.until)

    def _denied(self, text: str, credentials: tuple[Secret, Secret]) -> Denied:
        advice = f"check the e-mail address and client secret of partner {self._partner.name}"
        error = denial(text, advice)
        self._fail(str(error), credentials, _REST, denied=type(error))
        return error

    def _busy(self, message: str, credentials: tuple[Secret, Secret], rest: float) -> Busy:
        self._fail(message, credentials, rest)
        return Busy(message, self._clock.now() + rest)

    def _fail(
        self,
        message: str,
        credentials: tuple[Secret, Secret],
        rest: float,
        *,
        denied: type[Denied] | None = None,
    ) -> None:
        tries = (self._failed.tries if self._failed else 0) + (denied is not None)
        self._failed = _Failed(message, denied, self._clock.now() + rest, credentials, tries)


def _as_sent(given: Secret, refused: Secret | None) -> Secret:
    """Return a given token as a Universal Token if it lives too long for a partner's; else as it was given.

    If Gupshup *refused* that form, return the other one: only Universal Tokens are sent with `Bearer `.
    """
    bare = given.reveal().removeprefix(_BEARER)
    forms = [Secret(bare), Secret(_BEARER + bare)]
    if given.reveal().startswith(_BEARER) or lives_long(given):
        forms.reverse()
    return forms[forms[0] == refused]


def _what_came(classified: Classified) -> str:
    return getattr(classified, "why", "") or getattr(classified, "words", "") or "an odd answer"


def _identity(value: Json) -> str:
    """Return a partner's id as text; "" if *value* is no id."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if _ID.fullmatch(text) else ""


def _claimed(token: Secret) -> Json:
    """Return the id that a JWT claims for its owner. A claim is only a name, never a proof of anything."""
    payload = claims_of(token).get("payload")
    try:
        inner = decode(payload.encode()) if isinstance(payload, str) else payload
    except (Malformed, ValueError):
        return None
    return inner.get("id") if isinstance(inner, dict) else None
