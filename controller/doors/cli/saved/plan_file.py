"""Files of saved plans: written by `plan --out`, shown by `show`, done by `apply`."""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from stat import S_ISREG
from tempfile import mkstemp
from typing import NamedTuple

from controller.core.saved.document import KIND, needed_apps, needed_files, read_document, saved_document
from controller.core.saved.restore import restored
from controller.core.saved.saved_plan import SavedPlan
from controller.doors.cli.options.arguments import is_plan_file
from controller.doors.cli.source.load import Loaded, decode_source
from controller.edges import settings
from controller.edges.source import schemas
from controller.errors import ControllerError, ManifestError, PlanFileError, Usage
from controller.model.manifest import Desired
from controller.model.plan import Plan
from controller.model.problem import Problem
from controller.model.source import Source, SourceFile
from controller.model.text import escape

MOST_BYTES = 256 << 20
"""A plan of 10,000 apps, each with five webhooks, takes a tenth of this."""

_BEGINNING = 200
"""Bytes of a file that show whether it is a saved plan: its kind stands first."""


class LoadedPlan(NamedTuple):
    """A saved plan, and what the manifests in it declare."""

    saved: SavedPlan
    loaded: Loaded


def prepare_plan_file(path: str) -> None:
    """Remove an earlier plan: it must not be taken for the one to come, if that fails.

    Raises Usage for a name that is not one of a plan, and for a file that holds something else,
    ControllerError if the file cannot be removed.
    """
    if not is_plan_file(path):
        raise Usage(f"--out takes a file whose name ends in .json; not {path!r:.80}")
    file = Path(path)
    try:
        if file.is_file() and not file.is_symlink() and not _begins_a_plan(file):
            raise Usage(f"--out {path}: this file is no saved plan, and would be lost: name another file")
        file.unlink(missing_ok=True)
    except OSError as error:
        raise ControllerError(f"cannot save the plan as {path}: {error.strerror}") from error


def _begins_a_plan(file: Path) -> bool:
    """Return whether *file* is empty, or begins as a saved plan does; it may be cut off."""
    with file.open("rb") as stream:
        begin = stream.read(_BEGINNING)
    return not begin or KIND.encode() in begin


def save_plan(path: str, saved: SavedPlan) -> str:
    """Write the plan to *path*, for its owner to read, whole or not at all. Return its digest."""
    document, file = saved_document(saved), Path(path)
    data = f"{json.dumps(document, indent=1, ensure_ascii=False)}\n".encode()
    try:
        descriptor, part = mkstemp(dir=file.parent, prefix=f".{file.name:.50}.")  # new, 0600, no link
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            Path(part).replace(file)
        except BaseException:  # also of a signal: the draft goes
            with suppress(OSError):
                Path(part).unlink()
            raise
    except OSError as error:
        raise ControllerError(f"cannot save the plan as {path}: {error.strerror}") from error
    return str(document["digest"])


def saved_plan(
    plans: Sequence[Plan], loaded: Loaded, upstreams: Mapping[str, str], now: float, *, whole: bool
) -> SavedPlan:
    """Return *plans* as they are saved. *whole*: all that is declared for their apps was planned."""
    apps, desired = needed_apps(plans), loaded.desired
    return SavedPlan(
        created=now,
        revision=desired.revision,
        upstreams=upstreams,
        files=needed_files(apps, desired, loaded.source.files),
        plans=tuple(plans),
        whole_apps=apps if whole and desired.complete else frozenset(),
    )


def load_plan(path: str) -> LoadedPlan:
    """Return the plan in the file *path*, which nobody has to trust: its manifests are decoded like others.

    Raises PlanFileError if it is none that can be applied, ManifestError if its manifests break a rule here.
    """
    try:
        return _loaded(_text(path))
    except PlanFileError as error:
        raise PlanFileError(f"{path}: {escape(str(error))}") from None
    except ManifestError as error:
        raise ManifestError([_within(path, one) for one in error.problems]) from None


def _within(path: str, one: Problem) -> Problem:
    """Return a problem of a manifest in the plan at *path*, with its place there."""
    return replace(one, place=replace(one.place, file=f"{path}/{one.place.file}"))


def _text(path: str) -> str:
    try:
        if not S_ISREG(Path(path).stat().st_mode):  # a pipe may never end
            raise PlanFileError(
                "it is no regular file (a folder, pipe, socket or device); name the file of `plan --out`"
            )
        with Path(path).open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise PlanFileError("it is too large for a plan")
        return data.decode()
    except OSError as error:
        raise PlanFileError(f"cannot read it: {error.strerror}") from error
    except UnicodeDecodeError:
        raise PlanFileError("it is no plan: it holds no UTF-8 text") from None


def _loaded(text: str) -> LoadedPlan:
    document = read_document(text, schemas.saved_plan())
    files = tuple(SourceFile(each["path"], each["text"].encode()) for each in document["manifests"])
    source = Source(document["digest"], document["revision"], files, complete=False)
    rules = settings.rules(os.environ)
    decoded = decode_source(source, rules)
    if decoded.desired is None:
        raise ManifestError(decoded.problems)
    desired = _narrowed(decoded.desired, frozenset(document["wholeApps"]))
    saved = SavedPlan(
        created=document["created"],
        revision=document["revision"],
        upstreams=document["upstreams"],
        files=files,
        plans=restored(document["plans"], desired),
        whole_apps=desired.whole_apps,
        since=document["since"] or {},
        digest=document["digest"],
    )
    return LoadedPlan(saved, Loaded(source, desired, rules))


def _narrowed(desired: Desired, whole: frozenset[str]) -> Desired:
    return replace(desired, complete=False, whole_apps=whole & {app.name for app in desired.apps})
