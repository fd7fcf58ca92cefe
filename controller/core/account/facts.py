"""Facts about an account: those of several sign-ins in one, and what they keep from working."""

from dataclasses import replace

from controller.model.account import AccountFacts, Obstacle
from controller.model.upstream import LinkAnswer, Linked, LinkedWithoutCallback

LINK_OBSTACLES = frozenset({Obstacle.TERMS_NOT_ACCEPTED, Obstacle.NOT_TECH_PROVIDER})
"""What keeps every link of an account from working, and nothing else."""


def join_facts(told: AccountFacts, remembered: AccountFacts) -> AccountFacts:
    """Return the newest known of each fact. The ends of tokens are those of *told*: of this process."""
    newer, older = (told, remembered) if told.at >= remembered.at else (remembered, told)
    return AccountFacts(
        _known(newer.terms_accepted, older.terms_accepted),
        _known(newer.tech_provider, older.tech_provider),
        _known(newer.may_mint, older.may_mint),
        newer.at,
        told.ends,
    )


def news(told: AccountFacts, remembered: AccountFacts) -> AccountFacts | None:
    """Return the facts to remember from now on, None if the memory holds them already."""
    joined = replace(join_facts(told, remembered), ends=())
    return None if _content(joined) == _content(remembered) else joined


def after_link(answer: LinkAnswer, facts: AccountFacts, now: float) -> AccountFacts | None:
    """Return the facts to remember after *answer*: a link that worked disproves every obstacle to links."""
    if isinstance(answer, Linked | LinkedWithoutCallback) and obstacle_to_links(facts) is not None:
        return replace(facts, terms_accepted=True, tech_provider=True, at=now, ends=())
    return None


def obstacle_to_links(facts: AccountFacts) -> Obstacle | None:
    """Return what keeps every link of the account from working; what is not known keeps none."""
    if facts.terms_accepted is False:
        return Obstacle.TERMS_NOT_ACCEPTED
    return Obstacle.NOT_TECH_PROVIDER if facts.tech_provider is False else None


def _known(first: bool | None, second: bool | None) -> bool | None:  # noqa: FBT001  (values, not options)
    return second if first is None else first


def _content(facts: AccountFacts) -> tuple[bool | None, ...]:
    return facts.terms_accepted, facts.tech_provider, facts.may_mint
