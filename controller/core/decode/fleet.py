"""Rules over all manifests at once: names, references, uniqueness, and which webhook stands for which app."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from controller.core.decode import app, partner, subscription
from controller.core.decode.app import Draft, House
from controller.core.decode.entry import Entry
from controller.core.decode.rules import problem
from controller.core.decode.subscription import Webhook
from controller.core.decode.words import Path, closest, dotted, shown, some
from controller.model.manifest import Desired, Partner
from controller.model.problem import Place, Problem, Severity
from controller.model.source import Rules

MANY_WEBHOOKS = 10
MOST_WEBHOOKS = 50
MOST_EXPANDED = 200_000
MOST_HINTS = 100
MOST_COMPARED = 2_000
MOST_SHOWN = 60
_SWITCHES = ("allowInsecureUrls", "v3AccountModes")
_NAME = re.compile(r"[-A-Za-z0-9]{1,150}\Z")  # any other is a problem of its own


@dataclass(slots=True)
class Fleet:
    """All entries by kind, and what was found about them together.

    *whole* is False where some document could not be read: then a reference that leads nowhere may well lead
    into it, and is no problem of its own.
    """

    rules: Rules
    whole: bool
    partners: list[Entry]
    drafts: list[Draft] = field(default_factory=list)
    subscriptions: list[Entry] = field(default_factory=list)
    webhooks: list[Webhook] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def muster(entries: Iterable[Entry], rules: Rules, *, whole: bool, most: int = MOST_EXPANDED) -> Fleet:
    """Return the fleet that *entries* declare, with every problem of the whole tree.

    Selectors are expanded to *most* webhooks.
    """
    by_kind: Mapping[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_kind[entry.kind].append(entry)
    fleet = Fleet(rules, whole, by_kind["Partner"], subscriptions=by_kind["Subscription"])
    for kind in by_kind.values():
        fleet.problems += _same_names(kind)
    fleet.problems += partner.problems(fleet.partners, rules)
    _draft(fleet, by_kind["App"])
    _expand(fleet, most)
    return fleet


def desired(fleet: Fleet, revision: str, *, complete: bool) -> Desired:
    """Return what a fleet without errors declares, sorted by name."""
    partners = [partner.partner(entry, fleet.rules) for entry in fleet.partners]
    apps = [app.app(draft, _partner_of(draft)) for draft in fleet.drafts]
    hooks = [subscription.subscription(one, _partner_of(one.draft), fleet.rules) for one in fleet.webhooks]
    return Desired(
        revision,
        tuple(sorted(partners or [partner.from_environment(fleet.rules)], key=_name)),
        tuple(sorted(apps, key=lambda one: one.name)),
        tuple(sorted(hooks, key=lambda one: (one.name, one.app))),
        complete,
    )


def _name(one: Partner) -> str:
    return one.name


def _partner_of(draft: Draft) -> str:
    return draft.house.name if draft.house else partner.DEFAULT


def _same_names(entries: Sequence[Entry]) -> Iterator[Problem]:
    first: dict[str, Place] = {}
    for entry in entries:
        there = first.setdefault(entry.name, entry.place)
        if entry.name and there != entry.place:
            message = f"{entry.title} is declared at {there} already"
            yield entry.problem("GS310", ("metadata", "name"), message)


def _draft(fleet: Fleet, entries: Sequence[Entry]) -> None:
    houses = _houses(fleet)
    for entry in entries:
        house, found = _house_of(fleet, entry, houses)
        fleet.drafts.append(app.draft(entry, house))
        fleet.problems += found
    for draft in fleet.drafts:
        fleet.problems += app.problems(draft)
    fleet.problems += _twins(fleet.drafts)


def _houses(fleet: Fleet) -> Mapping[str, House]:
    if not fleet.partners:
        default = partner.from_environment(fleet.rules)
        return {default.name: House(default.name, default.url)}
    return {
        entry.name: House(entry.name, partner.address(entry, fleet.rules), entry) for entry in fleet.partners
    }


def _house_of(fleet: Fleet, entry: Entry, houses: Mapping[str, House]) -> tuple[House | None, list[Problem]]:
    named = entry.get("spec", "partner")
    if isinstance(named, str):
        return houses.get(named), _unresolved(fleet, entry, "partner", houses)
    if named is None and len(houses) == 1:
        return next(iter(houses.values())), []
    if named is None and fleet.whole and "spec.partner" not in entry.misspelt:
        message = f"must be named, there being {len(houses)}: {some(islice(houses, 8))}"
        return None, [problem("GS312", entry.at("spec", "partner"), "spec.partner", message)]
    return None, []


def _unresolved(fleet: Fleet, entry: Entry, field: str, known: Mapping[str, object]) -> list[Problem]:
    """Say where a reference leads to nothing; the first ones get a hint, which takes a look at many names."""
    named = entry.text("spec", field) or ""
    if named in known or not fleet.whole or not _NAME.match(named):
        return []
    nearby = islice((name for name in known if _NAME.match(name)), MOST_COMPARED)
    near = closest(named, nearby) if len(fleet.problems) < MOST_HINTS else None
    hint = f"; did you mean {near}?" if near else ""
    message = f"there is no {field.capitalize()}/{named[:MOST_SHOWN]}{hint}"
    return [entry.problem("GS311", ("spec", field), message, near)]


def _twins(drafts: Sequence[Draft]) -> Iterator[Problem]:
    """Yield what two apps at one Gupshup cannot share."""
    first: dict[tuple[str, str, str], Draft] = {}
    for draft in drafts:
        for key, value in _unique(draft):
            where = draft.house.url if draft.house else ""
            other = first.setdefault((where, key, value.casefold() if key == "appId" else value), draft)
            if other is not draft:
                given = draft.entry.get("spec", key) is not None
                path: Path = ("spec", key) if given else ("metadata", "name")
                message = f"{shown(value)} is the {key} of {other.entry.title} at {other.entry.place} already"
                yield problem("GS406", draft.entry.at(*path), dotted(("spec", key)), message)


def _unique(draft: Draft) -> Iterator[tuple[str, str]]:
    spec = draft.entry.texts("spec")
    for key in ("phone", "appId"):
        if key in spec:
            yield key, spec[key]
    if draft.app_name:
        yield "appName", draft.app_name


def _expand(fleet: Fleet, most: int) -> None:
    targets = _Targets(fleet.drafts)
    anywhere = _anywhere(fleet)
    counts: Counter[str] = Counter()
    for entry in fleet.subscriptions:
        fleet.problems += subscription.problems(entry, fleet.rules)
        found, problems = _apps_of(fleet, entry, targets)
        fleet.problems += problems
        if not found:
            fleet.problems += subscription.without_app(entry, anywhere)
        counts.update(draft.name for draft in found)
        if counts.total() > most:
            message = f"more than {most:,} webhooks, selectors expanded"
            fleet.problems.append(entry.problem("GS703", ("spec",), message))
            return
        fleet.webhooks += [
            subscription.webhook(entry, draft) for draft in found if counts[draft.name] <= MOST_WEBHOOKS
        ]
    fleet.problems += _too_many(fleet.drafts, counts)
    fleet.problems += _webhook_problems(fleet.webhooks)


def _anywhere(fleet: Fleet) -> House:
    """Return the partner of an app that is not there yet: it has every switch that some partner may have."""
    houses = _houses(fleet).values()
    switches = {one for one in _SWITCHES if not fleet.whole or any(house.allows(one) for house in houses)}
    return House("", "", lenient=frozenset(switches))


class _Targets:
    """Apps by name and by label, so that a selector looks at few."""

    def __init__(self, drafts: Sequence[Draft]) -> None:
        self.by_name = {draft.name: draft for draft in drafts if draft.name}
        self._by_label: dict[tuple[str, str], list[Draft]] = defaultdict(list)
        self._known: dict[frozenset[tuple[str, str]], list[Draft]] = {}
        for draft in self.by_name.values():
            for label in draft.labels.items():
                self._by_label[label].append(draft)

    def matching(self, labels: Mapping[str, str]) -> list[Draft]:
        """Return the apps that have all *labels*; none where there are no labels."""
        wanted = frozenset(labels.items())
        if wanted not in self._known:
            fewest = min((self._by_label.get(label, []) for label in wanted), key=len, default=[])
            self._known[wanted] = [draft for draft in fewest if wanted <= draft.labels.items()]
        return self._known[wanted]

    def hint(self, labels: Mapping[str, str]) -> str:
        """Return what else *labels*, which no app has, may have been meant to be."""
        there = {f"{key}: {value}": None for key, value in islice(self._by_label, MOST_COMPARED)}
        if not there:
            return "; no app has a label at all: add metadata.labels to an App"
        lacking = [
            f"{key}: {value}" for key, value in sorted(labels.items()) if (key, value) not in self._by_label
        ]
        if not lacking:
            return ", though each alone is on some app; remove one, or label an app"
        near = closest(lacking[0], there)
        mean = f"did you mean {shown(near)[1:-1]}?" if near else f"there are {some(there)}"
        return f"; {shown(lacking[0])[1:-1]} is on none; {mean}"


def _apps_of(fleet: Fleet, entry: Entry, targets: _Targets) -> tuple[list[Draft], list[Problem]]:
    named = entry.text("spec", "app")
    if named is not None:
        there = targets.by_name.get(named)
        return [there] if there else [], _unresolved(fleet, entry, "app", targets.by_name)
    labels = entry.texts("spec", "appSelector", "matchLabels")
    found = targets.matching(labels)
    if labels and not found and fleet.whole:
        hint = targets.hint(labels) if len(fleet.problems) < MOST_HINTS else ""
        return [], [entry.problem("GS313", ("spec", "appSelector"), f"no app has these labels{hint}")]
    return found, []


def _too_many(drafts: Sequence[Draft], counts: Counter[str]) -> Iterator[Problem]:
    for draft in drafts:
        count = counts[draft.name]
        if count > MANY_WEBHOOKS:
            minutes = -(-count // 5)
            found = draft.entry.problem(
                "GS514", ("metadata", "name"), f"{count} webhooks take {minutes} min to make"
            )
            grave = count > MOST_WEBHOOKS
            yield replace(found, severity=Severity.ERROR) if grave else found


def _webhook_problems(webhooks: Sequence[Webhook]) -> Iterator[Problem]:
    tags: dict[tuple[str, str], Webhook] = {}
    urls: dict[tuple[str, str], Webhook] = {}
    for one in webhooks:
        yield from subscription.per_app(one)
        name, entry, tag, url = one.draft.name, one.entry, one.tag, one.url
        other = tags.setdefault((name, tag), one)
        if other is not one:
            owner = f"{other.entry.title} at {other.entry.place}"
            message = f"{shown(tag)} on {one.draft.entry.title} is the tag of {owner} already"
            yield problem("GS513", entry.at("spec", "tag"), "spec.tag", message)
        elif url and (twin := urls.setdefault((name, url), one)) is not one:
            message = f"is also the URL of {twin.entry.title} on {one.draft.entry.title}: all comes twice"
            yield entry.problem("GS509", ("spec", "url"), message)
