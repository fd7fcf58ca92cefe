"""Resources as Gupshup lists them: in this pass, and as they were if the pass did not read them."""

from dataclasses import replace

from controller.core.planning.match import Absent, Found, phone_of
from controller.core.planning.matched_app import MatchedApp, known_waba
from controller.model.manifest import Subscription
from controller.model.status import ListedApp, Status
from controller.model.upstream import Row


def with_app(blank: Status, matched: MatchedApp, row: Row | None, before: Status | None) -> Status:
    """Return *blank*, the status of an app, with its *row*. *before* is the status before, None without one.

    What no complete list has denied stays as it was last.
    """
    if row is None:
        return _unmatched(blank, matched, before)
    known = before.listed if before is not None and before.stage == blank.stage else None
    listed = ListedApp(
        row.name,
        phone_of(row, matched.facts) or "",
        known_waba(matched, Found(row)) or "",
        row.region or "",
        row.created,
        known.since if isinstance(known, ListedApp) else blank.at,
    )
    return replace(blank, is_listed=True, listed=listed)


def with_webhook(
    blank: Status, matched: MatchedApp, wanted: Subscription, row: Row | None, before: Status | None
) -> Status:
    """Return *blank*, the status of a subscription, with what the app of *row* has under its tag."""
    if row is None:
        return _unmatched(blank, matched, before)
    found = matched.facts.subscriptions.get(row.id)
    if not isinstance(found, tuple):
        return blank if before is None else replace(blank, is_listed=before.is_listed, listed=before.listed)
    remote = next((each for each in found if each.tag == wanted.tag), None)
    listed = None if remote is None else replace(remote, echo=False)
    return replace(blank, is_listed=listed is not None, listed=listed)


def _unmatched(blank: Status, matched: MatchedApp, before: Status | None) -> Status:
    """Return *blank*, whose app has no row: a complete list lacks it, or no list can show which row it is."""
    if isinstance(matched.match, Absent):
        return replace(blank, is_listed=False)
    return replace(blank, listed=None if before is None else before.listed)
