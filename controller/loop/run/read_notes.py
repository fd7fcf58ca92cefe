"""Notes of reads of the source: what came of the last one, in the store, for commands beside `run`."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace

from controller.core.render.problems import text
from controller.errors import ControllerError, ManifestError, StoreError
from controller.loop.ports import SourceReads
from controller.model.passes import SourceRead, SourceState
from controller.model.problem import Severity

MOST_PROBLEMS = 20
"""Problems that a note names; `validate` lists all."""


class ReadNotes:
    """Notes each read that a process asked for, and each that shows something new."""

    def __init__(self, reads: SourceReads) -> None:
        self._reads = reads
        self._asked = False
        self._noted: object = None

    def ask(self) -> None:
        """Have the next read that begins be noted in any case."""
        self._asked = True

    def begin(self) -> bool:
        """Return whether the read that begins now was asked for."""
        asked, self._asked = self._asked, False
        return asked

    async def note(self, read: SourceRead, upstreams: Collection[str], *, asked: bool, settled: bool) -> None:
        """Note *read* for *upstreams* and its source; later if it is not *settled*, or the store is away."""
        shown = (replace(read, began=0.0), frozenset(upstreams))
        if settled and (asked or shown != self._noted):
            with suppress(StoreError):  # the loops report it, and the next read tries again
                await self._reads.note({read.state.identity, *upstreams}, read)
                self._noted = shown
                return
        self._asked |= asked


def source_read(state: SourceState, began: float, refusal: ControllerError | None) -> SourceRead:
    """Return the read that *began* then, with the problems that *refusal* has."""
    if refusal is None:
        return SourceRead(state, began)
    found = refusal.problems if isinstance(refusal, ManifestError) else ()
    problems = [problem for problem in found if problem.severity is Severity.ERROR]
    return SourceRead(state, began, type(refusal).__name__, text(problems[:MOST_PROBLEMS]))
