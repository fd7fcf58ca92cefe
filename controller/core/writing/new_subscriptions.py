"""A new subscription: what is asked for and the whole source become a manifest, or one says so already."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from controller.core.decode.document import VERSION, Document
from controller.core.decode.rules import problem
from controller.core.decode.text import forbidden, judged
from controller.core.writing.names import manifest_name
from controller.core.writing.new_apps import Target
from controller.core.writing.whole import NewManifest, NewManifests, WholeSource
from controller.core.writing.yaml_text import manifest_text
from controller.errors import ManifestError
from controller.model.plan import Kind
from controller.model.problem import NOWHERE, Place


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A webhook that is to be declared, for *app* or for each app with all *labels*.

    Without a *name*, it comes from the tag. *headers* maps each header to the variable with its value.
    """

    url: str
    version: int
    modes: Sequence[str]
    app: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    tag: str = ""
    active: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)
    place: Place = NOWHERE


def new_subscription(wanted: WebhookRequest, whole: WholeSource, target: Target) -> NewManifests:
    """Return the manifest of the subscription that is *wanted*, or every problem.

    A subscription that is declared with the same values, under any name, is not declared again. Raises
    ManifestError if the source is invalid already.
    """
    decoded = whole.decoded()
    if decoded.desired is None:
        raise ManifestError(decoded.problems)
    names, spec = _names(wanted), _spec(wanted)
    if bad := forbidden(json.dumps([*names, spec], ensure_ascii=False)):
        rule, message = judged(bad)
        return NewManifests(problems=(problem(rule, wanted.place, "", message),))
    declared = {document.name.casefold(): document for document in whole.documents(Kind.SUBSCRIPTION)}
    for document in declared.values():
        if _same(document, spec, names[0]):
            kept = NewManifest(Kind.SUBSCRIPTION, document.name, document.place.file, wanted.place)
            return whole.including([kept])
    free = [name for name in names if name.casefold() not in declared]
    if not free:
        other = declared[names[0].casefold()]
        message = f"{other.title} at {other.place} declares something else; choose another --name"
        return NewManifests(problems=(problem("GS310", wanted.place, "name", message),))
    return whole.including([_made(free[0], spec, wanted.place, target)])


def _made(name: str, spec: Mapping[str, object], asked: Place, target: Target) -> NewManifest:
    head = {"apiVersion": VERSION, "kind": str(Kind.SUBSCRIPTION), "metadata": {"name": name}}
    text = manifest_text({**head, "spec": spec}, schema=target.schema)
    return NewManifest(Kind.SUBSCRIPTION, name, target.path(name), asked, text)


def _names(wanted: WebhookRequest) -> tuple[str, ...]:
    """Return the names to try: the one given, or else those from the tag, alone and with what it is for."""
    if wanted.name:
        return (wanted.name,)
    of = wanted.app or " ".join(f"{key} {value}" for key, value in sorted(wanted.labels.items()))
    return (manifest_name(wanted.tag), manifest_name(f"{wanted.tag} {of}"))


def _spec(wanted: WebhookRequest) -> dict[str, object]:
    labels = dict(sorted(wanted.labels.items()))
    spec: dict[str, object] = {"app": wanted.app} if wanted.app else {"appSelector": {"matchLabels": labels}}
    if wanted.tag:
        spec["tag"] = wanted.tag
    spec |= {"url": wanted.url, "version": wanted.version, "modes": list(dict.fromkeys(wanted.modes))}
    if not wanted.active:
        spec["active"] = False
    if wanted.headers:
        spec["headers"] = {header: {"env": variable} for header, variable in sorted(wanted.headers.items())}
    return spec


def _same(document: Document, wanted: Mapping[str, object], name: str) -> bool:
    """Return whether *document* declares what *wanted* does under the name *name*."""
    spec = document.value.get("spec")
    return isinstance(spec, dict) and _compared(spec, document.name) == _compared(wanted, name)


def _compared(spec: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Return *spec* with its defaults, and its modes as a set."""
    modes = spec.get("modes")
    known = {"modes": frozenset(modes) if isinstance(modes, list) else modes}
    return {"tag": name, "active": True, "showOnUI": False, **spec, **known}
