"""Health: alive and ready, for whoever starts and restarts the process; two words, and nothing else."""

import asyncio

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from controller.edges.store import SqlStore
from controller.errors import StoreError
from controller.loop.run.control import LoopControl

PATIENCE = 2.0
FRESH = 1.0
"""An answer about the store is worth this many seconds, so that asking often costs little."""


class Health:
    """*still* is for how many seconds a partner's loop may not move before the process counts as stuck."""

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
        """Answer 503 if a loop stands still. One that never moved counts from the start."""
        limit = self._control.now() - self._still
        moves = (max(partner.progressed_at, self._began) for partner in self._control.partners())
        return _word("ok") if all(moved >= limit for moved in moves) else _word("the loop stands still", 503)

    async def ready(self, _: Request) -> Response:
        if not self._control.source().read:
            return _word("the source was not read yet", 503)
        return _word("ok") if await self._reachable() else _word("the store is out of reach", 503)

    async def _reachable(self) -> bool:
        """Ask the store, and never twice at once: one that hangs is not to be buried in questions."""
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


def _word(text: str, status: int = 200) -> Response:
    return PlainTextResponse(f"{text}\n", status)
