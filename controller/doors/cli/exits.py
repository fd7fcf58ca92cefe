"""Exit codes: one for each way to fail, and one message that a person can act on."""

import sys
import traceback
from collections.abc import Iterable, Mapping

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

WORST_FIRST = (INTERRUPTED, DENIED, LOCKED, USAGE, ERROR, FAILED, HELD, CONVERGING)
"""The codes that the part of one partner may have in a run."""

_CODES: Mapping[type[Exception], int] = {
    ManifestError: INVALID,
    PlanRefused: HELD,
    AccountError: ERROR,  # before Denied, of which it is a kind
    Denied: DENIED,
    Locked: LOCKED,
    Usage: USAGE,
}


def code_of(error: Exception) -> int:
    """Return the exit code of an error that ended a run."""
    return next((code for kind, code in _CODES.items() if isinstance(error, kind)), ERROR)


def worst(codes: Iterable[int]) -> int:
    """Return the worst of *codes*. A code that is not in `WORST_FIRST` counts as an error."""
    failures = set(codes) - {OK}
    return next((code for code in WORST_FIRST if code in failures), ERROR if failures else OK)


def after_refusal(refusal: Exception, code: int) -> int:
    """Return the code of a run over the last good revision: the source's own, unless *code* is worse."""
    return beside_source(code_of(refusal), code)


def beside_source(source: int, code: int) -> int:
    """Return the code of a run beside a *source* with a code of its own: that one, unless *code* is worse."""
    return code if source == OK or code in WORST_FIRST[: WORST_FIRST.index(FAILED)] else source


def print_error(error: Exception) -> None:
    """Print on stderr why a run ended: one line for each problem, then one message. Never a traceback."""
    if isinstance(error, ManifestError):
        from controller.core.render import problems  # noqa: PLC0415  (slow to import, and rarely needed)

        click.echo(problems.coloured(error.problems), err=True, nl=False, color=None)
    click.echo(f"Error: {message_of(error)}", err=True)
    if isinstance(error, ManifestError) and sys.stderr is not None and sys.stderr.isatty():
        click.echo(problems.more_about(error.problems), err=True, nl=False)


def message_of(error: Exception) -> str:
    """Return one message for a person: never a secret, and never the text of a foreign error."""
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
    """Return the deepest line of our own code. A foreign message may hold a secret, so it is not shown."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "controller" in frame.filename] or list(frames)
    last = ours[-1] if ours else None
    return f"{last.filename.rpartition('controller/')[2]}:{last.lineno}" if last else "nowhere"
