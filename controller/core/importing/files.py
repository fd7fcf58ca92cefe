"""Files of an import: the whole is calculated at once, so that the same account gives the same bytes."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

from controller.core.importing.account import (
    AccountRead,
    AppKey,
    Key,
    LeftOut,
    ReadApp,
    WebhookKey,
    apps_of,
    with_one_phone,
)
from controller.core.importing.documents import (
    APP_NOTE,
    WEBHOOK_NOTE,
    Document,
    app_document,
    fold_document,
    needs_account_modes,
    own_document,
    partner_document,
)
from controller.core.importing.names import distinct, legal, mark
from controller.core.importing.webhooks import Folded, fold, fold_key, left_out, undeclarable, webhook_of
from controller.core.writing.yaml_text import file_text, manifest_text

SCHEMA = ".schemas/manifest.json"
PARTNER_FILE, WEBHOOKS_FILE, APPS, WEBHOOKS = "partner.yaml", "webhooks.yaml", "apps", "webhooks"


class NewPartner(NamedTuple):
    """The Partner to write if no manifest declares one; *url* is None if it is the usual one."""

    name: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is declared already: names of Apps and Subscriptions that are taken, and the *partners*.

    *new_partner* is the one that the environment makes, None if manifests declare theirs. *webhooks_file* is
    for what many apps have alike.
    """

    apps: frozenset[str] = frozenset()
    subscriptions: frozenset[str] = frozenset()
    partners: int = 1
    new_partner: NewPartner | None = None
    webhooks_file: str = WEBHOOKS_FILE


class Written(NamedTuple):
    """One document in a file: the line of its beginning, and what is left out if it cannot stand."""

    line: int
    key: Key | None


