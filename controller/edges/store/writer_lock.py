"""The writer lock: one process at a time writes for an upstream, in every kind of store."""

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
    """The lock of one writer."""

    def holds(self) -> bool:
        """Return whether the lock still keeps others out. Once False, it stays False.

        Cheap, and without a query: called right before the bytes of a write go out.
        """
        ...


class WriterLocks(Protocol):
    """Makes one process at a time the writer of an upstream."""

    def hold(self, upstream: str, timeout: float) -> AbstractAsyncContextManager[WriterLock]: ...

    async def holder(self, upstream: str) -> str:
        """Return the process that writes for *upstream* now, in words; "" if there is none."""
        ...

    def fence(self, connection: Connection, upstream: str) -> str:
        """Keep the lock of *upstream* until the transaction ends, and return a mark of this lease.

        Raises Locked if this process is no longer the writer: the transaction is rolled back then.
        """
        ...

    async def close(self) -> None: ...


def taken(upstream: str, holder: str) -> Locked:
    """Return the error after a wait for *holder* in vain."""
    return Locked(f"{upstream}: another writer holds it: {holder}; wait for it, or raise --lock-timeout")


def signature(now: float) -> str:
    """Return a writer's description of itself, for other processes."""
    since = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
    host = socket.gethostname()
    return json.dumps({"pid": os.getpid(), "host": host, "command": _command(), "since": since})


def signed(text: str) -> str:
    """Return the writer of the signature *text*, in words."""
    try:
        by = json.loads(text)
        return f"pid {int(by['pid'])}, {by['command']!s} on {by['host']!s}, since {by['since']!s}"
    except (ValueError, KeyError, TypeError):
        return "a process without a signature"


def _command() -> str:
    """Return the program and its verb, without any argument that a person may have typed."""
    verb = [word for word in sys.argv[1:2] if word.isalpha()]
    return " ".join([Path(sys.argv[0]).name, *verb])
