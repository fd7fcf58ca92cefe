"""Warnings about an account: what will stop working, what does not work, and what to do about each."""

from dataclasses import replace

import pytest

from controller.core.account.warnings import end_message, warnings
from controller.model.account import AccountFacts, CredentialEnd
from controller.model.plan import PartnerWarning
from tests.builders.account import PENDING, SECRET_KIND, SIGNED_IN, UNIVERSAL_KIND, end_in, given
from tests.builders.manifest import PARTNER
from tests.builders.memory import NOW


def reasons(found: tuple[PartnerWarning, ...]) -> list[str]:
    return [warning.reason for warning in found]


@pytest.mark.parametrize(
    ("end", "words"),
    [
        pytest.param(
            end_in(6), "the partner token ends at 2023-11-20T22:13:20Z: put a new one where", id="a token"
        ),
        pytest.param(
            end_in(6, SECRET_KIND),
            "the client secret ends at 2023-11-20T22:13:20Z: make a new one in the partner portal",
            id="a secret",
        ),
        pytest.param(
            end_in(-1, UNIVERSAL_KIND),
            "the universal token ended at 2023-11-13T22:13:20Z: mint a new one",
            id="one that is over",
        ),
        pytest.param(
            end_in(6, UNIVERSAL_KIND, renewed=True),
            "the universal token ends at 2023-11-20T22:13:20Z, and is renewed by then",
            id="one that we renew",
        ),
    ],
)
def test_the_message_has_the_end_and_what_to_do(end: CredentialEnd, words: str) -> None:
    assert end_message(end, NOW).startswith(words)


def test_nothing_is_warned_of_an_account_that_works() -> None:
    assert warnings(PARTNER, AccountFacts(terms_accepted=True, tech_provider=True, may_mint=True), NOW) == ()
    assert warnings(PARTNER, given(end_in(15), end_in(2, UNIVERSAL_KIND, renewed=True)), NOW) == ()


def test_each_end_and_each_obstacle_is_a_warning_of_its_own() -> None:
    partner = replace(SIGNED_IN, expires=end_in(6).at)
    facts = replace(PENDING, may_mint=False, ends=(end_in(-1, UNIVERSAL_KIND),))
    found = warnings(partner, facts, NOW)
    assert reasons(found) == ["Ended", "SecretEnds", "TermsNotAccepted", "MintingNotEnabled"]
    assert "partner portal" in found[2].message


def test_an_account_that_is_no_tech_provider_is_a_warning() -> None:
    assert reasons(warnings(PARTNER, AccountFacts(tech_provider=False), NOW)) == ["NotTechProvider"]


@pytest.mark.parametrize(
    ("end", "reasons_"),
    [
        pytest.param(end_in(1), [], id="a partner token of today"),
        pytest.param(end_in(1.001), ["TokenEnds"], id="one that lasts longer"),
        pytest.param(end_in(0), ["Ended"], id="one that has ended"),
        pytest.param(end_in(1, UNIVERSAL_KIND), ["TokenEnds"], id="a universal token"),
    ],
)
def test_the_end_of_a_token_that_lives_for_a_day_is_no_warning(
    end: CredentialEnd, reasons_: list[str]
) -> None:
    assert reasons(warnings(PARTNER, given(end), NOW)) == reasons_