@dataclass(frozen=True, slots=True)
class ImportedFiles:
    """The text of each file by its path below the folder; where each document begins; what is left out.

    *keys* are those of the documents, by kind and name; *urls* those of Subscriptions, by name.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    documents: Mapping[str, tuple[Written, ...]] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    keys: Mapping[tuple[str, str], Key] = field(default_factory=dict)
    urls: Mapping[str, str] = field(default_factory=dict)

    def key_at(self, path: str, line: int) -> Key | None:
        """Return what the document around *line* (from 1) of *path* declares."""
        before = [one for one in self.documents.get(path, ()) if one.line <= line]
        return before[-1].key if before else None

    def beside(self, other: Self) -> Self:
        """Return all files of both, which have no path and no name in common."""
        return replace(
            self,
            texts={**self.texts, **other.texts},
            documents={**self.documents, **other.documents},
            left_out=tuple(sorted([*self.left_out, *other.left_out])),
            keys={**self.keys, **other.keys},
            urls={**self.urls, **other.urls},
        )


class _Part(NamedTuple):
    key: Key | None
    document: Document
    note: str = ""


def imported_files(
    accounts: Sequence[AccountRead],
    around: Surroundings,
    names: Collection[str] = (),
    excluded: Mapping[Key, str] | None = None,
) -> ImportedFiles:
    """Return the manifests of all that was read. The same values always give the same bytes.

    *names* are the apps (by their names at Gupshup) to import, all if empty. *excluded* are left out, each
    for its reason; the webhooks of an excluded selector stay with their apps.
    """
    out: dict[Key, str] = dict(excluded or {})
    read, unread = [], list[LeftOut]()
    for account in accounts:
        apps, failed = apps_of(account, names)
        read += apps
        unread += failed
    out |= with_one_phone(read)
    kept = [app for app in read if AppKey(app.row.id) not in out]
    called = _app_names(kept, around)
    folded = fold(kept, called, around.subscriptions, out)
    parts = dict(_parts(kept, called, folded, around, accounts))
    return _files(parts, [*unread, *_excluded(read, out), *_undeclarable(kept)])


def webhook_files(
    undeclared: Sequence[tuple[str, ReadApp]],
    taken: Collection[str],
    excluded: Mapping[Key, str],
) -> ImportedFiles:
    """Return a file for each webhook of apps that have a manifest, here with its name.

    *taken* are names of Subscriptions that exist.
    """
    every = [(name, app, found) for name, app in undeclared for found in app.subscriptions]
    keys = {WebhookKey(app.row.id, found.id): (name, app, found) for name, app, found in every}
    kept = {key: each for key, each in keys.items() if key not in excluded and not undeclarable(each[2])}
    wanted = {" ".join(key): legal(f"{name}-{found.tag}", name) for key, (name, _, found) in kept.items()}
    called = distinct(wanted, taken)
    parts = {
        f"{WEBHOOKS}/{called[' '.join(key)]}.yaml": [
            _Part(
                key, own_document(called[" ".join(key)], name, webhook_of(app.partner, found)), WEBHOOK_NOTE
            )
        ]
        for key, (name, app, found) in kept.items()
    }
    apps = [app for _, app in undeclared]
    return _files(parts, [*_excluded(apps, excluded), *_undeclarable(apps)])


def _files(parts: Mapping[str, Sequence[_Part]], lost: Iterable[LeftOut]) -> ImportedFiles:
    texts = {path: [*_texts(path, some)] for path, some in parts.items()}
    return ImportedFiles(
        {path: file_text(some) for path, some in texts.items()},
        {path: tuple(_places(parts[path], some)) for path, some in texts.items()},
        tuple(sorted(lost)),
        {_kind_and_name(part.document): part.key for some in parts.values() for part in some if part.key},
        dict(_urls(part.document for some in parts.values() for part in some)),
    )


def _app_names(apps: Iterable[ReadApp], around: Surroundings) -> dict[str, str]:
    return distinct({app.row.id: legal(app.row.name, f"app-{mark(app.row.id)}") for app in apps}, around.apps)


def _parts(
    apps: Sequence[ReadApp],
    called: Mapping[str, str],
    folded: Folded,
    around: Surroundings,
    accounts: Sequence[AccountRead],
) -> Iterator[tuple[str, list[_Part]]]:
    if around.new_partner is not None:
        yield PARTNER_FILE, [_Part(None, _partner(apps, around.new_partner, accounts))]
    own_names = _own_names(called, folded, around)
    for app in apps:
        name, labels = called[app.row.id], folded.labels.get(app.row.id, {})
        partner = app.partner if around.partners > 1 else None
        document = app_document(app, name, labels, partner=partner)
        own = [
            _Part(
                WebhookKey(app.row.id, found.id),
                own_document(own_names[f"{app.row.id} {found.id}"], name, webhook),
                WEBHOOK_NOTE,
            )
            for found, webhook in folded.rest.get(app.row.id, ())
        ]
        yield f"{APPS}/{name}.yaml", [_Part(AppKey(app.row.id), document, APP_NOTE), *own]
    if folded.folds:
        folds = [_Part(fold_key(one.webhook), fold_document(one), WEBHOOK_NOTE) for one in folded.folds]
        yield around.webhooks_file, folds


def _own_names(called: Mapping[str, str], folded: Folded, around: Surroundings) -> dict[str, str]:
    wanted = {
        f"{app_id} {found.id}": legal(f"{called[app_id]}-{webhook.tag}", called[app_id])
        for app_id, pairs in folded.rest.items()
        for found, webhook in pairs
    }
    return distinct(wanted, {*around.subscriptions, *(one.name for one in folded.folds)})


def _partner(apps: Iterable[ReadApp], new: NewPartner, accounts: Sequence[AccountRead]) -> Document:
    webhooks = (webhook_of(app.partner, found) for app in apps for found in app.subscriptions)
    modes = needs_account_modes(webhooks)
    return partner_document(new.name, accounts[0].partner_id, new.url, account_modes=modes)


def _texts(path: str, parts: Sequence[_Part]) -> Iterator[str]:
    """Yield the documents of a file; the first one begins with the editor's modeline."""
    schema = f"{'../' * path.count('/')}{SCHEMA}"
    for part in parts:
        notes = [part.note] if part.note else []
        yield manifest_text(part.document, schema=schema if part is parts[0] else None, notes=notes)


def _places(parts: Iterable[_Part], texts: Iterable[str]) -> Iterator[Written]:
    line = 1
    for part, text in zip(parts, texts, strict=True):
        yield Written(line, part.key)
        line += text.count("\n") + 1


def _kind_and_name(document: Document) -> tuple[str, str]:
    metadata = document["metadata"]
    return str(document["kind"]), str(metadata["name"] if isinstance(metadata, Mapping) else "")


def _urls(documents: Iterable[Document]) -> Iterator[tuple[str, str]]:
    for document in documents:
        match document:
            case {"kind": "Subscription", "metadata": {"name": str(name)}, "spec": {"url": str(url)}}:
                yield name, url


def _excluded(apps: Iterable[ReadApp], out: Mapping[Key, str]) -> Iterator[LeftOut]:
    for app in apps:
        if (why := out.get(AppKey(app.row.id))) is not None:
            yield LeftOut(app.partner, app.row.name, "", why, app.row.id)
            continue
        for found in app.subscriptions:
            if (why := out.get(WebhookKey(app.row.id, found.id))) is not None:
                yield LeftOut(app.partner, app.row.name, found.tag, why, app.row.id)


def _undeclarable(apps: Iterable[ReadApp]) -> Iterator[LeftOut]:
    for app, found, why in left_out(apps):
        yield LeftOut(app.partner, app.row.name, found.tag or f"id {found.id}", why, app.row.id)
