"""Observation of an account: the whole list, then the facts that declared apps need, as the pace allows."""

import asyncio
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeAlias, assert_never

from controller.core.health.quality import next_health
from controller.core.planning.matched_app import NO_REQUEST, app_item, match_apps, subscription_item
from controller.core.planning.queries import drop_stale, open_queries
from controller.errors import Busy, ControllerError, Denied, Rejected, Unclear
from controller.loop.ports import Account, Reader
from controller.loop.reconcile.gather import gather
from controller.model.health import AppHealth, WabaInfo
from controller.model.manifest import AppId, Desired, Subscription
from controller.model.passes import PassKind
from controller.model.plan import Item, Observed, Request
from controller.model.upstream import (
    Details,
    DetailsQuery,
    Facts,
    HealthQuery,
    Listing,
    Query,
    ReadFailed,
    RemoteSubscription,
    Stage,
    StageQuery,
    SubscriptionsQuery,
)

CONCURRENT_READS = 8
"""Reads side by side: as many as ten calls a second and a reply in under a second can keep busy."""

Fact: TypeAlias = Details | Stage | WabaInfo | tuple[RemoteSubscription, ...] | ReadFailed


async def listed(account: Account[Reader], until: float = math.inf) -> Listing:
    """Read the partner's list. Raises OutOfTime if the list has no end by *until* (epoch seconds)."""
    asked_at = account.clock.now()
    return Listing(await account.remote.rows(until), asked_at)


async def observe(
    account: Account[Reader],
    desired: Desired,
    known: Facts,
    listing: Listing | None = None,
    kind: PassKind = PassKind.FULL,
    request: Request = NO_REQUEST,
) -> Observed:
    """Return the present state of the account. *known* holds the facts of earlier passes about single apps.

    *listing* is the partner's list if it was read already, None to read it here. Raises Busy or Unclear if
    the list cannot be read whole, Denied if the credentials are refused.
    """
    listing = listing or await listed(account)
    memory = await account.store.memories.read(account.upstream)
    value_digests, now = dict(digests(account, desired)), account.clock.now()
    facts = drop_stale(known, listing.rows, kind, now=now)
    observed = Observed(now, listing.rows, facts, memory, value_digests, listing.at)
    while queries := open_queries(match_apps(desired, account.partner, observed, request), kind):
        observed = replace(observed, facts=await _answer(account.remote, queries, observed))
    return replace(observed, at=account.clock.now(), account=account.remote.account_facts)


def digests(account: Account[Reader], desired: Desired) -> Iterator[tuple[Item, str | ReadFailed]]:
    """Fingerprint, with the store's key, each declared value that can be written and never read."""
    for app in desired.apps:
        if app.partner == account.partner.name and app.callback_url is not None:
            yield app_item(app), account.store.keyed_digest(app.callback_url)
    for wanted in desired.subscriptions:
        if wanted.partner == account.partner.name and wanted.headers:
            yield subscription_item(wanted), _headers(account, wanted)


def _headers(account: Account[Reader], wanted: Subscription) -> str | ReadFailed:
    try:
        values = {name: account.reveal(ref).reveal() for name, ref in sorted(wanted.headers.items())}
    except ControllerError as error:
        return ReadFailed(str(error))
    return account.store.keyed_digest(json.dumps(values))


async def _answer(remote: Reader, queries: Iterable[Query], observed: Observed) -> Facts:
    slots = asyncio.Semaphore(CONCURRENT_READS)

    async def answer(query: Query) -> tuple[Query, Fact]:
        async with slots:
            return query, await _read_fact(remote, query)

    return _merged(observed, await gather(answer(query) for query in queries))


async def _read_fact(remote: Reader, query: Query) -> Fact:
    """Read once. A failed read is a fact, too: the pass goes on without the answer."""
    try:
        return await _read(remote, query)
    except Busy as error:
        return ReadFailed(str(error), error.until)
    except Rejected as error:
        refused = isinstance(query, HealthQuery) and not _too_early(error)
        return WabaInfo() if refused else ReadFailed(str(error))
    except (Unclear, Denied) as error:
        return ReadFailed(str(error))


async def _read(remote: Reader, query: Query) -> Fact:
    match query:
        case DetailsQuery(app_id):
            return await remote.details(app_id)
        case StageQuery(app_id):
            return await remote.stage(app_id)
        case HealthQuery(app_id):
            return await remote.waba(app_id)
        case SubscriptionsQuery(app_id):
            return await remote.subscriptions(app_id)
        case _:
            assert_never(query)


def _too_early(error: Rejected) -> bool:
    """Return whether the app only has to come live first (docs/gupshup-api.md, Waba info)."""
    return "not live" in error.words.casefold()


def _merged(observed: Observed, answers: Iterable[tuple[Query, Fact]]) -> Facts:
    facts = observed.facts
    details, stages, subscriptions = dict(facts.details), dict(facts.stages), dict(facts.subscriptions)
    health, unread = dict(facts.health), dict(facts.unread)
    for query, fact in answers:
        match query, fact:
            case DetailsQuery(app_id), Details() | ReadFailed():
                details[app_id] = fact
            case StageQuery(app_id), Stage() | ReadFailed():
                stages[app_id] = fact
            case HealthQuery(app_id), WabaInfo():
                health[app_id] = next_health(_before(observed, app_id), fact, observed.at)
                unread.pop(app_id, None)
            case HealthQuery(app_id, patience), ReadFailed(why, until):
                unread[app_id] = ReadFailed(why, max(until or 0.0, observed.at + patience))
            case SubscriptionsQuery(app_id), tuple() | ReadFailed():
                subscriptions[app_id] = fact
    return Facts(details, stages, health, subscriptions, unread)


def _before(observed: Observed, app_id: AppId) -> AppHealth | None:
    """Return the health that was known before this pass: *observed* holds no later one of this app."""
    known = (observed.facts.health.get(app_id), observed.memory.health.get(app_id))
    return max((each for each in known if each is not None), key=lambda each: each.at, default=None)
