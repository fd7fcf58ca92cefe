"""Queries that a pass still needs, given what it knows: repeated with the answers until none is left."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeVar, assert_never

from controller.core.planning.match import Found, Undecided
from controller.core.planning.matched_app import (
    MatchedApp,
    Matches,
    known_waba,
    may_subscribe,
    needs_subscriptions,
)
from controller.core.planning.provisioning import Progress, of_row
from controller.model.manifest import AppId, SubscribeWhen
from controller.model.passes import PassKind
from controller.model.upstream import (
    Details,
    DetailsQuery,
    Facts,
    Query,
    ReadFailed,
    Row,
    StageQuery,
    SubscriptionsQuery,
    WabaQuery,
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


def drop_stale(facts: Facts, rows: Iterable[Row], breadth: PassKind = PassKind.FULL) -> Facts:
    """Drop what the next pass reads again: reads that failed, and doubts about going live.

    A pass over the list reads neither of them, so both stay. Apps that are no longer listed are forgotten.
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
        wabas={key: fact for key, fact in facts.wabas.items() if isinstance(fact, str) and key in live},
        subscriptions={
            key: fact
            for key, fact in facts.subscriptions.items()
            if key in live and (keeps or not isinstance(fact, ReadFailed))
        },
    )


def merge_facts(whole: Facts, part: Facts, of: Collection[AppId]) -> Facts:
    """Return *whole* with what a pass over some apps read (*part*). *of* are the apps of that pass."""
    return Facts(
        _merged(whole.details, part.details, of),
        _merged(whole.stages, part.stages, of),
        _merged(whole.wabas, part.wabas, of),
        _merged(whole.subscriptions, part.subscriptions, of),
    )


def facts_about(facts: Facts, of: Collection[AppId]) -> Facts:
    """Return the details and WABA ids of some apps. Their stages and subscriptions are read anew."""
    return Facts(
        {key: facts.details[key] for key in of if key in facts.details},
        {},
        {key: facts.wabas[key] for key in of if key in facts.wabas},
        {},
    )


def reads_between(before: Facts, after: Facts) -> int:
    """Return how many reads it took from *before* to *after*."""
    return _count(after) - _count(before)


def _count(facts: Facts) -> int:
    return len(facts.details) + len(facts.stages) + len(facts.wabas) + len(facts.subscriptions)


def _merged(whole: Mapping[AppId, F], part: Mapping[AppId, F], of: Collection[AppId]) -> Mapping[AppId, F]:
    kept = {key: fact for key, fact in whole.items() if key not in of}
    return kept | dict(part)


def _undecided(matched: MatchedApp) -> Iterator[Query]:
    if isinstance(matched.match, Undecided):
        yield from (DetailsQuery(app_id) for app_id in matched.match.ask)


def _of_app(matched: MatchedApp) -> Iterator[Query]:
    match matched.match:
        case Undecided():
            yield from _undecided(matched)
        case Found(row) as found:
            if _progress_unknown(row):
                yield StageQuery(row.id)
            if of_row(row, matched.facts) is Progress.LIVE and known_waba(matched, found) is None:
                yield WabaQuery(row.id)
            if needs_subscriptions(matched) and may_subscribe(matched, found):
                yield SubscriptionsQuery(row.id)
                yield from _confirmation(matched, row)
        case _:
            return


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
        case WabaQuery(app_id):
            return app_id in facts.wabas
        case SubscriptionsQuery(app_id):
            return app_id in facts.subscriptions
        case _:
            assert_never(query)


def _order(query: Query) -> tuple[AppId, str]:
    return query.app_id, type(query).__name__
