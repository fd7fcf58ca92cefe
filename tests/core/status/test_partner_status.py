"""The status of a partner: conditions in the words of kstatus, about its credentials and its account."""

from dataclasses import replace

import pytest

from controller.core.planning.matched_app import match_apps
from controller.core.status.partner_status import partner_item, partner_status
from controller.model.account import AccountFacts
from controller.model.manifest import Partner
from controller.model.plan import Item, Verb
from controller.model.status import Status
from tests.builders.account import ALLOWED, PENDING, SECRET_KIND, SIGNED_IN, UNIVERSAL_KIND, end_in, given
from tests.builders.manifest import PARTNER, desired
from tests.builders.memory import NOW
from tests.builders.passes import DIGEST, held
from tests.builders.plan import observed

MINTED = end_in(3, UNIVERSAL_KIND, renewed=True)
SOON, LATE = end_in(6, SECRET_KIND), end_in(60, SECRET_KIND)


def status(
    facts: AccountFacts, partner: Partner = SIGNED_IN, *, at: float = NOW, before: Status | None = None
) -> Status:
    seen = replace(observed(at=at), account=facts)
    known: dict[Item, Status] = {} if before is None else {before.item: before}
    return partner_status(match_apps(desired(partner=partner), partner, seen), known)


@pytest.mark.parametrize(
    ("facts", "partner", "expected"),
    [
        pytest.param(AccountFacts(), SIGNED_IN, [], id="nothing is known"),
        pytest.param(
            given(end_in(6)), PARTNER, [("CredentialsEnding", "True", "TokenEnds")], id="a token that ends"
        ),
        pytest.param(
            AccountFacts(),
            replace(SIGNED_IN, expires=SOON.at),
            [("CredentialsEnding", "True", "SecretEnds")],
            id="a secret that ends",
        ),
        pytest.param(
            AccountFacts(),
            replace(SIGNED_IN, expires=NOW - 1),
            [("CredentialsEnding", "True", "Ended")],
            id="a secret that has ended",
        ),
        pytest.param(
            AccountFacts(),
            replace(SIGNED_IN, expires=LATE.at),
            [("CredentialsEnding", "False", "NotSoon")],
            id="a secret that lasts",
        ),
        pytest.param(
            given(MINTED), SIGNED_IN, [("CredentialsEnding", "False", "NotSoon")], id="one that we renew"
        ),
        pytest.param(
            ALLOWED, SIGNED_IN, [("LinksAllowed", "True", "LinksAllowed")], id="an account that may link"
        ),
        pytest.param(
            AccountFacts(terms_accepted=True), SIGNED_IN, [], id="half of what links need is not known"
        ),
        pytest.param(
            PENDING, SIGNED_IN, [("LinksAllowed", "False", "TermsNotAccepted")], id="terms that are pending"
        ),
        pytest.param(
            AccountFacts(tech_provider=False),
            SIGNED_IN,
            [("LinksAllowed", "False", "NotTechProvider")],
            id="no tech provider",
        ),
        pytest.param(
            AccountFacts(may_mint=True),
            SIGNED_IN,
            [("MintingAllowed", "True", "MintingAllowed")],
            id="minting",
        ),
        pytest.param(
            AccountFacts(may_mint=False),
            SIGNED_IN,
            [("MintingAllowed", "False", "MintingNotEnabled")],
            id="no minting",
        ),
    ],
)
def test_a_partner_has_a_condition_for_what_is_known(
    facts: AccountFacts, partner: Partner, expected: list[tuple[str, str, str]]
) -> None:
    found = status(facts, partner)
    assert [(each.type, each.status, each.reason) for each in found.conditions] == expected
    assert (found.item, found.revision, found.at) == (partner_item("main"), "r1", NOW)


def test_the_status_lists_every_end_and_the_message_names_each() -> None:
    found = status(given(MINTED), replace(SIGNED_IN, expires=SOON.at))
    assert found.ends == (MINTED, SOON)
    (condition,) = found.conditions
    assert condition.reason == "SecretEnds", "the one that nobody renews"
    assert "the universal token ends at" in condition.message
    assert "the client secret ends at" in condition.message


def test_a_condition_keeps_its_time_until_its_truth_changes() -> None:
    partner = replace(SIGNED_IN, expires=SOON.at)
    before = status(AccountFacts(), partner)
    again = status(AccountFacts(), partner, at=NOW + 60, before=before)
    renewed = status(AccountFacts(), replace(partner, expires=LATE.at), at=NOW + 120, before=again)
    assert [each.conditions[0].since for each in (before, again, renewed)] == [NOW, NOW, NOW + 120]


def test_a_partner_has_a_condition_while_a_guard_holds_its_changes() -> None:
    seen = observed()
    matches = match_apps(desired(partner=PARTNER), PARTNER, seen)
    found = partner_status(matches, {}, (held(), held("sha256:b", guard="maxUpdates", verb=Verb.UPDATE)))
    condition = found.condition("ChangesHeld")
    assert condition is not None
    assert (condition.reason, condition.is_wrong) == ("Held", True)
    assert condition.message == (
        "guard maxLinks: 3 planned, 1 allowed; guard maxUpdates: 3 planned, 1 allowed"
    )
    assert [each.digest for each in found.held] == [DIGEST, "sha256:b"]
    assert partner_status(matches, {found.item: found}).condition("ChangesHeld") is None
