"""Cache of what this process observed of one partner, and the two kinds of passes that add to it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import cast

from controller.core.planning.app_cache import AppCache
from controller.core.planning.changes.renames import under_new_names
from controller.core.planning.guard import Released
from controller.core.planning.queries import facts_about, merge_facts, reads_between
from controller.core.schedule.pass_outcome import PassOutcome
from controller.errors import ControllerError
from controller.loop.ports import Account, Reader, Writer
from controller.loop.reconcile.reconcile import decide, reconcile, replan
from controller.loop.reconcile.state import PassRequest, PassState
from controller.model.manifest import App, AppId, Desired, Subscription
from controller.model.passes import WHOLE_PARTNER, Lane, PassKind
from controller.model.plan import Request
from controller.model.upstream import Facts, Listing, ReadFailed

BY_PHONE = 2
"""Pages that a read by phone takes: the one with the row, and the empty one that ends the list."""


class PartnerCache:
    """The last list and the facts about single apps. Without *enforce* nothing is written."""

    def __init__(self, account: Account[Reader], *, enforce: bool) -> None:
        self._account = account
        self._enforce = enforce
        self._facts = Facts()
        self._released: Released = frozenset()
        self._begun = False
        self._listed_at = 0.0
        self.rows = AppCache()
        self.desired = Desired("")
        self.apps: dict[str, App] = {}
        self._subscriptions: dict[str, tuple[Subscription, ...]] = {}
        self._keys: dict[str, str] = {}

    def declare(self, desired: Desired) -> frozenset[str]:
        """Replace the declaration by the present one. Return the names of apps whose declaration is new.

        The first call returns none: what is new is not known then. An app that only has another name is not
        new.
        """
        before = under_new_names(self.desired, desired)
        were, hooks = {app.name: app for app in before.apps}, _by_app(before.subscriptions)
        apps, subscriptions = {app.name: app for app in desired.apps}, _by_app(desired.subscriptions)
        self._forget(app for name, app in apps.items() if name not in were)
        changed = {
            name
            for name, app in apps.items()
            if not _same(app, were.get(name)) or not _alike(subscriptions.get(name, ()), hooks.get(name, ()))
        }
        if desired.revision != self.desired.revision:
            self._released = frozenset()  # releases count for one revision only
        self.desired, self.apps, self._subscriptions = desired, apps, subscriptions
        self._keys = {
            key: app.name for app in desired.apps for key in (app.app_id, app.app_name, app.phone) if key
        }
        self._account = replace(self._account, revision=desired.revision)
        begun, self._begun = self._begun, True
        return frozenset(changed if begun else ())

    def find(self, name: str) -> str | None:
        """Return the declared app that has *name* as id, phone or name at Gupshup; None if there is none."""
        row = self.rows.find(name)
        keys = (name,) if row is None else (name, row.phone or name, row.name)
        return next((self._keys[key] for key in keys if key in self._keys), None)

    async def reconcile_list(
        self, asked: Request, lane: Lane, released: frozenset[str], *, fresh: bool
    ) -> PassOutcome:
        """Reconcile from the list and the facts about single apps. With *fresh*, read the list first.

        The last list is good enough for a change of manifests: each link reads by its phone once more.
        """
        request = PassRequest(self.desired, self.desired, asked, released, PassKind.LIST)
        state = PassState(self._facts, self._released)
        listing = None if fresh else Listing(self.rows.rows, self._listed_at)
        outcome = await self._run_pass(WHOLE_PARTNER, lane, request, state, listing)
        if fresh and state.observed is not None:
            self.rows, self._listed_at = AppCache(state.observed.rows), state.observed.absent_at
        self._facts = state.facts
        self._released = state.released
        return replace(outcome, rows=len(self.rows))

    async def reconcile_app(self, name: str, asked: Request, lane: Lane) -> PassOutcome:
        """Reconcile one app. Its row is read by phone first, except for a background pass (DRIFT)."""
        app, fresh = self.apps[name], lane is not Lane.DRIFT
        desired = replace(self.desired, apps=(app,), subscriptions=self._subscriptions.get(name, ()))
        request = PassRequest(desired, self.desired, asked, kind=PassKind.APP)
        try:
            listing = await self._listing(app, fresh=fresh)
        except ControllerError as error:
            return PassOutcome(name, lane, asked, None, revision=desired.revision, error=error)
        ids = frozenset(row.id for row in listing.rows)
        known = facts_about(self._facts, ids, doubtful=name in asked.doubts)
        state = PassState(known)
        outcome = await self._run_pass(name, lane, request, state, listing)
        if state.observed is not None:
            self._facts = merge_facts(self._facts, state.facts, ids | _asked_about(state.facts))
        calls = BY_PHONE * fresh + reads_between(known, state.facts)
        return replace(outcome, rows=len(self.rows), calls=calls)

    def mark_failed(self, name: str, why: str) -> None:
        """Note that an observation of an app failed, so that no guard waits for its facts."""
        app = self.apps.get(name)
        ids = () if app is None else (row.id for row in self.rows.rows_for(app))
        unseen = {app_id: ReadFailed(why) for app_id in ids if app_id not in self._facts.subscriptions}
        self._facts = replace(self._facts, subscriptions={**self._facts.subscriptions, **unseen})

    def _forget(self, apps: Iterable[App]) -> None:
        """Forget the subscriptions of *apps*, which were not observed meanwhile: a pass reads them anew."""
        ids = {row.id for app in apps for row in self.rows.rows_for(app)}
        known = {app_id: fact for app_id, fact in self._facts.subscriptions.items() if app_id not in ids}
        self._facts = replace(self._facts, subscriptions=known)

    async def _listing(self, app: App, *, fresh: bool) -> Listing:
        asked_at = self._account.clock.now() if fresh else self._listed_at
        if fresh:
            self.rows.replace_by_phone(app.phone, await self._account.remote.rows_by_phone(app.phone))
        return Listing(self.rows.rows_for(app), asked_at)

    async def _run_pass(
        self, name: str, lane: Lane, request: PassRequest, state: PassState, listing: Listing | None
    ) -> PassOutcome:
        """Do one pass and return its outcome, however the pass ended."""
        error, plan = None, None
        try:
            if self._enforce:
                await reconcile(cast("Account[Writer]", self._account), request, state, listing)
            else:
                await decide(self._account, request, state, listing)
            plan = await replan(self._account, request, state)
        except ControllerError as caught:
            error = caught
        return PassOutcome(
            name,
            lane,
            request.request,
            plan,
            tuple(state.outcomes.values()),
            revision=request.declared.revision,
            matches=state.matches,
            error=error,
        )


def _asked_about(facts: Facts) -> frozenset[AppId]:
    return frozenset((*facts.details, *facts.stages, *facts.health, *facts.subscriptions, *facts.unread))


def _by_app(subscriptions: Sequence[Subscription]) -> dict[str, tuple[Subscription, ...]]:
    by_app: dict[str, list[Subscription]] = {}
    for subscription in subscriptions:
        by_app.setdefault(subscription.app, []).append(subscription)
    return {name: tuple(group) for name, group in by_app.items()}


def _same(app: App, before: App | None) -> bool:
    """Return whether a manifest declares the same as before, whatever its place."""
    return before is not None and replace(app, place=before.place) == before


def _alike(subscriptions: Sequence[Subscription], before: Sequence[Subscription]) -> bool:
    return len(subscriptions) == len(before) and all(
        replace(one, place=other.place) == other for one, other in zip(subscriptions, before, strict=True)
    )
