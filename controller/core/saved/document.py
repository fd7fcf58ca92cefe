"""The document of a saved plan: what a file holds, and whether it may be applied."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NoReturn

import jsonschema_rs

from controller.core.planning.changes.effects import subject_of
from controller.core.planning.digest import Canonical, digest
from controller.core.saved.rows import plan_row
from controller.core.saved.saved_plan import SavedPlan
from controller.core.timestamp import timestamp
from controller.errors import PlanFileError
from controller.model.manifest import Desired
from controller.model.plan import Item, Plan
from controller.model.source import SourceFile

KIND = "gupshup.controller/saved-plan"
VERSION = "1.0"
"""Another first figure is another format. Additions raise the second one."""

SKEW = 300.0
"""Seconds by which the clocks of two machines may differ."""

_AGAIN = "plan again"


def saved_document(saved: SavedPlan) -> dict[str, Canonical]:
    """Return the whole content of a file. Its `digest` is that of all the rest."""
    content: dict[str, Canonical] = {
        "kind": KIND,
        "formatVersion": VERSION,
        "created": saved.created,
        "revision": saved.revision,
        "since": dict(saved.since) or None,
        "upstreams": dict(sorted(saved.upstreams.items())),
        "wholeApps": sorted(saved.whole_apps),
        "manifests": [{"path": file.path, "text": file.data.decode()} for file in saved.files],
        "plans": [plan_row(plan) for plan in saved.plans],
    }
    return {**content, "digest": digest(content)}


def needed_apps(plans: Sequence[Plan]) -> frozenset[str]:
    """Return the names of the apps that *plans* would change."""
    return frozenset(item.app for plan in plans for item in _subjects(plan))


def needed_files(
    apps: frozenset[str], desired: Desired, files: Sequence[SourceFile]
) -> tuple[SourceFile, ...]:
    """Return those of *files* that declare *apps*, their subscriptions, or a partner.

    Whatever else is in such a file may name apps of other files. These files are among them, too.
    """
    wanted = (each for each in desired.subscriptions if each.app in apps)
    of_apps = (app for app in desired.apps if app.name in apps)
    declared = (*(each.place for each in desired.partners), *(app.place for app in of_apps))
    paths = {place.file for place in (*declared, *(each.place for each in wanted))}
    paths |= _referred_to(paths, desired)
    return tuple(file for file in files if file.path in paths)


def _referred_to(paths: AbstractSet[str], desired: Desired) -> AbstractSet[str]:
    """Return the files of the apps that the files at *paths* name, and so on. A selector names no app."""
    places = Counter(each.place for each in desired.subscriptions)
    declared = {app.name: app.place.file for app in desired.apps}
    names: dict[str, set[str]] = defaultdict(set)
    for each in desired.subscriptions:
        if places[each.place] == 1:
            names[each.place.file].add(declared[each.app])
    found, new = set(paths), set(paths)
    while new:
        new = {path for each in new for path in names[each]} - found
        found |= new
    return found


def _subjects(plan: Plan) -> Iterator[Item]:
    held = (each.action for each in plan.held)
    waiting, blocked = (each.effect for each in plan.waiting), (each.effect for each in plan.blocked)
    for effect in (*plan.actions, *held, *waiting, *blocked):
        if effect is not None:
            yield subject_of(effect)[1]


def read_document(text: str, schema: Mapping[str, object]) -> dict[str, Any]:
    """Return the document in *text*. Raises PlanFileError if it is none, or is not as it was written."""
    try:
        document = json.loads(text, parse_constant=_refuse, object_pairs_hook=_each_once)
        _check(document, schema)
        content = {name: value for name, value in document.items() if name != "digest"}
        found = digest(content)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise PlanFileError(f"it is no whole plan: {error.msg} at {where}; {_AGAIN}") from None
    except (ValueError, RecursionError):  # half characters, endless figures, a key twice, a thousand brackets
        raise PlanFileError(f"it is no plan; {_AGAIN}") from None
    if found != document["digest"]:
        raise PlanFileError(f"it was changed after it was made: its digest is {found} now; {_AGAIN}")
    return dict(document)


def refuse_age(created: float, now: float, most: float) -> None:
    """Raise PlanFileError if a plan of *created* is older than *most* seconds, or from the future."""
    made = f"it was made at {timestamp(created)}"
    if created > now + SKEW:
        raise PlanFileError(f"{made}, which is still to come: check the clocks; {_AGAIN}")
    if now - created > most:
        raise PlanFileError(f"{made}, longer ago than --max-age allows; {_AGAIN}")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _each_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return the mapping of *pairs*. A reader of the file must not see another value than we do."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key twice")
    return found


def _check(document: object, schema: Mapping[str, object]) -> None:
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise PlanFileError("it is no saved plan, which `gupshupctl plan --out FILE` writes")
    version = str(document.get("formatVersion"))
    if version.partition(".")[0] != VERSION.partition(".")[0]:
        known = f"this gupshupctl knows {VERSION}: use the version that made it"
        raise PlanFileError(f"its format is {version:.20}, and {known}, or {_AGAIN}")
    validator = jsonschema_rs.Draft202012Validator(dict(schema), offline=True)
    for error in validator.iter_errors(document):
        where = "/".join(map(str, error.instance_path)) or "its top"
        raise PlanFileError(f"it is not as `plan --out` writes it, at {where:.200}: {error.message:.200}")
    if sorted(plan["partner"] for plan in document["plans"]) != sorted(document["upstreams"]):
        raise PlanFileError(f"it has not one plan for each of its accounts; {_AGAIN}")
