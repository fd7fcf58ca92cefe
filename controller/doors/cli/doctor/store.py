"""The check of the store, and a store to look with: none is made, and none is upgraded."""

import asyncio
import os
from pathlib import Path

from controller.core.doctor.installation import of_store
from controller.doors.cli.doctor.diagnoses import Diagnoses
from controller.edges.clock import SystemClock
from controller.edges.store import SqlStore, chosen_location, in_memory, inspect, open_store
from controller.errors import ControllerError
from controller.model.memory import StoreFacts

_WHY = "doctor makes no store, and upgrades none"


async def check_store(found: Diagnoses, given: str | None) -> StoreFacts | None:
    """Look at the store, and return what it is; None if that cannot be said."""
    try:
        facts = await asyncio.to_thread(inspect, _location(given))
        found.extend(of_store(facts))
    except (ControllerError, OSError) as error:
        found.add_error("store", error)
        return None
    return facts


def opened_to_look(given: str | None, facts: StoreFacts | None) -> SqlStore:
    """Return the store as it is, if nothing about it has to change; else one in memory: a copy, or empty."""
    clock = SystemClock()
    if facts is None:
        return in_memory(Path(os.devnull, "store"), clock, _WHY)
    try:
        if facts.is_current and facts.writable:
            return open_store(_location(given), clock, make=False)
        return in_memory(_location(given), clock, _WHY)
    except ControllerError:
        return in_memory(Path(os.devnull, "store"), clock, _WHY)


def stands_in(store: SqlStore, facts: StoreFacts | None) -> bool:
    """Return whether *store* is empty, in place of one that cannot be read, or not without an upgrade."""
    return facts is None or bool(store.passing and facts.version and facts.size is None)


def _location(given: str | None) -> str:
    return chosen_location(given, os.environ, Path.cwd())
