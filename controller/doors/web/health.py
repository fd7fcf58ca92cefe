"""Health endpoints for a supervisor: `/healthz` (alive) and `/readyz` (ready), each with a short answer."""

import asyncio

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from controller.edges.store import SqlStore
from controller.errors import StoreError
from controller.loop.run.control import LoopControl
from controller.model.passes import SourceState

PATIENCE = 2.0
FRESH = 1.0
"""Seconds for which an answer about the store is reused, so that frequent requests cost little."""


class Health:
    """The two endpoints. The process is stuck if a partner's loop made no progress for *still* seconds."""

    def __init__(self, control: LoopControl, store: SqlStore, still: float) -> None:
        self._control = control
        self._store = store
        self._still = still
        self._began = control.now()
        self._asked = 0.0
        self._probe: asyncio.Task[bool] | None = None

    def routes(self) -> list[Route]:
        return [Route("/healthz", self.alive), Route("/readyz", self.ready)]

    async def alive(self, _: Request) -> Response:
        """Answer 503 if a loop makes no progress. Without any progress yet, the start counts."""
        limit = self._control.now() - self._still
        progress = (max(partner.progressed_at, self._began) for partner in self._control.partners())
        return _word("ok") if all(at >= limit for at in progress) else _word("the loop stands still", 503)

    async def ready(self, _: Request) -> Response:
        source = self._control.source()
        if not source.read:
            return _word(_why(source), 503)
        return _word("ok") if await self._reachable() else _word("the store is out of reach", 503)

    async def _reachable(self) -> bool:
        """Query the store, with one query at a time: a store that hangs must not get more of them."""
        now = self._control.now()
        if self._probe is None or (self._probe.done() and now - self._asked >= FRESH):
            self._asked = now
            self._probe = asyncio.create_task(self._reach())
        await asyncio.wait({self._probe}, timeout=PATIENCE)
        return self._probe.done() and self._probe.result()

    async def _reach(self) -> bool:
        try:
            await self._store.reachable()
        except StoreError:
            return False
        return True


def _why(source: SourceState) -> str:
    """Return why no source was accepted yet, without names: anybody may ask."""
    if source.waiting:
        return "the source is being written; /api/v1/source says what has to happen first"
    if source.rejected:
        return "the source was read and cannot be accepted; /api/v1/source and the log say why"
    if source.error:
        return "the source cannot be read; /api/v1/source and the log say why"
    return "the source was not read yet"


def _word(text: str, status: int = 200) -> Response:
    return PlainTextResponse(f"{text}\n", status)
