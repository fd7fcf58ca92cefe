"""Reads of health that the schedule plans: when each live app is due, and whose health is in doubt."""

from collections.abc import Iterator, Mapping

from controller.core.health.reading import LATELY
from controller.core.planning.match import Found
from controller.core.planning.matched_app import MatchedApp, Matches, known_health
from controller.core.planning.queries import next_health_read


def health_reads(matches: Matches | None) -> Iterator[tuple[str, float]]:
    """Yield each live app with the moment (epoch seconds) at which its health is to be read."""
    for matched in matches.apps if matches is not None else ():
        at = next_health_read(matched)
        if at is not None:
            yield matched.app.name, at


def doubts_left(doubts: Mapping[str, float], matches: Matches | None, now: float) -> dict[str, float]:
    """Return the doubts about apps' health that no read has settled yet, and that are not old."""
    apps = {matched.app.name: matched for matched in matches.apps} if doubts and matches is not None else {}
    return {
        name: at
        for name, at in doubts.items()
        if now - at < LATELY and not (name in apps and _read_since(apps[name], at))
    }


def _read_since(matched: MatchedApp, at: float) -> bool:
    health = known_health(matched, matched.match.row) if isinstance(matched.match, Found) else None
    return health is not None and health.at >= at
