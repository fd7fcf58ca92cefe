"""Tree of all manifests, and the rules across it: names, references, uniqueness, webhooks of each app."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from controller.core.closest import closest
from controller.core.decode import app, partner, subscription
from controller.core.decode.app import DraftApp, PartnerContext
from controller.core.decode.document import Document
from controller.core.decode.lints import per_app
from controller.core.decode.quoting import Path, dotted, shown, some
from controller.core.decode.rules import problem
from controller.core.decode.subscription import Webhook
from controller.model.manifest import Desired, Partner
from controller.model.phone import masked
from controller.model.problem import Place, Problem
from controller.model.source import Rules

MOST_WEBHOOKS = 50
"""Webhooks of one app that are looked at: far more than are valid."""
MOST_EXPANDED = 200_000
MOST_HINTS = 100
MOST_COMPARED = 2_000
MOST_SHOWN = 60
_SWITCHES = ("allowInsecureUrls", "v3AccountModes")
_NAME = re.compile(r"[-A-Za-z0-9]{1,150}\Z")  # another rule reports any other name


@dataclass(slots=True)
class ManifestTree:
    """All entries by kind, and the problems of all of them together.

    *whole* is False if some document could not be read. A reference that leads nowhere may then lead into
    such a document, and is no problem of its own.
    """

    rules: Rules
    whole: bool
    partners: list[Document]
    drafts: list[DraftApp] = field(default_factory=list)
    subscriptions: list[Document] = field(default_factory=list)
    webhooks: list[Webhook] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def collect(
    documents: Iterable[Document], rules: Rules, *, whole: bool, most: int = MOST_EXPANDED
) -> ManifestTree:
    """Return the tree of all *documents*, with every problem of the whole tree.

    Selectors are expanded to at most *most* webhooks. More than that are a problem.
    """
    by_kind: Mapping[str, list[Document]] = defaultdict(list)
    for document in documents:
        by_kind[document.kind].append(document)
    tree = ManifestTree(rules, whole, by_kind["Partner"], subscriptions=by_kind["Subscription"])
    for kind in by_kind.values():
        tree.problems += _same_names(kind)
    tree.problems += partner.problems(tree.partners, rules)
    _draft(tree, by_kind["App"])
    _expand(tree, most)
    return tree


def desired(tree: ManifestTree, revision: str, *, complete: bool) -> Desired:
    """Return what a tree without errors declares, sorted by name."""
    partners = [partner.partner(document, tree.rules) for document in tree.partners]
    apps = [app.app(draft, _partner_of(draft)) for draft in tree.drafts]
    hooks = [subscription.subscription(one, _partner_of(one.draft), tree.rules) for one in tree.webhooks]
    return Desired(
        revision,
        tuple(sorted(partners or [partner.from_environment(tree.rules)], key=_name)),
        tuple(sorted(apps, key=lambda one: one.name)),
        tuple(sorted(hooks, key=lambda one: (one.name, one.app))),
        complete,
    )


def _name(one: Partner) -> str:
    return one.name


def _partner_of(draft: DraftApp) -> str:
    return draft.context.name if draft.context else partner.DEFAULT


def _same_names(documents: Sequence[Document]) -> Iterator[Problem]:
    first: dict[str, Place] = {}
    for document in documents:
        earlier = first.setdefault(document.name, document.place)
        if document.name and earlier != document.place:
            message = f"{document.title} is declared at {earlier} already"
            yield document.problem("GS310", ("metadata", "name"), message)


def _draft(tree: ManifestTree, documents: Sequence[Document]) -> None:
    contexts = _contexts(tree)
    for document in documents:
        context, unresolved = _context_of(tree, document, contexts)
        tree.drafts.append(app.draft(document, context))
        tree.problems += unresolved
    for draft in tree.drafts:
        tree.problems += app.problems(draft)
    tree.problems += _duplicates(tree.drafts)


def _contexts(tree: ManifestTree) -> Mapping[str, PartnerContext]:
    if not tree.partners:
        default = partner.from_environment(tree.rules)
        return {default.name: PartnerContext(default.name, default.url)}
    return {
        document.name: PartnerContext(document.name, partner.address(document, tree.rules), document)
        for document in tree.partners
    }


def _context_of(
    tree: ManifestTree, document: Document, contexts: Mapping[str, PartnerContext]
) -> tuple[PartnerContext | None, list[Problem]]:
    named = document.get("spec", "partner")
    if isinstance(named, str):
        return contexts.get(named), _unresolved(tree, document, "partner", contexts)
    if named is None and len(contexts) == 1:
        return next(iter(contexts.values())), []
    if named is None and tree.whole and "spec.partner" not in document.misspelt:
        message = f"must be named, there being {len(contexts)}: {some(islice(contexts, 8))}"
        return None, [problem("GS312", document.at("spec", "partner"), "spec.partner", message)]
    return None, []


def _unresolved(
    tree: ManifestTree, document: Document, field: str, known: Mapping[str, object]
) -> list[Problem]:
    """Return the problem of a reference that leads nowhere. A hint is slow: only the first get one."""
    named = document.text("spec", field) or ""
    if named in known or not tree.whole or not _NAME.match(named):
        return []
    nearby = islice((name for name in known if _NAME.match(name)), MOST_COMPARED)
    near = closest(named, nearby) if len(tree.problems) < MOST_HINTS else None
    hint = f"; did you mean {near}?" if near else ""
    message = f"there is no {field.capitalize()}/{named[:MOST_SHOWN]}{hint}"
    return [document.problem("GS311", ("spec", field), message, near)]


def _duplicates(drafts: Sequence[DraftApp]) -> Iterator[Problem]:
    """Yield each value that two apps at one Gupshup share and must not."""
    first: dict[tuple[str, str, str], DraftApp] = {}
    for draft in drafts:
        for key, value in _unique(draft):
            url = draft.context.url if draft.context else ""
            other = first.setdefault((url, key, value.casefold() if key == "appId" else value), draft)
            if other is not draft:
                given = draft.document.get("spec", key) is not None
                path: Path = ("spec", key) if given else ("metadata", "name")
                told = shown(masked(value) if key == "phone" else value)
                message = f"{told} is the {key} of {other.document.title} at {other.document.place} already"
                yield problem("GS406", draft.document.at(*path), dotted(("spec", key)), message)


def _unique(draft: DraftApp) -> Iterator[tuple[str, str]]:
    spec = draft.document.texts("spec")
    for key in ("phone", "appId"):
        if key in spec:
            yield key, spec[key]
    if draft.app_name:
        yield "appName", draft.app_name


def _expand(tree: ManifestTree, most: int) -> None:
    targets = _Targets(tree.drafts)
    any_partner = _any_partner(tree)
    counts: Counter[str] = Counter()
    for document in tree.subscriptions:
        tree.problems += subscription.problems(document, tree.rules)
        apps, problems = _apps_of(tree, document, targets)
        tree.problems += problems
        if not apps:
            tree.problems += subscription.without_app(document, any_partner)
        counts.update(draft.name for draft in apps)
        if counts.total() > most:
            message = f"more than {most:,} webhooks, selectors expanded"
            tree.problems.append(document.problem("GS703", ("spec",), message))
            return
        tree.webhooks += [
            subscription.webhook(document, draft) for draft in apps if counts[draft.name] <= MOST_WEBHOOKS
        ]
    tree.problems += _webhook_problems(tree.webhooks)
    tree.problems += per_app.problems(tree.webhooks)


def _any_partner(tree: ManifestTree) -> PartnerContext:
    """Return the partner of a future app, with every switch that some partner may have."""
    contexts = _contexts(tree).values()
    switches = {
        one for one in _SWITCHES if not tree.whole or any(context.allows(one) for context in contexts)
    }
    return PartnerContext("", "", lenient=frozenset(switches))


class _Targets:
    """Apps by name and by label, so that a selector is compared with few apps."""

    def __init__(self, drafts: Sequence[DraftApp]) -> None:
        self.by_name = {draft.name: draft for draft in drafts if draft.name}
        self._by_label: dict[tuple[str, str], list[DraftApp]] = defaultdict(list)
        self._known: dict[frozenset[tuple[str, str]], list[DraftApp]] = {}
        for draft in self.by_name.values():
            for label in draft.labels.items():
                self._by_label[label].append(draft)

    def matching(self, labels: Mapping[str, str]) -> list[DraftApp]:
        """Return the apps that have all *labels*; no app if there are no labels."""
        wanted = frozenset(labels.items())
        if wanted not in self._known:
            fewest = min((self._by_label.get(label, []) for label in wanted), key=len, default=[])
            self._known[wanted] = [draft for draft in fewest if wanted <= draft.labels.items()]
        return self._known[wanted]

    def hint(self, labels: Mapping[str, str]) -> str:
        """Return a hint for *labels*, which no app has: the lacking label, and the one probably meant."""
        used = {f"{key}: {value}": None for key, value in islice(self._by_label, MOST_COMPARED)}
        if not used:
            return "; no app has a label at all: add metadata.labels to an App"
        lacking = [
            f"{key}: {value}" for key, value in sorted(labels.items()) if (key, value) not in self._by_label
        ]
        if not lacking:
            return ", though each alone is on some app; remove one, or label an app"
        near = closest(lacking[0], used)
        mean = f"did you mean {shown(near)[1:-1]}?" if near else f"there are {some(used)}"
        return f"; {shown(lacking[0])[1:-1]} is on none; {mean}"


def _apps_of(
    tree: ManifestTree, document: Document, targets: _Targets
) -> tuple[list[DraftApp], list[Problem]]:
    named = document.text("spec", "app")
    if named is not None:
        target = targets.by_name.get(named)
        return [target] if target else [], _unresolved(tree, document, "app", targets.by_name)
    labels = document.texts("spec", "appSelector", "matchLabels")
    matching = targets.matching(labels)
    if labels and not matching and tree.whole:
        hint = targets.hint(labels) if len(tree.problems) < MOST_HINTS else ""
        return [], [document.problem("GS313", ("spec", "appSelector"), f"no app has these labels{hint}")]
    return matching, []


def _webhook_problems(webhooks: Sequence[Webhook]) -> Iterator[Problem]:
    tags: dict[tuple[str, str], Webhook] = {}
    urls: dict[tuple[str, str], Webhook] = {}
    for one in webhooks:
        yield from subscription.per_app(one)
        name, document, tag, url = one.draft.name, one.document, one.tag, one.url
        other = tags.setdefault((name, tag), one)
        if other is not one:
            owner = f"{other.document.title} at {other.document.place}"
            message = f"{shown(tag)} on {one.draft.document.title} is the tag of {owner} already"
            yield problem("GS513", document.at("spec", "tag"), "spec.tag", message)
        elif url and (twin := urls.setdefault((name, url), one)) is not one:
            message = (
                f"is also the URL of {twin.document.title} on {one.draft.document.title}: all comes twice"
            )
            yield document.problem("GS509", ("spec", "url"), message)
