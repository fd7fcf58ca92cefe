"""The wire to the simulator in process: every request is an effect, and checked as it leaves."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

import httpx
from starlette.applications import Starlette

from controller.simulator import Cut, Fault, World
from controller.simulator.route import ApiRoute
from controller.simulator.routes import ROUTES
from controller.simulator.world import LoggedCall
from tests.sim.effects import Failure, Injector, Life
from tests.sim.trace import Request, Trace

DELAY = 40.0
"""Seconds after which a request takes effect that had left when its process was killed."""

LATENCY = 0.03
"""Seconds that a request takes to arrive, and its answer to come back."""

VERBS: Mapping[str, str] = {
    "link": "link",
    "subscribe": "subscribe",
    "updateSubscription": "update",
    "callbackUrl": "update",
    "callback": "update",
    "update": "update",
    "unsubscribe": "unsubscribe",
    "unsubscribeAll": "unsubscribe all",
    "delete": "delete",
    "create": "create",
}
_LATER = "late (the effect)"
_ABOUT_TAGS = frozenset({"subscribe", "updateSubscription", "unsubscribe"})
SETTLING = frozenset({201, 204, 400, 401, 403, 404, 409, 429})

Judge = Callable[["Leaving"], None]


@dataclass(frozen=True, slots=True)
class Leaving:
    """One request about to leave."""

    life: Life
    purpose: str
    route: str
    verb: str
    app: str
    phone: str
    tag: str
    name: str = ""
    target: str = ""


@dataclass
class _Body(httpx.AsyncByteStream):
    """What came back, and perhaps that it broke off."""

    content: bytes
    cut: httpx.ReadError | None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self.content:
            yield self.content
        if self.cut is not None:
            raise self.cut


@dataclass
class _Exchange:
    """The application's side of one request."""

    content: bytes
    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    read: bool = False

    async def receive(self) -> MutableMapping[str, Any]:
        if self.read:
            await _for_ever()
        self.read = True
        return {"type": "http.request", "body": self.content, "more_body": False}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        else:
            self.body += message.get("body", b"")

    def unanswer(self) -> None:
        """Forget what the application's framework says where nothing was to be said."""
        if self.body == b"Internal Server Error":
            self.status, self.headers, self.body = 0, [], b""


async def _for_ever() -> None:
    await asyncio.get_running_loop().create_future()


@dataclass
class Wire(httpx.AsyncBaseTransport):
    """One process's connection. *targets* names what a phone, and a phone with a tag, is declared as."""

    life: Life
    purpose: str
    world: World
    app: Starlette
    injector: Injector
    trace: Trace
    judge: Judge
    targets: Mapping[tuple[str, str], str]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        for header in ("authorization", "token"):
            self.trace.tokens |= {request.headers[header]} if header in request.headers else set()
        route, ids = _route(request)
        leaving = self._leaving(route.name, ids, request)
        failure = self.injector.meet(self.life, "http", route.name)
        if failure is Failure.BEFORE:
            raise self.life.end()
        self.judge(leaving)
        started, exchange, cut = self.injector.now(), _Exchange(request.content), None
        try:
            await asyncio.sleep(LATENCY)
            cut = await self._exchange(request, exchange, late=failure is Failure.DURING, route=route.name)
        finally:
            self._record(leaving, request, started, exchange, failure, whole=cut is None)
        if failure in {Failure.DURING, Failure.AFTER}:
            raise self.life.end()
        await asyncio.sleep(LATENCY)
        if cut is not None and not exchange.status:
            raise cut
        return httpx.Response(
            exchange.status, headers=exchange.headers, stream=_Body(exchange.body, cut), request=request
        )

    async def _exchange(
        self, request: httpx.Request, exchange: _Exchange, *, late: bool, route: str
    ) -> httpx.ReadError | None:
        faults = self.world.faults
        before = faults.active
        if late:
            faults.active = (*before, Fault("late", route=route, parameters={"seconds": DELAY}))
        try:
            await self.app(_scope(request), exchange.receive, exchange.send)
        except Cut as cut:
            exchange.unanswer()
            return httpx.ReadError(str(cut), request=request)
        finally:
            if late:
                faults.active = before
                faults._matched.pop(len(before), None)
                faults._hits.pop(len(before), None)
        return None

    def _leaving(self, route: str, ids: Mapping[str, str], request: httpx.Request) -> Leaving:
        form = dict(parse_qsl(request.content.decode()))
        app = self.world.apps.by_id.get(ids.get("app", ""))
        phone = form.get("phone", "") if app is None else app.phone
        held = self.world.subscriptions.by_app.get(ids.get("app", ""), {}).get(ids.get("subscription", ""))
        tag = form.get("tag", "" if held is None else held.tag)
        return Leaving(
            life=self.life,
            purpose=self.purpose,
            route=route,
            verb=VERBS.get(route, ""),
            app=ids.get("app", ""),
            phone=phone,
            tag=tag,
            name=form.get("name", "") if route == "link" else "",
            target=self._target(phone, tag if route in _ABOUT_TAGS else ""),
        )

    def _target(self, phone: str, tag: str) -> str:
        """Name what a request is about as the history does; what is not declared goes by its tag."""
        app = self.targets.get((phone, ""), f"? {phone}")
        return self.targets.get((phone, tag), f"Subscription/{tag} on {app}")

    def _logged(self, leaving: Leaving, since: float) -> LoggedCall | None:
        """Return what Gupshup noted of a request; others may have come meanwhile."""
        for each in reversed(self.world.log):
            if each.at < since:
                return None
            if each.route == leaving.route and leaving.app in {"", each.app} and each.fault != _LATER:
                return each
        return None

    def _record(
        self,
        leaving: Leaving,
        request: httpx.Request,
        started: float,
        exchange: _Exchange,
        failure: Failure | None,
        *,
        whole: bool,
    ) -> None:
        log = self._logged(leaving, started)
        said = Request(
            at=started,
            ended=self.injector.now(),
            process=self.life.number,
            purpose=self.purpose,
            method=request.method,
            path=request.url.raw_path.decode(),
            verb=leaving.verb,
            target=leaving.target,
            phone=leaving.phone,
            status=exchange.status,
            clear=whole and _settles(leaving.route, exchange),
            killed=failure is not None,
            arrived=True,
            route=leaving.route,
            app=leaving.app,
            name=leaving.name,
            fault=log.fault if log else "",
        )
        self.trace.requests.append(said)
        effect = f"effect={log.effect} fault={log.fault}" if log else ""
        words = f"{said.method} {said.path} -> {said.status} {len(exchange.body)} bytes {effect}"
        self.trace.line(started, self.life.number, words, failure or "")


def _settles(route: str, exchange: _Exchange) -> bool:
    """Return whether the answer shows the outcome of the request."""
    if exchange.status in SETTLING:
        return True
    try:
        body = json.loads(exchange.body)
    except ValueError:
        return False
    if exchange.status != 200 or not isinstance(body, dict):
        return False
    return route != "link" or bool(body.get("appId"))


def _route(request: httpx.Request) -> tuple[ApiRoute, Mapping[str, str]]:
    segments = request.url.path.rstrip("/").split("/")[1:]
    for route in ROUTES:
        ids = route.match(segments)
        if ids is not None and route.method == request.method:
            return route, ids
    return replace(ROUTES[0], name="unknown"), {}


def _scope(request: httpx.Request) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(key.lower(), value) for key, value in request.headers.raw],
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "server": (request.url.host, request.url.port),
        "client": ("127.0.0.1", 123),
        "root_path": "",
    }
