"""`/api/v1`: the documents of `get`, `describe` and `events`, and the loop's state, as JSON. Read-only."""

import json
from collections.abc import AsyncIterator, Callable
from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from controller.core.render.descriptions import Described, description
from controller.core.render.foreign import foreign_items
from controller.core.render.held import held_about, held_rows, release_command
from controller.core.render.history import event
from controller.core.render.plan_json import FORMAT
from controller.core.render.statuses import condition_row, ends_rows, fields
from controller.core.timestamp import timestamp
from controller.doors.stored import StoredStatus, last_writes, writes_of_app
from controller.doors.web.statuses import about, apps, partners
from controller.edges.store import SqlStore
from controller.loop.run.control import LoopControl
from controller.model.passes import PartnerState
from controller.model.plan import Kind
from controller.model.status import Status

MOST_EVENTS = 1_000
USUAL_EVENTS = 100


class Api:
    def __init__(self, control: LoopControl, store: SqlStore) -> None:
        self._control = control
        self._store = store

    def routes(self) -> list[Route]:
        return [
            Route("/api/v1/apps", self.apps),
            Route("/api/v1/apps/{name}", self.app),
            Route("/api/v1/foreign", self.foreign),
            Route("/api/v1/events", self.events),
            Route("/api/v1/source", self.source),
            Route("/api/v1/partners", self.partners),
        ]

    async def apps(self, _: Request) -> Response:
        parts = apps(self._store)
        nothing: list[StoredStatus] = []
        first = await anext(parts, nothing)  # before the answer begins, so that a store error becomes a 503
        return StreamingResponse(_listed(first, parts), media_type="application/json")

    async def app(self, request: Request) -> Response:
        name = request.path_params["name"]
        known = await about(self._store, name)
        items = [description(await self._described(app, known)) for app in known if _is_app(app)]
        if not items:
            raise HTTPException(404)
        return _document(items)

    async def foreign(self, _: Request) -> Response:
        return _document(
            [
                {**row, "upstream": app.upstream}
                async for part in apps(self._store)
                for app in part
                for row in foreign_items(app.status)
            ]
        )

    async def events(self, request: Request) -> Response:
        limit = _limit(request.query_params.get("limit", str(USUAL_EVENTS)))
        app = request.query_params.get("app")
        entries = await writes_of_app(self._store, app, limit)
        return _document([event(upstream, entry) for upstream, entry in entries])

    async def source(self, _: Request) -> Response:
        state = self._control.source()
        return JSONResponse(
            {
                "formatVersion": FORMAT,
                "identity": state.identity,
                "revision": state.revision or None,
                "since": _when(state.since),
                "readAt": _when(state.read),
                "error": state.error or None,
                "errorSince": _when(state.error_since),
                "digest": state.digest or None,
                "rejected": state.rejected or None,
                "waitingFor": state.waiting or None,
                "waitingSince": _when(state.waited),
            }
        )

    async def partners(self, _: Request) -> Response:
        known = await partners(self._store)
        states = self._control.partners()
        command = partial(release_command, store=self._control.store_words())
        return _document(
            [_partner(state, known.get((state.upstream, state.name)), command) for state in states]
        )

    async def _described(self, app: StoredStatus, known: list[StoredStatus]) -> Described:
        writes = await last_writes(self._store, app)
        subscriptions = [other.status for other in known if app.owns(other)]
        states = [each for each in self._control.partners() if each.upstream == app.upstream]
        held = held_about(app.status, [held for state in states for held in state.held])
        command = partial(release_command, store=self._control.store_words())
        return Described(app.status, app.upstream, writes, subscriptions, held, command)


async def _listed(first: list[StoredStatus], rest: AsyncIterator[list[StoredStatus]]) -> AsyncIterator[str]:
    """Yield the document of `get -o json` in parts: the whole may have some megabytes."""
    yield f'{{"formatVersion": "{FORMAT}", "items": [' + _items(first)
    async for part in rest:
        yield ", " + _items(part)
    yield "]}\n"


def _items(part: list[StoredStatus]) -> str:
    return ", ".join(json.dumps({**fields(app.status), "upstream": app.upstream}) for app in part)


def _is_app(known: StoredStatus) -> bool:
    return known.status.item.kind is Kind.APP


def _document(items: list[dict[str, object]]) -> Response:
    return JSONResponse({"formatVersion": FORMAT, "items": items})


def _limit(given: str) -> int:
    if not (given.isascii() and given.isdecimal() and len(given) <= len(str(MOST_EVENTS))):
        raise HTTPException(400, f"limit is a number from 1 to {MOST_EVENTS}")
    if not 1 <= int(given) <= MOST_EVENTS:
        raise HTTPException(400, f"limit is a number from 1 to {MOST_EVENTS}")
    return int(given)


def _partner(state: PartnerState, status: Status | None, command: Callable[[str], str]) -> dict[str, object]:
    return {
        "name": state.name,
        "upstream": state.upstream or None,
        "leader": state.is_leader,
        "apps": state.apps,
        "provisioning": state.provisioning,
        "listedAt": _when(state.listed_at),
        "progressedAt": _when(state.progressed_at),
        "queued": {
            lane.name.lower().replace("_", "-"): count for lane, count in sorted(state.queued.items())
        },
        "error": state.error or None,
        "failures": state.failures,
        "heldDigest": state.held_digest or None,
        "held": held_rows(state.held, command),
        "credentials": ends_rows(state.ends),
        "conditions": [] if status is None else [condition_row(each) for each in status.conditions],
    }


def _when(seconds: float | None) -> str | None:
    return timestamp(seconds) if seconds else None
