"""Block of a link by the account: no app can be linked, so none is tried."""

from controller.core.account.facts import obstacle_to_links
from controller.core.planning.matched_app import MatchedApp
from controller.model.account import REMEDIES
from controller.model.plan import Blocked


def account_block(matched: MatchedApp) -> Blocked | None:
    """Return why the account keeps this app from being linked; None if nothing known does.

    A sign-in tells it, and the next one is hours away. So a person who asks again lets one link be tried.
    """
    facts = matched.context.account
    obstacle = obstacle_to_links(facts)
    if obstacle is None or matched.asked_again_since(facts.at):
        return None
    again = f"afterwards `gupshupctl reconcile {matched.app.name}`, or the next sign-in, finds out"
    return Blocked(matched.item, str(obstacle), f"{REMEDIES[obstacle]}; {again}", matched.app)
