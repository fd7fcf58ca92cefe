"""A pretend Gupshup behind `httpx.MockTransport`: it answers what a test says and keeps every request."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Self, TypeAlias
from urllib.parse import parse_qsl

import httpx

from controller.edges.gupshup import GupshupReader, GupshupWriter, Network, SubscriptionForm, reader, writer
from controller.errors import ControllerError
from controller.model.manifest import App, AppId, Bucket, Credentials, FromEnv, Login, Partner, Reference
from controller.model.secret import Secret
from tests.clock import FakeClock
from tests.edges.routes import (
    APP,
    APP_TOKEN,
    CALLBACK,
    DETAILS,
    LINK,
    LIST,
    LOGIN,
    PARTNER_APPS,
    PHONE,
    PIPELINE,
    SUB,
    SUBSCRIBE,
    SUBSCRIPTIONS,
    UNSUBSCRIBE,
    UPDATE,
    WABA,
)


def declared(
    name: str = "AcmeSupport",
    *,
    waba_id: str = "1",
    phone: str = PHONE,
    callback_url: str | None = None,
    storage_region: str | None = None,
) -> App:
    """Return an app as a manifest declares it."""
    return App("acme-support", "main", name, waba_id, phone, {}, callback_url, storage_region)


SECRETS: Mapping[str, str] = {
    "GUPSHUP_EMAIL": "canary.mail@example.com",
    "GUPSHUP_SECRET": "canary+secret/of the?partner",
    "GIVEN": "canary-given-token",
}
PARTNER_TOKEN = "canary-partner-token-1"
APP_TOKEN_VALUE = "sk_0123456789abcdef0123456789abcdef"
LOGIN_CREDENTIALS = Login(FromEnv("GUPSHUP_EMAIL"), FromEnv("GUPSHUP_SECRET"))


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: *body* is bytes as they are, a text, or anything that JSON can say."""

    status: int
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> httpx.Response:
        match self.body:
            case bytes() as content:
                pass
            case str() as text:
                content = text.encode()
            case value:
                content = json.dumps(value).encode()
        return httpx.Response(self.status, content=content, headers=self.headers)


def good_login(token: str = PARTNER_TOKEN, **more: object) -> Answer:
    return Answer(200, {"token": token, "id": 1368, "name": "ACME", "isTpp": True, **more})


def good_token(token: str = APP_TOKEN_VALUE, expires: object = 0) -> Answer:
    inner = {"token": token, "authoriserId": "x", "expiresOn": expires, "active": True}
    return Answer(200, {"status": "success", "token": inner})


Operation: TypeAlias = Callable[[GupshupWriter], Awaitable[object]]
READS: dict[str, Operation] = {
    LOGIN: lambda w: w.sign_in(),
    APP_TOKEN: lambda w: w.stage(APP),
    LIST: lambda w: w.rows(),
    PARTNER_APPS: lambda w: w.partner_apps(),
    DETAILS: lambda w: w.details(APP),
    PIPELINE: lambda w: w.stage(APP),
    WABA: lambda w: w.waba(APP),
    SUBSCRIPTIONS: lambda w: w.subscriptions(APP),
}


def writes(wish: SubscriptionForm) -> dict[str, Operation]:
    """Return a call of each route that changes something."""
    return {
        LINK: lambda w: w.link(declared()),
        CALLBACK: lambda w: w.set_callback(APP, "https://hooks.example.com/c"),
        SUBSCRIBE: lambda w: w.subscribe(APP, wish),
        UPDATE: lambda w: w.update_subscription(APP, SUB, wish),
        UNSUBSCRIBE: lambda w: w.unsubscribe(APP, SUB),
    }


class Pretend:
    """Answers each request from the row for its method and path; the last answer of a row repeats."""

    def __init__(self) -> None:
        self.log: list[httpx.Request] = []
        self.rows: dict[str, list[Answer | Exception]] = {LOGIN: [good_login()], APP_TOKEN: [good_token()]}

    def on(self, what: str, *answers: Answer | Exception) -> None:
        self.rows[what] = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.log.append(request)
        row = self.rows.get(f"{request.method} {request.url.path}", [Answer(404, {"message": "no such row"})])
        answer = row.pop(0) if len(row) > 1 else row[0]
        if isinstance(answer, Exception):
            raise answer
        return answer.response()

    def sent(self, what: str) -> list[httpx.Request]:
        return [request for request in self.log if f"{request.method} {request.url.path}" == what]


def form(request: httpx.Request) -> dict[str, str]:
    return dict(parse_qsl(request.content.decode(), keep_blank_values=True, strict_parsing=True))


@dataclass
class OpenLimiter:
    """Lets every call through and remembers what for."""

    calls: list[tuple[Bucket, AppId | None, str]] = field(default_factory=list)
    answers: list[tuple[int, float | None]] = field(default_factory=list)

    @asynccontextmanager
    async def call(self, bucket: Bucket, *, app_id: AppId | None, route: str) -> AsyncIterator["OpenLimiter"]:
        self.calls.append((bucket, app_id, route))
        yield self

    def answered(self, status: int, retry_after: float | None) -> None:
        self.answers.append((status, retry_after))


@dataclass
class World:
    """A partner, its secrets, a clock and a pretend Gupshup, with the real client in front of them."""

    upstream: Pretend = field(default_factory=Pretend)
    limiter: OpenLimiter = field(default_factory=OpenLimiter)
    clock: FakeClock = field(default_factory=FakeClock)
    secrets: dict[str, str] = field(default_factory=lambda: dict(SECRETS))
    credentials: Credentials = LOGIN_CREDENTIALS
    url: str = "https://partner.gupshup.io"
    network: Network | None = None
    holds: Callable[[], bool] = field(default=lambda: True)

    def on(self, what: str, *answers: Answer | Exception) -> Self:
        self.upstream.on(what, *answers)
        return self

    def writer(self) -> AbstractAsyncContextManager[GupshupWriter]:
        return writer(
            self._partner(),
            reveal=self.reveal,
            limiter=self.limiter,
            clock=self.clock,
            network=self._network(),
            holds=self.holds,
        )

    def reader(self) -> AbstractAsyncContextManager[GupshupReader]:
        return reader(
            self._partner(),
            reveal=self.reveal,
            limiter=self.limiter,
            clock=self.clock,
            network=self._network(),
        )

    def reveal(self, reference: Reference) -> Secret:
        assert isinstance(reference, FromEnv)
        return Secret(self.secrets[reference.name])

    def _partner(self) -> Partner:
        return Partner("main", self.url, self.credentials)

    def _network(self) -> Network:
        return self.network or Network(transport=httpx.MockTransport(self.upstream))


async def outcome(what: str, answer: Answer, operation: Operation) -> object:
    """Return what comes of *answer*: a value, or the exception itself."""
    world = World().on(what, answer)
    async with world.writer() as client:
        try:
            return await operation(client)
        except ControllerError as failure:
            return failure
