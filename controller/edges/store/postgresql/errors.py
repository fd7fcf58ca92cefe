"""Errors of PostgreSQL: what went wrong and what to do about it, without passwords."""

from collections.abc import Iterable

from sqlalchemy.exc import DataError, DBAPIError

from controller.edges.store.database import BUSY_TIMEOUT
from controller.errors import StoreError
from controller.model.secret import Secret
from controller.model.text import mask

_ADVICE = {
    "08": "the connection failed; check that the server runs and can be reached; it is tried again",
    "25006": "that server only reads: give the address of the primary server",
    "25P03": "this process was stopped in the middle of a write, and the server undid it; it is tried again",
    "28": "check the user and its password (in the URL, PGPASSWORD or PGPASSFILE)",
    "3D000": "create the database first; the store makes its own tables in it",
    "40": "two writes met; the write is tried again",
    "42501": "give the user this right (docs/store.md lists all that are needed)",
    "42": "its tables are not ours, or were changed by hand; give another database",
    "3F": "its tables are gone; restore a copy, or give another database",
    "53100": "the server's disk is full; free some space, then try again",
    "53300": "the server has no connection left: each process needs two",
    "55P03": f"another process locked it for {BUSY_TIMEOUT:.0f} s; find that process, then try again",
    "57": "the server ended the connection; it is tried again",
    "XX": "the server reports that it is damaged; restore a copy",
}
_UNREACHED = (
    "check that the server runs and can be reached, the database's name, and the user and its password "
    "(in the URL, PGPASSWORD or PGPASSFILE); it is tried again"
)
_TEXT = "that text cannot be stored; nothing was written"
_OTHER = "see the server's log"


def refused(place: str, error: DBAPIError, hidden: Iterable[str]) -> StoreError:
    """Return *error* as what went wrong with the store at *place*, with advice. *hidden* is masked."""
    cause = error.orig or error
    state = getattr(cause, "sqlstate", None) or ""
    message = " ".join(str(cause).split()) or "no message"
    message = mask(message, map(Secret, filter(None, hidden)))
    advice = _TEXT if isinstance(error, DataError) and not state else _advice(state)
    return StoreError(f"the store {place}: {message} ({state or type(cause).__name__}): {advice}")


def _advice(state: str) -> str:
    if not state:
        return _UNREACHED
    fitting = [known for known in _ADVICE if state.startswith(known)]
    return _ADVICE[max(fitting, key=len)] if fitting else _OTHER
