"""A whole source with new manifests in it: decoded together before anything is written."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from controller.core.decode import decode
from controller.core.decode.document import Document
from controller.core.decode.files import FileMemo, read
from controller.core.decode.validate import Validator
from controller.model.manifest import Desired
from controller.model.plan import Kind
from controller.model.problem import Place, Problem, Severity
from controller.model.source import Decoded, Rules, Schemas, Source, SourceFile

_PLACE = re.compile(r"(\S+\.yaml):[0-9]+:[0-9]+")


@dataclass(frozen=True, slots=True)
class NewManifest:
    """A manifest that was asked for at *asked*. *text* is "" if *file* declares it already."""

    kind: Kind
    name: str
    file: str
    asked: Place
    text: str = ""


@dataclass(frozen=True, slots=True)
class NewManifests:
    """All manifests that were asked for, in that order. With a problem, none of them may be written.

    *whole* is the source with the new files, and *desired* is what it declares. *warnings* and hints are
    about new ones, each at the place where it was asked for.
    """

    manifests: tuple[NewManifest, ...] = ()
    problems: tuple[Problem, ...] = ()
    whole: "WholeSource | None" = None
    desired: Desired | None = None
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class WholeSource:
    """The source that new manifests become a part of, and what is needed to decode it."""

    source: Source
    schemas: Schemas
    rules: Rules
    memo: FileMemo = field(default_factory=dict, repr=False)

    def decoded(self) -> Decoded:
        source = self.source
        return decode(
            source.files,
            self.schemas,
            self.rules,
            revision=source.revision,
            complete=source.complete,
            unread=source.problems,
            memo=self.memo,
        )

    def documents(self, kind: Kind) -> Iterator[Document]:
        """Yield the manifests of one kind, as they are written."""
        documents = read(self.source.files, Validator(self.schemas), memo=self.memo).documents
        yield from (document for document in documents if document.kind == kind)

    def including(self, manifests: Sequence[NewManifest], problems: Sequence[Problem] = ()) -> NewManifests:
        """Return *manifests* if all files together are valid, and else every problem.

        *problems* and warnings among them are known already. What is wrong with a new manifest is reported
        where it was asked for.
        """
        new = {one.file: one for one in manifests if one.text}
        added = (SourceFile(path, one.text.encode()) for path, one in new.items())
        whole = replace(self, source=replace(self.source, files=(*self.source.files, *added)))
        decoded = whole.decoded()
        theirs = [one for one in decoded.problems if one.severity is Severity.ERROR or one.place.file in new]
        found = sorted({*problems, *(_asked(one, new) for one in theirs)})
        if any(one.severity is Severity.ERROR for one in found):
            return NewManifests(problems=tuple(found))
        warnings = tuple(one for one in found if one.severity is Severity.WARNING)
        return NewManifests(tuple(manifests), (), whole, decoded.desired, warnings)


def _asked(problem: Problem, new: Mapping[str, NewManifest]) -> Problem:
    """Return a problem at the place where its manifest was asked for, by the field's name there.

    Its message names no file that is not written.
    """
    message = _PLACE.sub(
        lambda found: str(new[found[1]].asked) if found[1] in new else found[0], problem.message
    )
    manifest = new.get(problem.place.file)
    if manifest is None:
        return replace(problem, message=message)
    name = problem.field.removeprefix("spec.").removeprefix("metadata.")
    return replace(problem, place=manifest.asked, field=name, message=message)
