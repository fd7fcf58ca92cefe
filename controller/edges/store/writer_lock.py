"""The lock of an upstream's one writer, whichever store keeps others out."""

import json
import os
import socket
import sys
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

from controller.errors import Locked


class WriterLock(Protocol):
    """A writer's right while it lasts."""

    def holds(self) -> bool:
        """Whether others are still kept out; once false it stays so.

        Cheap, and asks nobody: made to be asked right before the bytes of a write go out.
        """
        ...


class WriterLocks(Protocol):
    """Makes one process at a time the writer of an upstream."""

    def hold(self, upstream: str, timeout: float) -> AbstractAsyncContextManager[WriterLock]: ...

    async def holder(self, upstream: str) -> str:
        """Return who writes for *upstream* now, in words; "" if nobody does."""
        ...

    def fence(self, connection: Connection, upstream: str) -> str:
        """Keep *upstream* this process's until the transaction ends, and return the mark of this hold.

        Raises Locked if it is not its writer any more: then nothing of the transaction stays.
        """
        ...

    async def close(self) -> None: ...


def taken(upstream: str, holder: str) -> Locked:
    """Return the error for whoever waited for *holder* in vain."""
    return Locked(f"{upstream}: another writer holds it: {holder}; wait for it, or raise --lock-timeout")


def signature(now: float) -> str:
    """Return what a writer says of itself for others to read."""
    since = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
    host = socket.gethostname()
    return json.dumps({"pid": os.getpid(), "host": host, "command": _command(), "since": since})


def signed(text: str) -> str:
    """Return who wrote the signature *text*, in words."""
    try:
        by = json.loads(text)
        return f"pid {int(by['pid'])}, {by['command']!s} on {by['host']!s}, since {by['since']!s}"
    except (ValueError, KeyError, TypeError):
        return "it did not say who it is"


def _command() -> str:
    """Return the program and its verb: nothing that a person might have typed after them."""
    verb = [word for word in sys.argv[1:2] if word.isalpha()]
    return " ".join([Path(sys.argv[0]).name, *verb])
