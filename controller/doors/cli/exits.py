"""What a run ends with: one number a way to fail, and one message a person can act on."""

import traceback
from collections.abc import Mapping

import click

from controller.errors import (
    AccountError,
    ControllerError,
    Denied,
    Locked,
    ManifestError,
    PlanRefused,
    Usage,
)

OK = 0
ERROR = 1
CHANGES = 2
INVALID = 3
HELD = 4
FAILED = 5
CONVERGING = 6
DENIED = 7
LOCKED = 8
USAGE = 64
INTERRUPTED = 130

_CODES: Mapping[type[Exception], int] = {
    ManifestError: INVALID,
    PlanRefused: HELD,
    AccountError: ERROR,  # before what it is a kind of
    Denied: DENIED,
    Locked: LOCKED,
    Usage: USAGE,
}


def code_of(error: Exception) -> int:
    """Return the exit code of an error that ended a run."""
    return next((code for kind, code in _CODES.items() if isinstance(error, kind)), ERROR)


def report(error: Exception) -> None:
    """Tell on stderr why a run ended: problems one a line, the rest in one message, never a traceback."""
    if isinstance(error, ManifestError):
        from controller.core.render import problems  # noqa: PLC0415  (slow to import, and mostly not needed)

        click.echo(problems.coloured(error.problems), err=True, nl=False, color=None)
    click.echo(f"Error: {_words(error)}", err=True)


def _words(error: Exception) -> str:
    match error:
        case ControllerError():
            return str(error)
        case click.ClickException():
            return error.format_message()
        case OSError(strerror=str(why), filename=str(name)):
            return f"{name}: {why}"
        case OSError(strerror=str(why)):
            return why
        case MemoryError():
            return "out of memory"
        case _:
            return f"{type(error).__name__} in {_origin(error)}: this is a bug; please report what you ran"


def _origin(error: Exception) -> str:
    """Return the deepest place of our own: a foreign message may hold what nobody should read."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "controller" in frame.filename] or list(frames)
    last = ours[-1] if ours else None
    return f"{last.filename.rpartition('controller/')[2]}:{last.lineno}" if last else "nowhere"
