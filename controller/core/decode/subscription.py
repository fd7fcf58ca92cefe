"""Subscriptions: problems beyond the schema, for each app, and the Subscription of a sound webhook."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from controller.core.decode.app import (
    DraftApp,
    PartnerContext,
    mistaken_variables,
    sample_app,
    unknown_variable,
    url_problems,
)
from controller.core.decode.document import Document
from controller.core.decode.lints import hosts
from controller.core.decode.partner import reference
from controller.core.decode.quoting import shown, visible
from controller.core.decode.templates import fill, mended, mistaken
from controller.model.manifest import Reference, Subscription
from controller.model.modes import ACCOUNT_MODES, ALONE
from controller.model.problem import Problem
from controller.model.source import Rules

_TAG = re.compile(r"[A-Za-z0-9][-A-Za-z0-9_.:]{0,149}\Z")
_NOT_OURS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_V3 = 3
_HEADERS = ("spec", "headers")


@dataclass(frozen=True, slots=True)
class Webhook:
    """One Subscription manifest for one app."""

    document: Document
    draft: DraftApp
    tag: str
    url: str


def webhook(document: Document, draft: DraftApp) -> Webhook:
    """Return one Subscription for one app, with tag and URL filled in."""
    tag = document.text("spec", "tag") or document.name
    url = document.text("spec", "url") or ""
    return Webhook(document, draft, fill(tag, draft.variables)[0], fill(url, draft.variables)[0])


def modes(document: Document) -> frozenset[str]:
    given = document.get("spec", "modes")
    return frozenset(one for one in given if isinstance(one, str)) if isinstance(given, list) else frozenset()


def problems(document: Document, rules: Rules) -> Iterator[Problem]:
    """Yield the problems of one Subscription that do not depend on its apps."""
    given = modes(document)
    for alone in sorted(ALONE & given):
        if len(given) > 1:
            yield document.problem(
                "GS510", ("spec", "modes"), f"{alone} stands alone, not beside other modes"
            )
    yield from _header_names(document)
    yield from _header_files(document, rules)


def _header_names(document: Document) -> Iterator[Problem]:
    headers = document.get(*_HEADERS)
    seen: set[str] = set()
    for name in headers if isinstance(headers, dict) else ():
        folded = name.lower()
        if folded in _NOT_OURS:
            yield document.problem("GS512", (*_HEADERS, name), f"{visible(name)} is set by HTTP itself")
        elif folded in seen:
            yield document.problem(
                "GS512", (*_HEADERS, name), f"{visible(name)} stands here in another case already"
            )
        seen.add(folded)


def _header_files(document: Document, rules: Rules) -> Iterator[Problem]:
    headers = document.get(*_HEADERS)
    condition = "and without '..'" if rules.headers.folder else "which is not set"
    for name in headers if isinstance(headers, dict) else ():
        path = document.text(*_HEADERS, name, "file")
        if path is not None and rules.headers.path(path) is None:
            message = f"must name a file below GUPSHUPCTL_HEADER_DIR, {condition}; found {shown(path)}"
            yield document.problem("GS603", (*_HEADERS, name, "file"), message)


def without_app(document: Document, context: PartnerContext) -> Iterator[Problem]:
    """Yield the problems that one Subscription would have for any future app."""
    texts = mended("".join(document.text("spec", field) or "" for field in ("tag", "url")))
    yield from per_app(webhook(document, sample_app(document, context, texts)))


def per_app(webhook: Webhook) -> Iterator[Problem]:
    """Yield the problems of one Subscription for one app."""
    document, draft = webhook.document, webhook.draft
    text, tag = document.text("spec", "tag"), webhook.tag
    yield from mistaken_variables(document, ("spec", "tag"), text or "")
    for name in fill(text or "", draft.variables)[1]:
        yield unknown_variable(document, ("spec", "tag"), draft, name)
    if text and not mistaken(text) and not _TAG.match(tag):
        yield document.problem(
            "GS508",
            ("spec", "tag"),
            f"must be 1 to 150 letters, digits, '-', '_', '.' and ':'; found {shown(tag)}",
        )
    yield from url_problems(
        document, ("spec", "url"), draft, document.text("spec", "url") or "https://unread.example.com"
    )
    yield from _host(webhook)
    barred = modes(document) & ACCOUNT_MODES
    if (
        barred
        and document.get("spec", "version") == _V3
        and draft.context
        and not draft.context.allows("v3AccountModes")
    ):
        names = ", ".join(sorted(barred))
        yield document.problem(
            "GS511",
            ("spec", "modes"),
            f"version 3 has no {names}, older pages of Gupshup say; write version: 2, or "
            "v3AccountModes: true in the Partner if newer ones hold for its account",
        )


def _host(webhook: Webhook) -> Iterator[Problem]:
    partner = webhook.draft.context.document if webhook.draft.context else None
    if partner is not None and (message := hosts.refusal(webhook.url, partner)):
        yield webhook.document.problem("GS519", ("spec", "url"), message)


def subscription(webhook: Webhook, partner: str, rules: Rules) -> Subscription:
    """Return the Subscription of a sound webhook without problems."""
    document = webhook.document
    version = document.get("spec", "version")
    return Subscription(
        name=document.name,
        partner=partner,
        app=webhook.draft.name,
        tag=webhook.tag,
        url=webhook.url,
        version=version if isinstance(version, int) else 0,
        modes=modes(document),
        active=document.get("spec", "active") is not False,
        show_on_ui=document.get("spec", "showOnUI") is True,
        headers=_headers(document, rules),
        place=document.place,
    )


def _headers(document: Document, rules: Rules) -> Mapping[str, Reference]:
    given = document.get(*_HEADERS)
    references = {name: reference(value) for name, value in given.items()} if isinstance(given, dict) else {}
    return {name: rules.headers.rooted(header) for name, header in references.items()}
