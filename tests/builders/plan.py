"""What was seen, and what is planned of it, in a few words a test."""

from collections.abc import Mapping, Sequence

from controller.core.planning.matched_app import MatchedApp, app_item, match_apps, subscription_item
from controller.core.planning.plan import plan
from controller.model.manifest import Desired, Partner
from controller.model.memory import Memory
from controller.model.plan import Action, Blocked, Item, Link, Observed, Plan, Request, Waiting
from controller.model.upstream import Facts, ReadFailed, Row
from tests.builders.manifest import APP, PARTNER, WANTED, app
from tests.builders.memory import NOW

ITEM, SUB = app_item(APP), subscription_item(WANTED)
NOBODY = Request()


def observed(
    *rows: Row,
    facts: Facts | None = None,
    known: Memory | None = None,
    digests: Mapping[Item, str | ReadFailed] | None = None,
    at: float = NOW,
) -> Observed:
    return Observed(at, rows, facts or Facts(), known or Memory(), digests or {})


def planned(declared: Desired, seen: Observed, asked: Request = NOBODY, partner: Partner = PARTNER) -> Plan:
    return plan(match_apps(declared, partner, seen, asked))


def case(
    declared: Desired, seen: Observed, asked: Request = NOBODY, partner: Partner = PARTNER
) -> MatchedApp:
    """Return the only case there is."""
    (found,) = match_apps(declared, partner, seen, asked).apps
    return found


def plan_of(
    *actions: Action,
    waiting: Sequence[Waiting] = (),
    blocked: Sequence[Blocked] = (),
    unchanged: Sequence[Item] = (),
    provisioning: Sequence[Item] = (),
    unverifiable: Sequence[Item] = (),
) -> Plan:
    """Return a plan of these entries, as if they had been decided."""
    return Plan(
        PARTNER,
        "r1",
        actions=actions,
        waiting=tuple(waiting),
        blocked=tuple(blocked),
        unchanged=tuple(unchanged),
        provisioning=tuple(provisioning),
        unverifiable=tuple(unverifiable),
    )


def links(count: int) -> list[Link]:
    return [Link(app(number)) for number in range(1, count + 1)]
