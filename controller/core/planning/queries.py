"""What a pass still has to ask, given what it knows: called again with the answers until it wants nothing."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeVar, assert_never

from controller.core.planning.match import Found, Undecided
from controller.core.planning.matched import Case, cases, looks, may_subscribe, waba_told
from controller.core.planning.provisioning import Progress, of_row
from controller.model.manifest import AppId, Desired, Partner, SubscribeWhen
from controller.model.passes import Breadth
from controller.model.plan import Asked, Observed
from controller.model.upstream import (
    Details,
    Facts,
    Row,
    Unseen,
    Want,
    WantDetails,
    WantStage,
    WantSubscriptions,
    WantWaba,
)

F = TypeVar("F")


def wanted(
    desired: Desired, partner: Partner, observed: Observed, breadth: Breadth = Breadth.FULL
) -> tuple[Want, ...]:
    """Return the looks that this pass still needs, none of which was tried before in it.

    A pass over the list asks only what decides which app is whose.
    """
    of_case = _undecided if breadth is Breadth.LIST else _of_case
    asks = {ask for case in cases(desired, partner, observed, Asked()) for ask in of_case(case)}
    return tuple(sorted((ask for ask in asks if not _tried(ask, observed.facts)), key=_order))


def refresh(facts: Facts, rows: Iterable[Row], breadth: Breadth = Breadth.FULL) -> Facts:
    """Drop what the next pass asks again: looks that gave nothing, and doubts about going live.

    A pass over the list asks neither of them, so it keeps both. What is not listed any more is forgotten.
    """
    keeps = breadth is Breadth.LIST
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
            if key in live and (keeps or not isinstance(fact, Unseen))
        },
    )


def joined(whole: Facts, part: Facts, of: Collection[AppId]) -> Facts:
    """Return what is known with what a pass over a part learnt: *of* are the apps that it was about."""
    return Facts(
        _joined(whole.details, part.details, of),
        _joined(whole.stages, part.stages, of),
        _joined(whole.wabas, part.wabas, of),
        _joined(whole.subscriptions, part.subscriptions, of),
    )


def part_of(facts: Facts, of: Collection[AppId]) -> Facts:
    """Return what is known of some apps beside their subscriptions: those are looked at anew."""
    return Facts(
        {key: facts.details[key] for key in of if key in facts.details},
        {},
        {key: facts.wabas[key] for key in of if key in facts.wabas},
        {},
    )


def asked_since(before: Facts, after: Facts) -> int:
    """Return how many looks it took from *before* to *after*."""
    return _count(after) - _count(before)


def _count(facts: Facts) -> int:
    return len(facts.details) + len(facts.stages) + len(facts.wabas) + len(facts.subscriptions)


def _joined(whole: Mapping[AppId, F], part: Mapping[AppId, F], of: Collection[AppId]) -> Mapping[AppId, F]:
    kept = {key: fact for key, fact in whole.items() if key not in of}
    return kept | dict(part)


def _undecided(case: Case) -> Iterator[Want]:
    if isinstance(case.match, Undecided):
        yield from (WantDetails(app_id) for app_id in case.match.ask)


def _of_case(case: Case) -> Iterator[Want]:
    match case.match:
        case Undecided():
            yield from _undecided(case)
        case Found(row) as found:
            if _row_says_nothing(row):
                yield WantStage(row.id)
            if of_row(row, case.view.observed.facts) is Progress.LIVE and waba_told(case, found) is None:
                yield WantWaba(row.id)
            if looks(case, row) and may_subscribe(case, found):
                yield WantSubscriptions(row.id)
                yield from _confirmation(case, row)
        case _:
            return


def _row_says_nothing(row: Row) -> bool:
    return not row.live and row.stage.creation is None


def _confirmation(case: Case, row: Row) -> Iterator[Want]:
    """Before an app's first subscription a second source has to agree that it is live."""
    there = case.view.observed.facts.subscriptions.get(row.id)
    if there == () and case.subscriptions and case.view.partner.subscribe_when is SubscribeWhen.LIVE:
        yield WantDetails(row.id) if row.live else WantStage(row.id)


def _tried(ask: Want, facts: Facts) -> bool:
    match ask:
        case WantDetails(app_id):
            return app_id in facts.details
        case WantStage(app_id):
            return app_id in facts.stages
        case WantWaba(app_id):
            return app_id in facts.wabas
        case WantSubscriptions(app_id):
            return app_id in facts.subscriptions
        case _:
            assert_never(ask)


def _order(ask: Want) -> tuple[AppId, str]:
    return ask.app_id, type(ask).__name__
