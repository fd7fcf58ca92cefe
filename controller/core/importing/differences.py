"""Differences between what manifests declare and what an account has: field by field, where it shows them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, assert_never

from controller.core.decode.document import Document
from controller.core.importing.account import AccountRead, ManifestKey, ReadApp
from controller.core.importing.names import APP_NAME
from controller.core.importing.webhooks import modes_of, undeclarable
from controller.core.planning.match import Absent, Conflict, Found, Undecided, phone_of
from controller.core.planning.matched_app import MatchedApp, match_apps
from controller.core.planning.subscriptions import drift
from controller.core.writing.whole import WholeSource
from controller.core.writing.yaml_edit import Value
from controller.model.manifest import Desired, Subscription
from controller.model.plan import Kind, Observed
from controller.model.upstream import ReadFailed, RemoteSubscription, Row

Documents = Mapping[ManifestKey, Document]
"""Every manifest by its kind and name."""

_BEHIND = {"appName": "wabaId", "appId": "wabaId", "active": "version"}
"""The field behind which one that a manifest lacks is written."""


class Difference(NamedTuple):
    """One field of `spec` that has another *value* at Gupshup. *why* it cannot be written, "" if it can."""

    key: ManifestKey
    field: str
    value: Value
    app: str
    why: str = ""

    @property
    def after(self) -> str:
        return _BEHIND.get(self.field, "")


class Uncompared(NamedTuple):
    """A manifest whose app or webhook cannot be compared, and *why*. *absent*: Gupshup does not have it."""

    key: ManifestKey
    app: str
    why: str
    absent: bool = False


class Undeclared(NamedTuple):
    """A webhook of a declared *app* that no manifest declares, the only one in *read*."""

    app: str
    read: ReadApp


Finding = Difference | Uncompared | Undeclared


@dataclass(frozen=True, slots=True)
class AccountsRead:
    """All *accounts* as they were read at *now*. *names* are the apps at Gupshup that count, all if empty."""

    accounts: Sequence[AccountRead]
    now: float
    names: Collection[str] = ()


def by_key(whole: WholeSource) -> dict[ManifestKey, Document]:
    return {
        ManifestKey(kind, document.name): document
        for kind in (Kind.APP, Kind.SUBSCRIPTION, Kind.PARTNER)
        for document in whole.documents(kind)
    }


def findings(desired: Desired, documents: Documents, reading: AccountsRead) -> tuple[Finding, ...]:
    """Return all that differs. A retired app differs in nothing."""
    return tuple(
        found
        for account in reading.accounts
        for partner in desired.partners
        if partner.name == account.partner.name
        for matched in match_apps(desired, partner, Observed(reading.now, account.rows, account.facts)).apps
        if not matched.app.is_retired
        for found in _App(matched, account, documents).findings(reading.names)
    )


@dataclass(frozen=True, slots=True)
class _App:
    matched: MatchedApp
    account: AccountRead
    documents: Documents

    @property
    def key(self) -> ManifestKey:
        return ManifestKey(Kind.APP, self.matched.app.name)

    def findings(self, names: Collection[str]) -> Iterator[Finding]:
        app, found = self.matched.app, self.matched.match
        row = found.row if isinstance(found, Found | Conflict) else None
        if names and (app.app_name if row is None else row.name) not in names:
            return
        match found:
            case Found(one):
                yield from self._compared(one)
            case Conflict(reason="PhoneLinkedToOtherApp", row=Row() as one):
                yield from self._compared(one)
            case Conflict(reason="AppIdMismatch", row=Row() as one) if phone_of(one, self.account.facts):
                yield from self._compared(one)
            case Absent() | Conflict(reason="AppNotFound"):
                yield Uncompared(self.key, app.name, "it is not at Gupshup", absent=True)
            case Conflict() | Undecided():
                yield Uncompared(self.key, app.name, found.message)
            case _:
                assert_never(found)

    def _compared(self, row: Row) -> Iterator[Finding]:
        yield from self._fields(row)
        yield from self._webhooks(row)

    def _fields(self, row: Row) -> Iterator[Finding]:
        app, spec = self.matched.app, self.documents[self.key].texts("spec")
        for name, value in (
            *self._name(row),
            ("wabaId", self.account.wabas.get(row.id) or app.waba_id),
            ("phone", phone_of(row, self.account.facts) or app.phone),
            ("storageRegion", row.region or app.storage_region),
        ):
            declared = app.link_fields.get(name)
            if isinstance(value, ReadFailed):
                yield Uncompared(self.key, app.name, f"its WABA id cannot be read: {value.why}")
            elif value != declared and value is not None and (declared is not None or name == "appId"):
                inherited = name == "storageRegion" and name not in spec
                why = "the Partner's defaults declare it" if inherited else ""
                yield Difference(self.key, name, value, app.name, why)

    def _name(self, row: Row) -> Iterator[tuple[str, str]]:
        """Yield the name at Gupshup, or the id of an app whose name no manifest can hold without one."""
        app, spelt = self.matched.app, "appName" in self.documents[self.key].texts("spec")
        legal = APP_NAME.match(row.name) is not None
        if app.app_name != row.name and app.app_id is None and not legal:
            yield "appId", row.id
        if spelt or (legal and app.app_id is None):
            yield "appName", row.name

    def _webhooks(self, row: Row) -> Iterator[Finding]:
        listed = self.account.facts.subscriptions.get(row.id)
        if isinstance(listed, ReadFailed):
            yield Uncompared(self.key, self.matched.app.name, f"its webhooks cannot be read: {listed.why}")
        elif listed is not None:
            for wanted in self.matched.subscriptions:
                yield from self._webhook(wanted, [one for one in listed if one.tag == wanted.tag])
            tags = {wanted.tag for wanted in self.matched.subscriptions}
            for found in sorted(listed, key=lambda one: (one.tag, one.id)):
                if found.tag not in tags:
                    read = ReadApp(self.account.partner.name, row, "", "", (found,))
                    yield Undeclared(self.matched.app.name, read)

    def _webhook(self, wanted: Subscription, found: Sequence[RemoteSubscription]) -> Iterator[Finding]:
        key = ManifestKey(Kind.SUBSCRIPTION, wanted.name)
        if not found:
            yield Uncompared(key, wanted.app, "it is not at Gupshup", absent=True)
        elif len(found) > 1:
            yield Uncompared(key, wanted.app, f"Gupshup has {len(found)} webhooks with the tag {wanted.tag}")
        else:
            (one,) = found
            values: dict[str, Value] = {
                "url": one.url,
                "modes": modes_of(one),
                "version": one.version or 0,
                "active": one.active,
            }
            for name in drift(wanted, one):
                why = (undeclarable(one) if name == "modes" else "") or self._shared(key, name)
                yield Difference(key, name, values[name], wanted.app, why)

    def _shared(self, key: ManifestKey, name: str) -> str:
        """Return why a field of a Subscription stands for more than one webhook, "" if it does not."""
        document = self.documents[key]
        if document.get("spec", "appSelector") is not None:
            return "its manifest selects apps by labels, and may be about others, too"
        return "it holds a template" if "${" in (document.text("spec", name) or "") else ""
