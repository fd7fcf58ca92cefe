"""A patch of the manifests: with it, they declare what an account has, as far as it shows it.

It is decoded and planned before it is returned: what is not valid, or would still differ, is left out.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from controller.core.decode.document import Document, SourceText
from controller.core.decode.quoting import shown
from controller.core.importing.account import Key, ManifestKey
from controller.core.importing.check import Unfit
from controller.core.importing.differences import (
    AccountsRead,
    Difference,
    Uncompared,
    Undeclared,
    by_key,
    findings,
)
from controller.core.importing.files import ImportedFiles, Surroundings, imported_files, webhook_files
from controller.core.importing.patch_check import Left, ManifestPatch, failures
from controller.core.writing.whole import WholeSource
from controller.core.writing.yaml_edit import Edit, Outline, Uncertain, Value, edited
from controller.model.phone import masked
from controller.model.plan import Kind

_LINKED = "a symbolic link leads to its file, and no patch follows one"


def patch_of(
    reading: AccountsRead, around: Surroundings, whole: WholeSource, linked: Collection[str] = ()
) -> ManifestPatch:
    """Return the patch of a source. *linked* are its paths that lead through a symbolic link.

    Each round leaves out what failed, so that there is an end. Raises Unfit if the source is not valid.
    """
    patching = _Patching(reading, around, whole, linked)
    excluded: dict[Key, str] = {}
    while True:
        patch = patching.without(excluded)
        failed = dict(failures(patch, reading, whole))
        if not failed:
            return patch
        excluded |= failed


class _Patching:
    """All that differs, and the places in the files."""

    def __init__(
        self, reading: AccountsRead, around: Surroundings, whole: WholeSource, linked: Collection[str]
    ) -> None:
        self._reading, self._around, self._whole, self._linked = reading, around, whole, linked
        self._documents = by_key(whole)
        self._outlines: dict[str, Outline] = {}
        decoded = whole.decoded()
        if decoded.desired is None:
            raise Unfit(decoded.problems)
        found = findings(decoded.desired, self._documents, reading)
        self._differences = [one for one in found if isinstance(one, Difference)]
        self._undeclared = [(one.app, one.read) for one in found if isinstance(one, Undeclared)]
        self._left = [self._uncompared(one) for one in found if isinstance(one, Uncompared)]

    def without(self, excluded: Mapping[Key, str]) -> ManifestPatch:
        """Return the patch without what is *excluded*, each for its reason."""
        edits: dict[str, list[Edit]] = defaultdict(list)
        fields: dict[ManifestKey, set[str]] = defaultdict(set)
        left = list(self._left)
        for one in self._differences:
            document = self._documents[one.key]
            try:
                edit = self._edit(one, document, excluded)
            except Uncertain as uncertain:
                left.append(_left(one, document, str(uncertain)))
            else:
                edits[document.source.path].append(edit)
                fields[one.key].add(one.field)
        texts = {file.path: file.data.decode() for file in self._whole.source.files if file.path in edits}
        changed = {path: (text, _edited(text, edits[path])) for path, text in texts.items()}
        return ManifestPatch(self._new(excluded), changed, fields, tuple(sorted(left)))

    def _new(self, excluded: Mapping[Key, str]) -> ImportedFiles:
        new = imported_files(self._reading.accounts, self._around, self._reading.names, excluded)
        names = {name for kind, name in new.keys if kind == Kind.SUBSCRIPTION}
        return new.beside(webhook_files(self._undeclared, self._around.subscriptions | names, excluded))

    def _edit(self, one: Difference, document: Document, excluded: Mapping[Key, str]) -> Edit:
        linked = _LINKED if document.source.path in self._linked else ""
        if why := one.why or excluded.get(one.key) or linked:
            raise Uncertain(why)
        outline = self._outline(document.source)
        return outline.edit(document.spot.line, ("spec", one.field), one.value, after=one.after)

    def _outline(self, source: SourceText) -> Outline:
        if source.path not in self._outlines:
            self._outlines[source.path] = Outline(source.text)
        return self._outlines[source.path]

    def _uncompared(self, one: Uncompared) -> Left:
        return Left(self._documents[one.key].place, _subject(one.key, one.app), one.why, one.absent)


def _edited(text: str, edits: Sequence[Edit]) -> str:
    """Return the text of a file after *edits*, whose places do not count a byte order mark."""
    body = text.removeprefix("\ufeff")
    return text[: len(text) - len(body)] + edited(body, edits)


def _left(one: Difference, document: Document, why: str) -> Left:
    value = masked(one.value) if one.field == "phone" and isinstance(one.value, str) else one.value
    place = document.at("spec", one.field)
    return Left(place, _subject(one.key, one.app), f"{one.field} is {_told(value)} at Gupshup; {why}")


def _told(value: Value) -> str:
    return f"[{', '.join(value)}]" if isinstance(value, tuple) else shown(value)


def _subject(key: ManifestKey, app: str) -> str:
    return f"{key.kind}/{key.name}" + (f" on App/{app}" if key.kind is Kind.SUBSCRIPTION else "")
