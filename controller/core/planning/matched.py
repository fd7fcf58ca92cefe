"""One declared app beside what was found of it: the unit that looking and planning both work on."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from controller.core.planning.digest import subscribed
from controller.core.planning.match import Found, Match, index, match
from controller.core.planning.provisioning import Progress, of_row
from controller.model.manifest import App, Desired, Partner, Policy, SubscribeWhen, Subscription
from controller.model.memory import Refusal
from controller.model.plan import Asked, Item, Kind, Observed
from controller.model.upstream import Row


@dataclass(frozen=True, slots=True)
class View:
    """All that is seen of one partner.

    *whole*: what no manifest declares is known to be undeclared; *written* are apps that we subscribed once.
    """

    partner: Partner
    observed: Observed
    asked: Asked
    whole: bool
    written: frozenset[str] = frozenset()

    @property
    def now(self) -> float:
        return self.observed.at


@dataclass(frozen=True, slots=True)
class Case:
    app: App
    match: Match
    subscriptions: tuple[Subscription, ...]
    view: View

    @property
    def item(self) -> Item:
        return app_item(self.app)

    def refusal(self, key: str) -> Refusal | None:
        """Return the earlier no that still counts for *key*: not one from before somebody asked again."""
        found = self.view.observed.memory.refusals.get(key)
        return None if found is not None and self.wiped(found.at) else found

    def wiped(self, at: float) -> bool:
        """Say whether what was answered at *at* no longer counts, because somebody asked again since."""
        return self.app.name in self.view.asked.again and at < self.view.asked.at


def cases(desired: Desired, partner: Partner, observed: Observed, asked: Asked) -> Iterator[Case]:
    """Match every declared app of *partner*, in the order of their names."""
    seen = index(observed.rows, observed.facts)
    declared: dict[str, list[Subscription]] = defaultdict(list)
    for wanted in desired.subscriptions:
        declared[wanted.app].append(wanted)
    view = View(partner, observed, asked, desired.complete, subscribed(observed.memory.ledger))
    for app in sorted(desired.apps, key=lambda app: app.name):
        if app.partner == partner.name:
            found = match(app, seen, observed, partner.settle)
            of_app = tuple(sorted(declared[app.name], key=lambda wanted: (wanted.name, wanted.tag)))
            yield Case(app, found, of_app, view)


def app_item(app: App) -> Item:
    return Item(Kind.APP, app.partner, app.name, app.name)


def subscription_item(wanted: Subscription) -> Item:
    return Item(Kind.SUBSCRIPTION, wanted.partner, wanted.app, wanted.name)


def tag_item(app: App, tag: str) -> Item:
    return Item(Kind.SUBSCRIPTION, app.partner, app.name, tag)


def may_subscribe(case: Case, found: Found) -> bool:
    """Say whether the app has come far enough for subscriptions, as the partner wants it."""
    linked = case.view.partner.subscribe_when is SubscribeWhen.LINKED
    return linked or of_row(found.row, case.view.observed.facts) is Progress.LIVE


def prunes(case: Case) -> bool:
    """Say whether undeclared subscriptions of this app may be removed at all."""
    owned = case.view.partner.owned_tags is not None
    return case.view.whole and owned and Policy.UNSUBSCRIBE in case.app.policies


def wrote(case: Case, row: Row) -> bool:
    """Say whether we ever subscribed this app: what is no longer declared there is worth a word."""
    return case.view.whole and row.id in case.view.written


def looks(case: Case, row: Row) -> bool:
    """Say whether the subscriptions of this app matter to anybody."""
    return bool(case.subscriptions) or prunes(case) or wrote(case, row)


def owns(partner: Partner, tag: str) -> bool:
    return partner.owned_tags is not None and fnmatchcase(tag, partner.owned_tags)


def waba_told(case: Case, found: Found) -> str | None:
    """Return the WABA id that Gupshup told, "" where it was asked and did not tell, None where not asked."""
    fresh = case.view.observed.facts.wabas.get(found.row.id)
    if isinstance(fresh, str):
        return fresh
    known = case.view.observed.memory.bindings.get(case.app.phone)
    return known.waba if known is not None and known.app_id == found.row.id else None
