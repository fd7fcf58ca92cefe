"""Gupshup's office of Universal Tokens: minted, listed and revoked, and the clock that their ends follow.

docs/gupshup-api.md, Universal tokens.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from controller.edges.gupshup.body import Json, Malformed, as_list, as_object, text, text_or_none
from controller.edges.gupshup.replies import (
    BadToken,
    Classified,
    Forbidden,
    NotRead,
    Ok,
    Refused,
    TooMany,
    Unreliable,
    classify,
)
from controller.edges.gupshup.routes import (
    APP_MINT,
    APP_REVOKE,
    APP_TOKENS,
    CLOCK,
    MINT,
    REVOKE,
    TOKENS,
    Call,
)
from controller.edges.gupshup.shapes import moment
from controller.edges.gupshup.transport import ReplyLost, Transport
from controller.errors import Busy, Denied, Limited, MintRefused, TokenLimitReached, Unclear
from controller.model.account import ActiveToken
from controller.model.clock import Clock
from controller.model.manifest import AppId
from controller.model.secret import Secret

_WINDOW = 62.0
_CONFLICT = 409
_LIMIT = re.compile(r"\b(max|limit|exceed|already .*(three|3)\b|(three|3) active)", re.IGNORECASE)
_BEARER = "Bearer "


@dataclass(frozen=True, slots=True)
class MintedToken:
    """A new token, with `Bearer ` before its text. *expires* is epoch seconds by Gupshup's clock.

    *id* is "" if the answer has none.
    """

    token: Secret
    expires: float
    id: str = ""


class TokenOffice:
    def __init__(self, transport: Transport, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock

    @property
    def ahead(self) -> float | None:
        """Return the seconds by which Gupshup's clock is ahead of ours; None before its first answer."""
        return self._transport.ahead

    async def compare_clocks(self) -> float:
        """Return the seconds by which Gupshup's clock is ahead of ours: 0 if answers have no date.

        Without an answer so far, one is fetched. Raises Busy if none comes.
        """
        if self._transport.ahead is None:
            try:
                await self._transport.send(Call(CLOCK))
            except ReplyLost as lost:
                raise Busy(f"{lost}; asked again later", self._clock.now() + _WINDOW) from None
        return self._transport.ahead or 0.0

    async def mint(
        self, partner: str, credentials: tuple[Secret, Secret], *, name: str, expires: float
    ) -> MintedToken:
        """Return a new token of the administrator with the *credentials*: e-mail address and client secret.

        Raises Unclear if it may have been minted, without its text. Limited, Busy, MintRefused and
        TokenLimitReached: it was not.
        """
        email, secret = credentials
        form: dict[str, str | Secret] = {"email": email, "clientSecret": secret, "name": name}
        form["expiry"] = str(round(expires * 1000))
        call = Call(MINT, form=form, partner=partner)
        try:
            classified = classify(MINT, await self._transport.send(call))
        except ReplyLost as lost:
            raise Unclear(f"{lost}; a Universal Token may be active now, and its text is lost") from None
        return self._minted(call, classified, expires)

    async def mint_for_app(self, app: AppId, token: Secret, *, name: str, expires: float) -> MintedToken:
        """Return a new token for one app, minted with the Universal Token *token*. Raises as `mint`."""
        call = Call(APP_MINT, app, form={"name": name, "expiry": str(round(expires * 1000))})
        try:
            return self._minted(call, classify(APP_MINT, await self._transport.send(call, token)), expires)
        except ReplyLost as lost:
            raise Unclear(f"{lost}; a token of this app may be active now, and its text is lost") from None

    def _minted(self, call: Call, classified: Classified, expires: float) -> MintedToken:
        match classified:
            case Ok(body):
                try:
                    return _token(as_object(body, "the answer"), expires)
                except Malformed as malformed:
                    raise Unclear(f"{call.what}: {malformed}; a Universal Token may be active now") from None
            case TooMany(status, words):
                raise Limited(f"{call.what}: {status} {words}", self._clock.now() + _WINDOW)
            case NotRead(status, words):
                raise Busy(f"{call.what}: {status} {words}; it was not read", self._clock.now() + _WINDOW)
            case Unreliable(why):
                raise Unclear(f"{call.what}: {why}; a Universal Token may be active now")
            case BadToken(status, words) | Forbidden(status, words) | Refused(status, words):
                raise _refusal(call, status, words)

    async def active(self, partner: str, token: Secret) -> tuple[ActiveToken, ...]:
        """Return the active tokens of the partner's administrator. Raises Busy or Denied."""
        return await self._active(Call(TOKENS, query={"status": "ACTIVE"}, partner=partner), token)

    async def active_of_app(self, app: AppId, token: Secret) -> tuple[ActiveToken, ...]:
        """Return the active tokens of one app. Raises Busy or Denied."""
        return await self._active(Call(APP_TOKENS, app, query={"status": "ACTIVE"}), token)

    async def _active(self, call: Call, token: Secret) -> tuple[ActiveToken, ...]:
        try:
            classified = classify(call.route, await self._transport.send(call, token))
        except ReplyLost as lost:
            raise Busy(f"{lost}; it is read again later") from None
        if not isinstance(classified, Ok):
            raise Denied(f"{call.what}: {_what_came(classified)}")
        try:
            return tuple(_listed(row) for row in as_list(_rows(classified.body), "the list of tokens"))
        except Malformed as malformed:
            raise Busy(f"{call.what}: the answer cannot be used: {malformed}") from None

    async def revoke(self, partner: str, token: Secret, name: str) -> bool:
        """Revoke the token with the *name*. Return whether it is surely not active any more."""
        return await self._revoked(Call(REVOKE, form={"name": name}, partner=partner), token)

    async def revoke_of_app(self, app: AppId, token: Secret, id_: str) -> bool:
        """Revoke the token of an app with the id *id_*. Return as `revoke`."""
        return await self._revoked(Call(APP_REVOKE, app, form={"id": id_}), token)

    async def _revoked(self, call: Call, token: Secret) -> bool:
        with suppress(ReplyLost, Busy):
            match classify(call.route, await self._transport.send(call, token)):
                case Ok() | Refused():
                    return True
        return False


def _refusal(call: Call, status: int, words: str) -> Denied:
    if status == _CONFLICT or _LIMIT.search(words):
        return TokenLimitReached(f"{call.what}: {status} {words}")
    return MintRefused(f"{call.what}: {status} {words}", status=status, words=words)


def _token(body: Mapping[str, Json], expires: float) -> MintedToken:
    """Return the token of an answer, which holds it nested, as an app token's does, or flat."""
    nested = body.get("token")
    fields = nested if isinstance(nested, dict) else body
    value = fields.get("token")
    token = Secret(_BEARER + value.removeprefix(_BEARER) if isinstance(value, str) and value else "")
    if not token.fits_header():
        raise Malformed("no usable token came with the answer")
    return MintedToken(
        token, moment(fields.get("expiredOn")) or expires, text_or_none(fields.get("id"), "its id") or ""
    )


def _rows(body: Json) -> Json:
    return body if isinstance(body, list) else as_object(body, "the answer").get("tokens")


def _listed(row: Json) -> ActiveToken:
    fields = as_object(row, "a token")
    return ActiveToken(
        text(fields.get("name"), "a token's name"), text_or_none(fields.get("id"), "its id") or ""
    )


def _what_came(classified: Classified) -> str:
    status, words = getattr(classified, "status", ""), getattr(classified, "words", "")
    return getattr(classified, "why", "") or f"{status} {words}"
