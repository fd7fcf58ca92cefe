"""Declared apps with their matches: the units that observing and planning both work on."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from controller.core.account.facts import join_facts
from controller.core.planning.match import Found, Match, index, match
from controller.core.planning.provisioning import Progress, of_row
from controller.model.account import AccountFacts
from controller.model.health import AppHealth
from controller.model.manifest import App, Desired, Partner, Policy, Settle, SubscribeWhen, Subscription
from controller.model.memory import Intent, Memory, Refusal
from controller.model.plan import Item, Kind, Observed, Request
from controller.model.upstream import Facts, Row

NO_REQUEST = Request()


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that was observed of one partner.

    *whole*: the manifests are complete, so what they lack is undeclared. *tags* and *whole_apps* are as in
    `Desired`.
    """

    partner: Partner
    observed: Observed
    request: Request
    whole: bool
    tags: Mapping[str, frozenset[str]] | None = None
    whole_apps: frozenset[str] = frozenset()

    @property
    def now(self) -> float:
        return self.observed.at

    @property
    def account(self) -> AccountFacts:
        """The facts of every sign-in so far, those of other processes included."""
        return join_facts(self.observed.account, self.observed.memory.account)


@dataclass(frozen=True, slots=True)
class MatchedApp:
    app: App
    match: Match
    subscriptions: tuple[Subscription, ...]
    context: Context
    leaving: frozenset[str] = frozenset()
    """The tags that manifests declare for a retired app: it has no *subscriptions* any more."""

    @property
    def item(self) -> Item:
        return app_item(self.app)

    @property
    def whole(self) -> bool:
        """Whether all declared subscriptions of this app are here: what they lack is undeclared.

        A retired app declares none, whatever the scope.
        """
        narrowed = self.app.name not in self.context.whole_apps and not self.app.is_retired
        return self.context.whole or not narrowed

    @property
    def knows_declared(self) -> bool:
        """Whether all tags that manifests declare for this app are known: not from a single file."""
        context = self.context
        return context.whole or context.tags is not None or self.app.name in context.whole_apps

    @property
    def facts(self) -> Facts:
        return self.context.observed.facts

    @property
    def memory(self) -> Memory:
        return self.context.observed.memory

    @property
    def now(self) -> float:
        return self.context.now

    def refusal(self, key: str) -> Refusal | None:
        """Return the refusal that still counts for *key*: none from before a person asked again."""
        earlier = self.memory.refusals.get(key)
        return None if earlier is not None and self.asked_again_since(earlier.at) else earlier

    def asked_again_since(self, at: float) -> bool:
        """Return whether a person asked again after *at*: then an answer from *at* no longer counts."""
        return self.app.name in self.context.request.again and at < self.context.request.at


@dataclass(frozen=True, slots=True)
class Matches:
    """All declared apps of one partner with their matches, in the order of their names."""

    desired: Desired
    context: Context
    apps: tuple[MatchedApp, ...]


def match_apps(
    desired: Desired, partner: Partner, observed: Observed, request: Request = NO_REQUEST
) -> Matches:
    """Match every declared app of *partner*, once for all that is calculated from one observation."""
    seen = index(observed.rows, observed.facts)
    declared: dict[str, list[Subscription]] = defaultdict(list)
    for wanted in desired.subscriptions:
        declared[wanted.app].append(wanted)
    context = Context(partner, observed, request, desired.complete, desired.tags, desired.whole_apps)
    apps = tuple(
        _matched(app, match(app, seen, observed, partner.settle), declared[app.name], context)
        for app in sorted(desired.apps, key=lambda app: app.name)
        if app.partner == partner.name
    )
    return Matches(desired, context, apps)


def _matched(app: App, found: Match, declared: list[Subscription], context: Context) -> MatchedApp:
    if app.is_retired:
        beyond = (context.tags or {}).get(app.name, frozenset())
        return MatchedApp(app, found, (), context, beyond | {wanted.tag for wanted in declared})
    wanted = sorted(declared, key=lambda each: (each.name, each.tag))
    return MatchedApp(app, found, tuple(wanted), context)


def app_item(app: App) -> Item:
    return Item(Kind.APP, app.partner, app.name, app.name)


def subscription_item(wanted: Subscription) -> Item:
    return Item(Kind.SUBSCRIPTION, wanted.partner, wanted.app, wanted.name)


def tag_item(app: App, tag: str) -> Item:
    return Item(Kind.SUBSCRIPTION, app.partner, app.name, tag)


def attempts(matched: MatchedApp) -> list[Intent]:
    """Return the links without an outcome that prevent this one: by its phone, then by its name."""
    intents = matched.memory.intents.values()
    same = (each for each in intents if each.phone == matched.app.phone or each.name == matched.app.app_name)
    return sorted(same, key=lambda each: (each.phone != matched.app.phone, each.id))


def absent_from(intent: Intent, settle: Settle) -> float | None:
    """Return when an absent app proves that the attempt had no effect (epoch seconds), None if it goes on."""
    return None if intent.ended is None else intent.ended + settle.late_effect + settle.stale_list


def may_subscribe(matched: MatchedApp, found: Found) -> bool:
    """Return whether the app has come far enough for subscriptions (the partner's `subscribeWhen`)."""
    linked = matched.context.partner.subscribe_when is SubscribeWhen.LINKED
    return linked or of_row(found.row, matched.facts) is Progress.LIVE


def may_unsubscribe(matched: MatchedApp) -> bool:
    """Return whether undeclared subscriptions of this app may be removed at all."""
    owned = matched.context.partner.owned_tags is not None
    return matched.whole and owned and Policy.UNSUBSCRIBE in matched.app.policies


def needs_subscriptions(matched: MatchedApp) -> bool:
    """Return whether this app's subscriptions have to be read: also to find those that nobody declares."""
    return bool(matched.subscriptions) or matched.whole


def is_ours(partner: Partner, tag: str) -> bool:
    return partner.owned_tags is not None and fnmatchcase(tag, partner.owned_tags)


def known_waba(matched: MatchedApp, found: Found) -> str | None:
    """Return the WABA id that Gupshup gave last, "" if Gupshup gave none, None if no pass asked yet."""
    health = known_health(matched, found.row)
    known = matched.memory.bindings.get(matched.app.phone)
    bound = known.waba if known is not None and known.app_id == found.row.id else None
    return bound if health is None else health.info.waba_id or bound or ""


def known_health(matched: MatchedApp, row: Row) -> AppHealth | None:
    """Return the last answer about the health of the app of *row*, None without any.

    Another process may have read it later than this one; a moment that is still to come does not count.
    """
    fresh, kept = matched.facts.health.get(row.id), matched.memory.health.get(row.id)
    if fresh is None or kept is None:
        return fresh or kept
    return kept if fresh.at < kept.at <= matched.now else fresh
