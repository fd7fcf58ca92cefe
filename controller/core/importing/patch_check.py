"""Check of a patch of manifests: with it they are valid, and what it changes is as Gupshup has it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from controller.core.decode.document import Document
from controller.core.importing.account import Key, LeftOut, ManifestKey
from controller.core.importing.check import Unfit, behind, invalid, rule_broken, unsettled
from controller.core.importing.differences import AccountsRead, Difference, Documents, by_key, findings
from controller.core.importing.files import ImportedFiles
from controller.core.planning.actions import item_of
from controller.core.planning.matched_app import match_apps
from controller.core.planning.plan import plan
from controller.core.writing.whole import WholeSource
from controller.model.manifest import Desired
from controller.model.plan import (
    Action,
    Item,
    Kind,
    Link,
    Observed,
    Update,
)
from controller.model.problem import Place, Problem, Severity
from controller.model.source import SourceFile

_ELSEWHERE = "its place in the file cannot be told surely"
_STILL = "with that, the manifest would still differ from Gupshup"


@dataclass(frozen=True, slots=True, order=True)
class Left:
    """What differs at *place* and is in no patch, and *why*. *absent*: Gupshup does not have it."""

    place: Place
    subject: str
    why: str
    absent: bool = False


@dataclass(frozen=True, slots=True)
class ManifestPatch:
    """*new* files; each *changed* file's text, before and after; the *fields* that change, by manifest."""

    new: ImportedFiles
    changed: Mapping[str, tuple[str, str]]
    fields: Mapping[ManifestKey, Collection[str]]
    left: tuple[Left, ...]

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        return self.new.left_out


def failures(patch: ManifestPatch, reading: AccountsRead, whole: WholeSource) -> Iterator[tuple[Key, str]]:
    """Yield what has to be left out of *patch*, each with the reason. Raises Unfit if *whole* is invalid."""
    files = [_patched(file, patch) for file in whole.source.files]
    files += behind(patch.new)
    after = replace(whole, source=replace(whole.source, files=tuple(files)))
    decoded = after.decoded()
    if decoded.desired is None:
        errors = [one for one in decoded.problems if one.severity is Severity.ERROR]
        yield from _invalid(patch, after, errors)
        return
    documents = by_key(after)
    yield from unsettled(patch.new, decoded.desired, reading.accounts, reading.now)
    yield from _misplaced(patch, by_key(whole), documents)
    for one in findings(decoded.desired, documents, reading):
        if isinstance(one, Difference) and one.field in patch.fields.get(one.key, ()):
            yield one.key, _STILL
    yield from _planned(patch, decoded.desired, reading)


def _patched(file: SourceFile, patch: ManifestPatch) -> SourceFile:
    return replace(file, data=patch.changed[file.path][1].encode()) if file.path in patch.changed else file


def _invalid(
    patch: ManifestPatch, after: WholeSource, errors: Sequence[Problem]
) -> Iterator[tuple[Key, str]]:
    """Yield what the errors are about. If they are elsewhere, the changes of apps are to blame, or all."""
    documents = by_key(after)
    found: dict[Key, str] = dict(invalid(patch.new, errors))
    for one in errors:
        key = _key_at(documents, one.place)
        if key is not None and key in patch.fields:
            found.setdefault(key, rule_broken(one))
    suspects = [key for key in patch.fields if key.kind is Kind.APP] or list(patch.fields)
    if not (found or suspects):
        raise Unfit(tuple(errors))
    why = f"with that, {errors[0].place} would be wrong: {rule_broken(errors[0])}"
    yield from (found or dict.fromkeys(suspects, why)).items()


def _key_at(documents: Documents, place: Place) -> ManifestKey | None:
    """Return the manifest that begins last before *place*, in the same file."""
    before = [
        (document.place, key)
        for key, document in documents.items()
        if document.place.file == place.file and document.place <= place
    ]
    return max(before)[1] if before else None


def _misplaced(patch: ManifestPatch, before: Documents, after: Documents) -> Iterator[tuple[Key, str]]:
    """Yield every change of a file in which something else changed, too."""
    for key, document in before.items():
        other = after.get(key)
        fields = patch.fields.get(key, ())
        if other is None or _without(document, fields) != _without(other, fields):
            for each in patch.fields:
                if before[each].source.path == document.source.path:
                    yield each, _ELSEWHERE


def _without(document: Document, fields: Collection[str]) -> Mapping[str, object]:
    spec = document.get("spec")
    others = (
        {name: value for name, value in spec.items() if name not in fields}
        if isinstance(spec, dict)
        else spec
    )
    return {**document.value, "spec": others}


def _planned(patch: ManifestPatch, desired: Desired, reading: AccountsRead) -> Iterator[tuple[Key, str]]:
    """Yield what a plan would do about a field that the patch changes, and apps that it could not match."""
    for account in reading.accounts:
        partner = next(one for one in desired.partners if one.name == account.partner.name)
        observed = Observed(reading.now, account.rows, account.facts)
        planned = plan(match_apps(desired, partner, observed))
        for action in planned.actions:
            if not _touched(action).isdisjoint(patch.fields.get(_key(item_of(action)), ())):
                yield _key(item_of(action)), _STILL
        for blocked in planned.blocked:
            if blocked.item.kind is Kind.APP and _key(blocked.item) in patch.fields:
                yield _key(blocked.item), f"{blocked.reason}: {blocked.message}"


def _key(item: Item) -> ManifestKey:
    return ManifestKey(item.kind, item.name)


def _touched(action: Action) -> frozenset[str]:
    """Return the fields that an action would change at Gupshup and that Gupshup shows."""
    link = action.app.link_fields if isinstance(action, Link) else ()
    return frozenset(action.changes if isinstance(action, Update) else link)
