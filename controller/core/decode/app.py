"""Apps: drafts that may be incomplete, their problems beyond the schema, and the App of a sound draft."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from controller.core.closest import closest
from controller.core.decode import fixes, quantities
from controller.core.decode.document import Document
from controller.core.decode.quoting import Path, dotted, shown, some
from controller.core.decode.rules import problem
from controller.core.decode.secrets import mask
from controller.core.decode.templates import fill, mended, mistaken, named
from controller.core.decode.urls import url_problem
from controller.model.manifest import DEFAULT_POLICIES, App, AppId, Policy, ReadyWhen, Suspend
from controller.model.problem import Problem

_NAME = re.compile(r"[A-Za-z0-9]{6,150}\Z")
_CALLBACK = ("spec", "callbackUrl")
_DEFAULT_CALLBACK = ("spec", "defaults", "callbackUrl")


@dataclass(frozen=True, slots=True)
class PartnerContext:
    """The facts of a partner that its apps need. *document* is the partner's manifest, None if it has none.

    *lenient* are switches that count as set even if no manifest of this partner sets them.
    """

    name: str
    url: str
    document: Document | None = None
    lenient: frozenset[str] = frozenset()

    def allows(self, switch: str) -> bool:
        own = self.document is not None and self.document.get("spec", switch) is True
        return own or switch in self.lenient

    def default(self, field: str) -> str | None:
        return self.document.text("spec", "defaults", field) if self.document else None


@dataclass(frozen=True, slots=True)
class DraftApp:
    """An app as far as its manifest is readable. *context* is None if its partner is unknown.

    *variables* are the values for templates, computed once for many webhooks.
    """

    document: Document
    context: PartnerContext | None
    name: str
    app_name: str
    labels: Mapping[str, str]
    variables: Mapping[str, str]

    @property
    def title(self) -> str:
        return self.document.title if self.document.kind == "App" else "any app"

    @property
    def callback(self) -> str | None:
        own = self.document.text(*_CALLBACK)
        return own if own is not None or self.context is None else self.context.default("callbackUrl")


def draft(document: Document, context: PartnerContext | None) -> DraftApp:
    """Return the draft of one entry."""
    spec, labels = document.texts("spec"), document.texts("metadata", "labels")
    app_name = spec.get("appName") or document.name
    variables = {"app.name": document.name, "app.appName": app_name}
    variables |= {f"app.{key}": spec[key] for key in ("phone", "wabaId") if key in spec}
    variables |= {f"app.labels.{key}": value for key, value in labels.items()}
    return DraftApp(document, context, document.name, app_name, labels, variables)


def sample_app(document: Document, context: PartnerContext, text: str) -> DraftApp:
    """Return a possible app, for a *document* that selects none. Each label that *text* names has a value."""
    labels = {
        name.removeprefix("app.labels."): "sample" for name in named(text) if name.startswith("app.labels.")
    }
    variables = {f"app.{key}": "sample1" for key in ("name", "appName", "phone", "wabaId")}
    variables |= {f"app.labels.{key}": value for key, value in labels.items()}
    return DraftApp(document, context, "", "", labels, variables)


def problems(draft: DraftApp) -> Iterator[Problem]:
    """Yield the problems of one app beyond its schema."""
    document = draft.document
    yield from _default_name(draft)
    yield from _suspension(document)
    phone = document.text("spec", "phone")
    if phone and phone == document.text("spec", "wabaId"):
        yield document.problem(
            "GS403", ("spec", "wabaId"), "is the same as phone; it is the id of the account"
        )
    yield from _callback(draft)


def _default_name(draft: DraftApp) -> Iterator[Problem]:
    document = draft.document
    given = document.get("spec", "appName") is not None or document.get("spec", "appId") is not None
    given = given or not document.misspelt.isdisjoint({"spec.appName", "spec.appId"})
    if given or not document.texts("spec") or not draft.name or _NAME.match(draft.name):
        return
    bare = fixes.app_name(draft.name) if mask(draft.name) == draft.name else None
    fix = f"appName: {bare}" if bare else None
    message = f"is missing, and {shown(draft.name)} is no name at Gupshup: 6 to 150 letters and digits"
    yield problem("GS401", document.at("metadata", "name"), "spec.appName", message, fix)


def _suspension(document: Document) -> Iterator[Problem]:
    until = document.text("spec", "suspend", "until")
    if until is not None and document.sound and quantities.moment(until) is None:
        yield document.problem(
            "GS323", ("spec", "suspend", "until"), f"{shown(until)} is no moment in any calendar"
        )


def _callback(draft: DraftApp) -> Iterator[Problem]:
    text, context = draft.callback, draft.context
    if text is None or context is None:
        return
    own = draft.document.get(*_CALLBACK) is not None
    document, path = (
        (draft.document, _CALLBACK)
        if own or context.document is None
        else (context.document, _DEFAULT_CALLBACK)
    )
    yield from url_problems(document, path, draft, text)


def url_problems(document: Document, path: Path, draft: DraftApp, text: str) -> Iterator[Problem]:
    """Yield the problems of a URL of *document*, filled in for one app."""
    yield from mistaken_variables(document, path, text)
    url, unknown = fill(mended(text), draft.variables)
    for name in unknown:
        yield unknown_variable(document, path, draft, name)
    insecure = draft.context is not None and draft.context.allows("allowInsecureUrls")
    if flaw := url_problem(url, insecure=insecure):
        suffix = f" (for {draft.title})" if url != text else ""
        yield document.problem(flaw.rule, path, flaw.message + suffix, None if suffix else flaw.fix)


def mistaken_variables(document: Document, path: Path, text: str) -> Iterator[Problem]:
    """Yield each text like a variable that would be sent unfilled, or refused for its brackets."""
    for typed, meant in mistaken(text):
        message = f"{shown(typed)} is no variable and would not be filled in; write {shown(meant)[1:-1]}"
        yield problem("GS607", document.at(*path), dotted(path), message)


def unknown_variable(document: Document, path: Path, draft: DraftApp, name: str) -> Problem:
    """Return the problem that ${name} has no value for this app."""
    known = draft.variables
    near = closest(name, known)
    hint = f"did you mean {shown('${' + near + '}')}?" if near else f"known: {some(known)}"
    message = f"{shown('${' + name + '}')} has no value for {draft.title}; {hint}"
    return problem("GS607", document.at(*path), dotted(path), message)


def app(draft: DraftApp, partner: str) -> App:
    """Return the App of a sound draft without problems."""
    document, context = draft.document, draft.context
    spec = document.texts("spec")
    app_id = spec.get("appId")
    timeout = spec.get("provisioningTimeout")
    return App(
        name=draft.name,
        partner=partner,
        app_name=draft.app_name,
        waba_id=spec["wabaId"],
        phone=spec["phone"],
        labels=dict(draft.labels),
        callback_url=fill(draft.callback, draft.variables)[0] if draft.callback else None,
        storage_region=spec.get("storageRegion") or (context.default("storageRegion") if context else None),
        app_id=AppId(app_id.lower()) if app_id else None,
        policies=_policies(document.get("spec", "policies")),
        suspend=_suspend(document.get("spec", "suspend")),
        provisioning_timeout=quantities.duration(timeout) if timeout else 86_400,
        ready_when=ReadyWhen(spec.get("readyWhen", ReadyWhen.LIVE)),
        place=document.place,
    )


def _policies(given: object) -> frozenset[Policy]:
    return frozenset(Policy(one) for one in given) if isinstance(given, list) else DEFAULT_POLICIES


def _suspend(given: object) -> Suspend | None:
    if isinstance(given, dict):
        until = given.get("until")
        return Suspend(given.get("reason", ""), quantities.moment(until) if until else None)
    return Suspend() if given is True else None
