"""The check of the source: whether the manifests can be read, and whether they are valid."""

import asyncio
import os

from controller.core.doctor.diagnosis import CheckResult, Diagnosis
from controller.doors.cli.doctor.diagnoses import Diagnoses
from controller.doors.cli.exits import INVALID
from controller.doors.cli.source.load import decode_source
from controller.doors.cli.source.location import Branch, SourceLocation, open_source
from controller.edges import settings
from controller.edges.clock import SystemClock
from controller.edges.source import directory
from controller.errors import ControllerError, SourceError
from controller.model.manifest import Desired
from controller.model.source import Decoded, Rules, Source

_NOTHING = Source("", "", ())


async def check_source(found: Diagnoses, location: SourceLocation) -> Desired:
    """Read and decode, and return what is declared. If that fails, it is the partner of the environment."""
    try:
        rules = settings.rules(os.environ)
        source = await _read(location)
    except (ControllerError, OSError) as error:
        found.add_error("source", error)
        return _undeclared()
    decoded = await asyncio.to_thread(decode_source, source, rules)
    if decoded.desired is None:
        message = f"{source.identity}: {decoded.errors} errors in the manifests"
        found.add(
            Diagnosis("source", CheckResult.WRONG, message, "`gupshupctl validate` shows each"), code=INVALID
        )
        return _undeclared()
    found.add(Diagnosis("source", CheckResult.OK, _words(source, decoded, decoded.desired)))
    return decoded.desired


async def _read(location: SourceLocation) -> Source:
    if not isinstance(location, Branch):
        return await asyncio.to_thread(directory.read, location)
    async with open_source(location, SystemClock()) as opened:
        source = await opened.read("")
    if source is None:
        raise SourceError(f"{opened.identity}: nothing was read")
    return source


def _words(source: Source, decoded: Decoded, desired: Desired) -> str:
    """Return what is declared, counted as `validate` does: subscriptions as written, and their webhooks."""
    hooks = _count(len(desired.subscriptions), "webhook")
    words = (
        _count(len(desired.apps), "app"),
        f"{_count(decoded.subscriptions, 'subscription')} ({hooks})",
        _count(len(desired.partners), "partner"),
        _count(decoded.warnings, "warning"),
    )
    return f"{source.identity} at {source.revision[:19]}: {', '.join(words)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _undeclared() -> Desired:
    """Return the partner that the environment declares, with nothing else."""
    try:
        decoded = decode_source(_NOTHING, settings.rules(os.environ))
    except ControllerError:
        decoded = decode_source(_NOTHING, Rules())
    return decoded.desired or Desired("")
