"""Queries that a pass still needs, given what it knows: repeated with the answers until none is left."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeVar, assert_never

from controller.core.health.reading import (
    HOUR,
    MINUTE,
    KnownHealth,
    is_doubtful,
    is_due,
    is_wanted,
    next_due,
)
from controller.core.planning.match import Found, Undecided
from controller.core.planning.matched_app import (
    MatchedApp,
    Matches,
    known_health,
    known_waba,
    may_subscribe,
    needs_subscriptions,
)
from controller.core.planning.provisioning import Progress, of_row
from controller.core.planning.retired import retirement
from controller.model.manifest import AppId, ReadyWhen, SubscribeWhen
from controller.model.passes import PassKind
from controller.model.plan import HealthReads
from controller.model.upstream import (
    Details,
    DetailsQuery,
    Facts,
    HealthQuery,
    Query,
    ReadFailed,
    Row,
    StageQuery,
    SubscriptionsQuery,
)

F = TypeVar("F")


def open_queries(matches: Matches, kind: PassKind = PassKind.FULL) -> tuple[Query, ...]:
    """Return the reads that this pass still needs, none of which the pass has tried before.

    A pass over the list reads only what decides which app is whose.
    """
    of_app = _undecided if kind is PassKind.LIST else _of_app
    queries = {query for matched in matches.apps for query in of_app(matched)}
    facts = matches.context.observed.facts
    return tuple(sorted((query for query in queries if not _tried(query, facts)), key=_order))


def drop_stale(facts: Facts, rows: Iterable[Row], breadth: PassKind = PassKind.FULL, *, now: float) -> Facts:
    """Drop what the next pass reads again: reads that failed, and doubts about going live.

    A pass over the list reads neither of them, so both stay. A read of a health that failed stays until its
    next try. Apps that are no longer listed are forgotten.
    """
    keeps = breadth is PassKind.LIST
    live = {row.id: row.live for row in rows}
    return Facts(
        details={
            app_id: fact
            for app_id, fact in facts.details.items()
            if isinstance(fact, Details) and app_id in live and (keeps or fact.live or not live[app_id])
        },
        stages={key: fact for key, fact in facts.stages.items() if keeps and key in live},
        health={key: fact for key, fact in facts.health.items() if key in live},
        subscriptions={
            key: fact
            for key, fact in facts.subscriptions.items()
            if key in live and (keeps or not isinstance(fact, ReadFailed))
        },
        unread={key: fact for key, fact in facts.unread.items() if key in live and _rests(fact, now)},
    )


def merge_facts(whole: Facts, part: Facts, of: Collection[AppId]) -> Facts:
    """Return *whole* with what a pass over some apps read (*part*). *of* are the apps of that pass."""
    return Facts(
        _merged(whole.details, part.details, of),
        _merged(whole.stages, part.stages, of),
        _merged(whole.health, part.health, of),
        _merged(whole.subscriptions, part.subscriptions, of),
        _merged(whole.unread, part.unread, of),
    )


def facts_about(facts: Facts, of: Collection[AppId], *, doubtful: bool = False) -> Facts:
    """Return the details and the health of some apps. Their stages and subscriptions are read anew.

    If their health is *doubtful*, no earlier failure keeps a pass from reading it.
    """
    return Facts(
        details={key: facts.details[key] for key in of if key in facts.details},
        health={key: facts.health[key] for key in of if key in facts.health},
        unread={key: facts.unread[key] for key in of if key in facts.unread and not doubtful},
    )


def reads_between(before: Facts, after: Facts) -> int:
    """Return how many reads it took from *before* to *after*."""
    known = {id(fact) for fact in (*before.health.values(), *before.unread.values())}
    again = sum(id(fact) not in known for fact in (*after.health.values(), *after.unread.values()))
    return _count(after) - _count(before) + again


def _count(facts: Facts) -> int:
    return len(facts.details) + len(facts.stages) + len(facts.subscriptions)


def _merged(whole: Mapping[AppId, F], part: Mapping[AppId, F], of: Collection[AppId]) -> Mapping[AppId, F]:
    kept = {key: fact for key, fact in whole.items() if key not in of}
    return kept | dict(part)


def _undecided(matched: MatchedApp) -> Iterator[Query]:
    if isinstance(matched.match, Undecided) and not retirement.is_settled(matched):
        yield from (DetailsQuery(app_id) for app_id in matched.match.ask)


def _of_app(matched: MatchedApp) -> Iterator[Query]:
    match matched.match:
        case Undecided():
            yield from _undecided(matched)
        case _ if matched.app.is_retired:
            yield from retirement.queries(matched)
        case Found(row) as found:
            if _progress_unknown(row):
                yield StageQuery(row.id)
            yield from _health(matched, found)
            if needs_subscriptions(matched) and may_subscribe(matched, found):
                yield SubscriptionsQuery(row.id)
                yield from _confirmation(matched, row)
        case _:
            return


def next_health_read(matched: MatchedApp) -> float | None:
    """Return when the app's health is to be read (epoch seconds), None if the app is not live."""
    match matched.match:
        case _ if matched.app.is_retired:
            return None
        case Found(row) as found if of_row(row, matched.facts) is Progress.LIVE:
            if _patience(matched, found) is None:
                return next_due(row.id, matched.now)
            failed = matched.facts.unread.get(row.id)
            return matched.now if failed is None else failed.until
        case _:
            return None


def _health(matched: MatchedApp, found: Found) -> Iterator[Query]:
    row, failed = found.row, matched.facts.unread.get(found.row.id)
    if of_row(row, matched.facts) is Progress.LIVE and (failed is None or not _rests(failed, matched.now)):
        patience = _patience(matched, found)
        if patience is not None:
            yield HealthQuery(row.id, patience)


def _rests(failed: ReadFailed, now: float) -> bool:
    return failed.until is not None and now < failed.until


def _patience(matched: MatchedApp, found: Found) -> float | None:
    """Return how long a read of this app's health rests if it fails, in seconds; None if none is due."""
    request, now, waba = matched.context.request, matched.now, known_waba(matched, found)
    doubt, awaited = request.doubts.get(matched.app.name), matched.app.ready_when is ReadyWhen.SENDABLE
    known = KnownHealth(found.row.id, known_health(matched, found.row), waba is not None, doubt, awaited)
    daily = request.health_reads is HealthReads.DAILY
    if is_doubtful(known, now):
        return MINUTE
    if not known.checked or (daily and is_due(known, now)):
        return HOUR if daily else MINUTE
    waiting = request.health_reads is HealthReads.AWAITED
    return MINUTE if not daily and is_wanted(known, now, waiting=waiting) else None


def _progress_unknown(row: Row) -> bool:
    return not row.live and row.stage.creation is None


def _confirmation(matched: MatchedApp, row: Row) -> Iterator[Query]:
    """Yield the second read that must confirm that an app is live before its first subscription."""
    seen = matched.facts.subscriptions.get(row.id)
    if seen == () and matched.subscriptions and matched.context.partner.subscribe_when is SubscribeWhen.LIVE:
        yield DetailsQuery(row.id) if row.live else StageQuery(row.id)


def _tried(query: Query, facts: Facts) -> bool:
    match query:
        case DetailsQuery(app_id):
            return app_id in facts.details
        case StageQuery(app_id):
            return app_id in facts.stages
        case HealthQuery():
            return False  # `_health` decides: what was read once may be due again
        case SubscriptionsQuery(app_id):
            return app_id in facts.subscriptions
        case _:
            assert_never(query)


def _order(query: Query) -> tuple[AppId, str]:
    return query.app_id, type(query).__name__
