"""Apps: drafts that need not be whole, what is wrong with them beyond their schema, and their nouns."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from controller.core.decode import fixes, quantities
from controller.core.decode.entry import Entry
from controller.core.decode.rules import problem
from controller.core.decode.secrets import mask
from controller.core.decode.templates import fill, mended, mistaken, named
from controller.core.decode.urls import flaw
from controller.core.decode.words import Path, closest, dotted, shown, some
from controller.model.manifest import DEFAULT_POLICIES, App, AppId, Policy, Suspend
from controller.model.problem import Problem

_NAME = re.compile(r"[A-Za-z0-9]{6,150}\Z")
_CALLBACK = ("spec", "callbackUrl")
_DEFAULT_CALLBACK = ("spec", "defaults", "callbackUrl")


@dataclass(frozen=True, slots=True)
class House:
    """What an app has to know of its partner; *entry* is the partner's manifest, where there is one.

    *lenient* are switches that count as set although no manifest of this partner says so.
    """

    name: str
    url: str
    entry: Entry | None = None
    lenient: frozenset[str] = frozenset()

    def allows(self, switch: str) -> bool:
        own = self.entry is not None and self.entry.get("spec", switch) is True
        return own or switch in self.lenient

    def default(self, field: str) -> str | None:
        return self.entry.text("spec", "defaults", field) if self.entry else None


@dataclass(frozen=True, slots=True)
class Draft:
    """An app as far as it can be read. *house* is None where its partner is unknown.

    *variables* is what templates may use; many webhooks ask for it.
    """

    entry: Entry
    house: House | None
    name: str
    app_name: str
    labels: Mapping[str, str]
    variables: Mapping[str, str]

    @property
    def title(self) -> str:
        return self.entry.title if self.entry.kind == "App" else "any app"

    @property
    def callback(self) -> str | None:
        own = self.entry.text(*_CALLBACK)
        return own if own is not None or self.house is None else self.house.default("callbackUrl")


def draft(entry: Entry, house: House | None) -> Draft:
    """Return the draft of one entry."""
    spec, labels = entry.texts("spec"), entry.texts("metadata", "labels")
    app_name = spec.get("appName") or entry.name
    variables = {"app.name": entry.name, "app.appName": app_name}
    variables |= {f"app.{key}": spec[key] for key in ("phone", "wabaId") if key in spec}
    variables |= {f"app.labels.{key}": value for key, value in labels.items()}
    return Draft(entry, house, entry.name, app_name, labels, variables)


def anybody(entry: Entry, house: House, text: str) -> Draft:
    """Return an app that there could be, for what *entry* says where it has none: any label has a value."""
    labels = {
        name.removeprefix("app.labels."): "sample" for name in named(text) if name.startswith("app.labels.")
    }
    variables = {f"app.{key}": "sample1" for key in ("name", "appName", "phone", "wabaId")}
    variables |= {f"app.labels.{key}": value for key, value in labels.items()}
    return Draft(entry, house, "", "", labels, variables)


def problems(draft: Draft) -> Iterator[Problem]:
    """Yield what is wrong with one app beyond its schema."""
    entry = draft.entry
    yield from _default_name(draft)
    yield from _suspension(entry)
    phone = entry.text("spec", "phone")
    if phone and phone == entry.text("spec", "wabaId"):
        yield entry.problem("GS403", ("spec", "wabaId"), "is the same as phone; it is the id of the account")
    yield from _callback(draft)


def _default_name(draft: Draft) -> Iterator[Problem]:
    entry = draft.entry
    given = entry.get("spec", "appName") is not None or entry.get("spec", "appId") is not None
    given = given or not entry.misspelt.isdisjoint({"spec.appName", "spec.appId"})
    if given or not entry.texts("spec") or not draft.name or _NAME.match(draft.name):
        return
    bare = fixes.app_name(draft.name) if mask(draft.name) == draft.name else None
    fix = f"appName: {bare}" if bare else None
    message = f"is missing, and {shown(draft.name)} is no name at Gupshup: 6 to 150 letters and digits"
    yield problem("GS401", entry.at("metadata", "name"), "spec.appName", message, fix)


def _suspension(entry: Entry) -> Iterator[Problem]:
    until = entry.text("spec", "suspend", "until")
    if until is not None and entry.sound and quantities.moment(until) is None:
        yield entry.problem(
            "GS323", ("spec", "suspend", "until"), f"{shown(until)} is no moment in any calendar"
        )


def _callback(draft: Draft) -> Iterator[Problem]:
    text, house = draft.callback, draft.house
    if text is None or house is None:
        return
    own = draft.entry.get(*_CALLBACK) is not None
    entry, path = (draft.entry, _CALLBACK) if own or house.entry is None else (house.entry, _DEFAULT_CALLBACK)
    yield from url_problems(entry, path, draft, text)


def url_problems(entry: Entry, path: Path, draft: Draft, text: str) -> Iterator[Problem]:
    """Yield what is wrong with a URL of *entry* once it is filled in for one app."""
    yield from mistaken_variables(entry, path, text)
    url, unknown = fill(mended(text), draft.variables)
    for name in unknown:
        yield unknown_variable(entry, path, draft, name)
    insecure = draft.house is not None and draft.house.allows("allowInsecureUrls")
    if found := flaw(url, insecure=insecure):
        whose = f" (for {draft.title})" if url != text else ""
        yield entry.problem(found.rule, path, found.message + whose, None if whose else found.fix)


def mistaken_variables(entry: Entry, path: Path, text: str) -> Iterator[Problem]:
    """Yield what looks like a variable and would be sent as it stands, or refused for its brackets."""
    for found, meant in mistaken(text):
        message = f"{shown(found)} is no variable and would not be filled in; write {shown(meant)[1:-1]}"
        yield problem("GS607", entry.at(*path), dotted(path), message)


def unknown_variable(entry: Entry, path: Path, draft: Draft, name: str) -> Problem:
    """Return the problem that ${name} has no value for this app."""
    known = draft.variables
    near = closest(name, known)
    hint = f"did you mean {shown('${' + near + '}')}?" if near else f"known: {some(known)}"
    message = f"{shown('${' + name + '}')} has no value for {draft.title}; {hint}"
    return problem("GS607", entry.at(*path), dotted(path), message)


def app(draft: Draft, partner: str) -> App:
    """Return the App of a sound draft without problems."""
    entry, house = draft.entry, draft.house
    spec = entry.texts("spec")
    given = spec.get("appId")
    timeout = spec.get("provisioningTimeout")
    return App(
        name=draft.name,
        partner=partner,
        app_name=draft.app_name,
        waba_id=spec["wabaId"],
        phone=spec["phone"],
        labels=dict(draft.labels),
        callback_url=fill(draft.callback, draft.variables)[0] if draft.callback else None,
        storage_region=spec.get("storageRegion") or (house.default("storageRegion") if house else None),
        app_id=AppId(given.lower()) if given else None,
        policies=_policies(entry.get("spec", "policies")),
        suspend=_suspend(entry.get("spec", "suspend")),
        provisioning_timeout=quantities.duration(timeout) if timeout else 86_400,
        place=entry.place,
    )


def _policies(given: object) -> frozenset[Policy]:
    return frozenset(Policy(one) for one in given) if isinstance(given, list) else DEFAULT_POLICIES


def _suspend(given: object) -> Suspend | None:
    if isinstance(given, dict):
        until = given.get("until")
        return Suspend(given.get("reason", ""), quantities.moment(until) if until else None)
    return Suspend() if given is True else None
