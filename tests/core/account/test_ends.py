"""Ends of credentials: which are known, which are near, and when people are told."""

from dataclasses import replace

import pytest

from controller.core.account.ends import days_ahead, ending, ends_of, reason_of
from controller.model.account import AccountFacts, CredentialEnd
from controller.model.manifest import Partner
from tests.builders.account import SECRET_KIND, SIGNED_IN, UNIVERSAL_KIND, end_in, given
from tests.builders.manifest import PARTNER
from tests.builders.memory import NOW

NOTHING = AccountFacts()
IN_SIX = end_in(6)


def declared(partner: Partner, days: float) -> Partner:
    return replace(partner, expires=end_in(days).at)


@pytest.mark.parametrize(
    ("partner", "facts", "expected"),
    [
        pytest.param(SIGNED_IN, NOTHING, (), id="nothing is known"),
        pytest.param(declared(SIGNED_IN, 3), NOTHING, (end_in(3, SECRET_KIND),), id="a secret, as declared"),
        pytest.param(PARTNER, given(IN_SIX), (IN_SIX,), id="a token, as it claims"),
        pytest.param(declared(PARTNER, 3), NOTHING, (end_in(3),), id="a token, as declared"),
        pytest.param(declared(PARTNER, 3), given(IN_SIX), (end_in(3),), id="of the same one the sooner"),
        pytest.param(declared(PARTNER, 9), given(IN_SIX), (IN_SIX,), id="also where that is the claim"),
        pytest.param(
            declared(PARTNER, 3),
            given(end_in(6, UNIVERSAL_KIND)),
            (end_in(3, UNIVERSAL_KIND),),
            id="what is declared is about the token that is given",
        ),
        pytest.param(
            declared(SIGNED_IN, 9),
            given(end_in(6, UNIVERSAL_KIND, renewed=True)),
            (end_in(6, UNIVERSAL_KIND, renewed=True), end_in(9, SECRET_KIND)),
            id="a secret and what was minted with it, the soonest first",
        ),
    ],
)
def test_every_known_end_is_listed_once(
    partner: Partner, facts: AccountFacts, expected: tuple[CredentialEnd, ...]
) -> None:
    assert ends_of(partner, facts) == expected


@pytest.mark.parametrize(
    ("end", "days"),
    [
        pytest.param(end_in(14.001), None, id="not yet"),
        pytest.param(end_in(14), 14, id="fourteen days ahead"),
        pytest.param(end_in(7.001), 14, id="a moment before seven"),
        pytest.param(end_in(7), 7, id="seven days ahead"),
        pytest.param(end_in(1.001), 7, id="a moment before one"),
        pytest.param(end_in(1), 1, id="one day ahead"),
        pytest.param(end_in(-30), 1, id="over"),
        pytest.param(end_in(1, renewed=True), None, id="renewed by us"),
    ],
)
def test_people_are_told_fourteen_seven_and_one_days_ahead(end: CredentialEnd, days: int | None) -> None:
    assert days_ahead(end, NOW) == days
    assert (ending([end], NOW) == (end,)) is (days is not None)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        pytest.param(end_in(3, SECRET_KIND), "SecretEnds", id="a secret"),
        pytest.param(end_in(3), "TokenEnds", id="a partner token"),
        pytest.param(end_in(3, UNIVERSAL_KIND), "TokenEnds", id="a universal token"),
        pytest.param(end_in(0), "Ended", id="at its end"),
        pytest.param(end_in(0, SECRET_KIND), "Ended", id="whatever it is"),
    ],
)
def test_the_reason_names_what_ends(end: CredentialEnd, reason: str) -> None:
    assert reason_of(end, NOW) == reason
