"""Diagnoses of an account: what is as it should be, what is not known, and what to do about the rest."""

from dataclasses import replace

import pytest

from controller.core.doctor.diagnosis import CheckResult, of_account, of_clock, of_ends
from controller.model.account import AccountFacts, CredentialEnd, CredentialKind
from controller.model.manifest import FromEnv, Login
from tests.builders.manifest import PARTNER
from tests.builders.memory import NOW

OK, UNKNOWN, WRONG = CheckResult
DAY = 86_400.0
BY_LOGIN = replace(PARTNER, credentials=Login(FromEnv("A"), FromEnv("B")))
MINTED = CredentialEnd(CredentialKind.UNIVERSAL_TOKEN, NOW + DAY, renewed=True)


@pytest.mark.parametrize(
    ("expires", "facts", "results"),
    [
        pytest.param(None, AccountFacts(), [UNKNOWN], id="nothing known"),
        pytest.param(NOW + 90 * DAY, AccountFacts(), [OK], id="far away"),
        pytest.param(NOW + 3 * DAY, AccountFacts(), [WRONG], id="near"),
        pytest.param(NOW - DAY, AccountFacts(), [WRONG], id="over"),
        pytest.param(None, AccountFacts(ends=(MINTED,)), [OK, UNKNOWN], id="a token that we renew"),
    ],
)
def test_ends_of_credentials(expires: float | None, facts: AccountFacts, results: list[CheckResult]) -> None:
    found = list(of_ends(replace(BY_LOGIN, expires=expires), facts, NOW))
    assert [each.result for each in found] == results
    assert {each.subject for each in found} == {"main"}


def test_an_end_that_is_near_has_what_to_do() -> None:
    (found,) = of_ends(replace(BY_LOGIN, expires=NOW), AccountFacts(), NOW)
    assert found.message == "the client secret ended at 2023-11-14T22:13:20Z"
    assert found.remedy.startswith("make a new one in the partner portal")


def test_an_end_that_is_far_is_a_date_without_advice() -> None:
    (found,) = of_ends(replace(BY_LOGIN, expires=NOW + 90 * DAY), AccountFacts(), NOW)
    assert (found.message, found.remedy) == ("the client secret ends at 2024-02-12T22:13:20Z", "")


def told(*, holds: bool) -> AccountFacts:
    return AccountFacts(holds, holds, holds)


@pytest.mark.parametrize(
    ("facts", "results"),
    [
        pytest.param(AccountFacts(), [UNKNOWN, UNKNOWN, UNKNOWN], id="no sign-in told it"),
        pytest.param(told(holds=True), [OK, OK, OK], id="all well"),
        pytest.param(told(holds=False), [WRONG, WRONG, WRONG], id="nothing allowed"),
    ],
)
def test_what_sign_ins_told_of_the_account(facts: AccountFacts, results: list[CheckResult]) -> None:
    found = list(of_account("main", facts))
    assert [each.check for each in found] == ["terms of use", "tech provider", "minting"]
    assert [each.result for each in found] == results
    assert all(bool(each.remedy) is (each.result is WRONG) for each in found)


@pytest.mark.parametrize(
    ("ahead", "result", "words"),
    [
        (None, UNKNOWN, "no date"),
        (0.0, OK, "within 60 s"),
        (-60.0, OK, "within 60 s"),
        (61.0, WRONG, "is 61 s behind Gupshup's"),
        (-3600.0, WRONG, "is 3600 s ahead of Gupshup's"),
    ],
)
def test_the_clock_is_compared_with_gupshups(ahead: float | None, result: CheckResult, words: str) -> None:
    found = of_clock("main", ahead, NOW)
    assert found.result is result
    assert words in found.message
