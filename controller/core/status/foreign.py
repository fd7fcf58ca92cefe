"""Foreign webhooks of every app: as a plan shows them, and as they were if the pass did not read the app."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace

from controller.core.planning.foreign import allows
from controller.core.planning.match import Absent, Found
from controller.core.planning.matched_app import MatchedApp, Matches
from controller.model.plan import Foreign, Item, Plan
from controller.model.status import Status


def foreign_by_app(
    matches: Matches, plan: Plan, previous: Mapping[Item, Status]
) -> Mapping[Item, tuple[Foreign, ...]]:
    """Return the foreign webhooks of each declared app. A read that failed does not end an alarm."""
    found: dict[str, list[Foreign]] = defaultdict(list)
    for each in plan.foreign:
        found[each.item.app].append(each)
    return {
        matched.item: tuple(found[matched.app.name] if _was_read(matched) else _as_before(matched, previous))
        for matched in matches.apps
    }


def _was_read(matched: MatchedApp) -> bool:
    """Return whether this pass knows all webhooks of the app, and all that are declared."""
    match matched.match:
        case Found(row):
            return matched.whole and isinstance(matched.facts.subscriptions.get(row.id), tuple)
        case _:
            return isinstance(matched.match, Absent)


def _as_before(matched: MatchedApp, previous: Mapping[Item, Status]) -> Iterator[Foreign]:
    """Yield what was foreign before and is still not declared, judged by what is allowed now."""
    before, declared = previous.get(matched.item), {wanted.tag for wanted in matched.subscriptions}
    for each in before.foreign if before is not None else ():
        if each.item.name not in declared:
            yield replace(each, allowed=allows(matched.context.partner.webhooks, each.host))
