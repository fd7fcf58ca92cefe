"""A caller of the simulator in one thread: the test sets the time, and waiting takes none of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from controller.simulator import Cut, Fault, SimulatorSettings, Switches, World, create_app, parse_switches
from tests.clock import FakeClock

START = FakeClock.time
FORM = {"name": "AcmeSupport", "wabaId": "109876543210987", "phone": "919876543210"}
HOOK = "https://hooks.example.com/acme"


@dataclass(slots=True)
class Wire(httpx.AsyncBaseTransport):
    """The connection to the simulator in process: a cut is what a client sees of a cut."""

    inner: httpx.ASGITransport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self.inner.handle_async_request(request)
        except Cut as cut:
            raise httpx.ReadError(str(cut), request=request) from cut


@dataclass(slots=True)
class Caller:
    """One partner at one pretend Gupshup, with its tokens."""

    world: World
    clock: FakeClock
    http: httpx.AsyncClient
    partner_token: str = ""
    app_tokens: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        *faults: Fault,
        switches: Switches | None = None,
        seed: int = 1,
        time_scale: float = 60.0,
        deliver_any: bool = False,
    ) -> Self:
        clock = FakeClock()
        made = SimulatorSettings(seed, time_scale, switches or Switches(), faults, deliver_any=deliver_any)
        world = World(clock.now, made, sleep=clock.sleep)
        wire = Wire(httpx.ASGITransport(create_app(world)))
        caller = cls(world, clock, httpx.AsyncClient(transport=wire, base_url="http://gupshup.test"))
        caller.partner_token = world.tokens.login(next(iter(world.partners.values())), clock.time)
        return caller

    @classmethod
    def switched(cls, *words: str, faults: tuple[Fault, ...] = ()) -> Self:
        return cls.of(*faults, switches=parse_switches(words))

    async def call(self, method: str, path: str, token: str | None = None, /, **form: str) -> httpx.Response:
        """Call as the partner, or with *token*; the fields of a GET or DELETE go into its query."""
        headers = {"Authorization": self.partner_token if token is None else token}
        fields: dict[str, Any] = {"params" if method in ("GET", "DELETE") else "data": form}
        return await self.http.request(method, path, headers=headers, **fields)

    async def on_app(self, method: str, app: str, path: str = "", **form: str) -> httpx.Response:
        """Call below an app with its own token, which the world is asked for without a call."""
        known = self.world.apps.by_id.get(app)
        token = self.world.tokens.app_token(known) if known else "sk_nobody"
        return await self.call(method, f"/partner/app/{app}{path}", token, **form)

    async def link(self, **changes: str) -> httpx.Response:
        """Link the usual app; *changes* replace its fields, an empty one leaves it out."""
        form = {key: value for key, value in {**FORM, **changes}.items() if value}
        return await self.call("POST", "/partner/tpp/app", **form)

    async def linked(self, **changes: str) -> str:
        return str((await self.link(**changes)).json()["appId"])

    async def subscribe(self, app: str, **changes: str) -> httpx.Response:
        form = {"modes": "SENT,READ", "tag": "events", "url": HOOK, "version": "2", **changes}
        return await self.on_app("POST", app, "/subscription", **form)

    async def rows(self, **query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.call("GET", "/partner/app/list", **query)).json()["apps"]
        return found

    async def control(self, what: str, body: object = None) -> dict[str, Any]:
        """Use the control surface: a GET without *body*, else a POST."""
        path = f"/_simulator/{what}"
        answer = await (self.http.get(path) if body is None else self.http.post(path, json=body))
        found: dict[str, Any] = answer.json()
        return found

    async def seeded(self, **app: object) -> str:
        """Let an app exist already, live unless it says otherwise."""
        given = {"name": "OldSupport", "phone": "15550001111", "wabaId": "1", **app}
        return str((await self.control("apps", {"apps": [given]}))["ids"][0])


def said(answer: httpx.Response) -> tuple[int, str]:
    """Return the status and the words of an answer."""
    body: Mapping[str, Any] = answer.json()
    return answer.status_code, str(body.get("message", body.get("data", body.get("status"))))
