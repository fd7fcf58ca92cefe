"""Status of a partner: when its credentials end, what its account keeps from working, what a guard holds."""

from collections.abc import Iterator, Mapping

from controller.core.account.ends import ending, ends_of, reason_of
from controller.core.account.facts import obstacle_to_links
from controller.core.account.warnings import end_message
from controller.core.planning.matched_app import Matches
from controller.core.status.conditions import Judgement, dated
from controller.core.status.state import HELD
from controller.model.account import REMEDIES, AccountFacts, CredentialEnd, Obstacle
from controller.model.plan import Item, Kind
from controller.model.status import HeldSet, Status, Truth

ENDING, LINKS_ALLOWED, MINTING_ALLOWED = "CredentialsEnding", "LinksAllowed", "MintingAllowed"
CHANGES_HELD = "ChangesHeld"
"""The types of a partner's conditions. A condition about which nothing is known is absent."""


def partner_item(name: str) -> Item:
    return Item(Kind.PARTNER, name, "", name)


def partner_status(
    matches: Matches, previous: Mapping[Item, Status], held: tuple[HeldSet, ...] = ()
) -> Status:
    """Return the status of the partner of *matches*. A condition that stays as it was keeps its `since`.

    *held* is what guards hold after the last full pass.
    """
    context = matches.context
    item, facts, now = partner_item(context.partner.name), context.account, context.now
    ends = ends_of(context.partner, facts)
    blank = Status(item, (), matches.desired.revision, now, ends=ends, held=held)
    judgements = (*_of_held(held), *_of_ends(ends, now), *_of_account(facts))
    return dated(blank, judgements, previous.get(item))


def _of_held(held: tuple[HeldSet, ...]) -> Iterator[Judgement]:
    """Yield the condition that a partner has only while a guard holds changes."""
    if held:
        yield Judgement(CHANGES_HELD, Truth.TRUE, HELD, "; ".join(map(str, held)))


def _of_ends(ends: tuple[CredentialEnd, ...], now: float) -> Iterator[Judgement]:
    if not ends:
        return
    message = "; ".join(end_message(end, now) for end in ends)
    if near := ending(ends, now):
        yield Judgement(ENDING, Truth.TRUE, reason_of(near[0], now), message)
    else:
        yield Judgement(ENDING, Truth.FALSE, "NotSoon", message)


def _of_account(facts: AccountFacts) -> Iterator[Judgement]:
    obstacle = obstacle_to_links(facts)
    if obstacle is not None:
        yield Judgement(LINKS_ALLOWED, Truth.FALSE, str(obstacle), REMEDIES[obstacle])
    elif facts.terms_accepted and facts.tech_provider:
        yield Judgement(LINKS_ALLOWED, Truth.TRUE, LINKS_ALLOWED)
    if facts.may_mint is not None:
        yield _of_minting(may_mint=facts.may_mint)


def _of_minting(*, may_mint: bool) -> Judgement:
    minting = Obstacle.MINTING_NOT_ENABLED
    if may_mint:
        return Judgement(MINTING_ALLOWED, Truth.TRUE, MINTING_ALLOWED)
    return Judgement(MINTING_ALLOWED, Truth.FALSE, str(minting), REMEDIES[minting])
