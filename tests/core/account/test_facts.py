"""Facts about an account: the newest known counts, and what is not known keeps nothing from working."""

from dataclasses import replace

import pytest

from controller.core.account.facts import after_link, join_facts, news, obstacle_to_links
from controller.model.account import AccountFacts, Obstacle
from controller.model.manifest import AppId
from controller.model.upstream import LinkAnswer, Linked, LinkedWithoutCallback, LinkRefused, NameTaken
from tests.builders.account import ALLOWED, PENDING, end_in
from tests.builders.memory import NOW

UNKNOWN = AccountFacts()
LATER = replace(ALLOWED, at=NOW)
STRANGER = AccountFacts(terms_accepted=True, tech_provider=False)


@pytest.mark.parametrize(
    ("told", "remembered", "expected"),
    [
        pytest.param(PENDING, UNKNOWN, PENDING, id="what is told"),
        pytest.param(UNKNOWN, PENDING, PENDING, id="a sign-in that tells nothing leaves what was known"),
        pytest.param(LATER, PENDING, LATER, id="a later sign-in counts"),
        pytest.param(PENDING, LATER, LATER, id="also that of another process"),
        pytest.param(
            AccountFacts(may_mint=False, at=NOW),
            PENDING,
            replace(PENDING, may_mint=False, at=NOW),
            id="each fact by itself",
        ),
        pytest.param(
            AccountFacts(ends=(end_in(6),)),
            replace(PENDING, ends=(end_in(2),)),
            replace(PENDING, ends=(end_in(6),)),
            id="ends are those of this process",
        ),
    ],
)
def test_the_newest_known_fact_counts(
    told: AccountFacts, remembered: AccountFacts, expected: AccountFacts
) -> None:
    assert join_facts(told, remembered) == expected


@pytest.mark.parametrize(
    ("told", "remembered", "expected"),
    [
        pytest.param(PENDING, UNKNOWN, PENDING, id="the first sign-in"),
        pytest.param(replace(PENDING, at=NOW), PENDING, None, id="the same again"),
        pytest.param(UNKNOWN, PENDING, None, id="nothing was told"),
        pytest.param(UNKNOWN, UNKNOWN, None, id="nothing was ever told"),
        pytest.param(LATER, PENDING, LATER, id="the terms were accepted"),
        pytest.param(replace(LATER, ends=(end_in(6),)), PENDING, LATER, id="without the ends of tokens"),
        pytest.param(
            AccountFacts(may_mint=True, at=NOW), ALLOWED, replace(LATER, may_mint=True), id="minting"
        ),
    ],
)
def test_only_news_is_remembered(
    told: AccountFacts, remembered: AccountFacts, expected: AccountFacts | None
) -> None:
    assert news(told, remembered) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(UNKNOWN, None, id="nothing is known"),
        pytest.param(ALLOWED, None, id="all is well"),
        pytest.param(PENDING, Obstacle.TERMS_NOT_ACCEPTED, id="terms are pending"),
        pytest.param(STRANGER, Obstacle.NOT_TECH_PROVIDER, id="no tech provider"),
        pytest.param(
            replace(PENDING, tech_provider=False), Obstacle.TERMS_NOT_ACCEPTED, id="the terms come first"
        ),
        pytest.param(AccountFacts(may_mint=False), None, id="minting is another matter"),
    ],
)
def test_an_obstacle_to_links_is_what_is_known_to_be_one(
    facts: AccountFacts, expected: Obstacle | None
) -> None:
    assert obstacle_to_links(facts) is expected


BOUND = AppId("app-1")


@pytest.mark.parametrize(
    ("answer", "facts", "expected"),
    [
        pytest.param(Linked(BOUND), PENDING, LATER, id="a link that worked"),
        pytest.param(LinkedWithoutCallback(BOUND, "no"), STRANGER, LATER, id="or worked without a callback"),
        pytest.param(Linked(BOUND), ALLOWED, None, id="nothing to disprove"),
        pytest.param(LinkRefused(400, "Terms"), PENDING, None, id="refused"),
        pytest.param(NameTaken("Bot Already Exists"), PENDING, None, id="taken"),
    ],
)
def test_a_link_that_worked_disproves_every_obstacle_to_links(
    answer: LinkAnswer, facts: AccountFacts, expected: AccountFacts | None
) -> None:
    assert after_link(answer, facts, NOW) == expected
