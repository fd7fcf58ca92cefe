"""What an answer to a link means: every row of the table."""

from dataclasses import replace

import pytest

from controller.core.planning.digest import callback_key, link_key, of_link
from controller.core.planning.outcomes.link_outcomes import of_link_answer, phone_elsewhere
from controller.core.planning.outcomes.write_outcomes import Verdict
from controller.core.timestamp import timestamp
from controller.model.memory import (
    Bind,
    Binding,
    ClearRefusal,
    CloseIntent,
    LedgerEntry,
    LedgerWritten,
    Refusal,
    Refuse,
)
from controller.model.plan import Outcome
from controller.model.upstream import (
    LinkAnswer,
    Linked,
    LinkedWithoutCallback,
    LinkRefused,
    NameTaken,
    PhoneTaken,
)
from tests.builders.manifest import CALLBACK, app
from tests.builders.memory import KEYED, NOW
from tests.builders.upstream import app_id

APP = replace(app(1), callback_url=CALLBACK)
ID = app_id(1)
LINK = link_key(APP.phone)
CLOSED = CloseIntent(APP.phone)
BOUND = (Bind(Binding(APP.phone, ID, name=APP.app_name)), CLOSED, ClearRefusal(LINK))
STALE = 120.0
AGAIN = (
    f"once that is no longer so: gupshupctl apply --only App/{APP.name} (the answer is of {timestamp(NOW)})"
)
NAME_TAKEN = f"appName Name0001: Bot Already Exists; choose another spec.appName, or {AGAIN}"
NO_NUMBER = "Gupshup answered 400: 91******0001 is no number"


def no(reason: str, message: str, retry_at: float | None = None) -> Refuse:
    return Refuse(Refusal(LINK, of_link(APP), reason, message, NOW, 1, retry_at))


def answered(answer: LinkAnswer, callback: str = KEYED) -> Verdict:
    return of_link_answer(APP, answer, callback=callback, now=NOW, stale=STALE)


TAKEN = f"App {ID} already exists with phone {APP.phone}"
MASKED = f"App {ID} already exists with phone 91******0001"


@pytest.mark.parametrize(
    ("answer", "callback", "expected"),
    [
        pytest.param(
            Linked(ID),
            KEYED,
            Verdict(Outcome.DONE, (*BOUND, LedgerWritten(LedgerEntry(callback_key(ID), KEYED))), app_id=ID),
            id="200 with an appId: bound, its callback as sent",
        ),
        pytest.param(
            Linked(ID),
            "",
            Verdict(Outcome.DONE, BOUND, app_id=ID),
            id="200 where no callback was sent: bound",
        ),
        pytest.param(
            LinkedWithoutCallback(ID, "App created, but failed to set callback"),
            KEYED,
            Verdict(
                Outcome.DONE,
                (*BOUND, LedgerWritten(LedgerEntry(callback_key(ID), ""))),
                "CallbackNotSet",
                "App created, but failed to set callback",
                ID,
            ),
            id="400 with an appId: bound, the callback is still to be set",
        ),
        pytest.param(
            PhoneTaken(ID, TAKEN),
            KEYED,
            Verdict(
                Outcome.STALE,
                (CLOSED, no("PhoneLinkedElsewhere", MASKED, NOW + STALE)),
                "PhoneTaken",
                MASKED,
                ID,
            ),
            id="409 with an appId: look, and no further POST before the list could tell",
        ),
        pytest.param(
            NameTaken("Bot Already Exists"),
            KEYED,
            Verdict(
                Outcome.FAILED,
                (CLOSED, no("NameTakenElsewhere", NAME_TAKEN)),
                "NameTakenElsewhere",
                NAME_TAKEN,
            ),
            id="409 Bot Already Exists: no further POST by itself",
        ),
        pytest.param(
            LinkRefused(400, f"{APP.phone} is no number"),
            KEYED,
            Verdict(
                Outcome.FAILED,
                (CLOSED, no("LinkRefused", NO_NUMBER)),
                "LinkRefused",
                NO_NUMBER,
            ),
            id="other 400: no further POST, in Gupshup's words",
        ),
    ],
)
def test_an_answer_to_a_link_has_its_outcome_and_updates_of_memory(
    answer: LinkAnswer, callback: str, expected: Verdict
) -> None:
    assert answered(answer, callback) == expected


@pytest.mark.parametrize(
    "answer",
    [
        Linked(ID),
        LinkedWithoutCallback(ID, TAKEN),
        PhoneTaken(ID, TAKEN),
        NameTaken(TAKEN),
        LinkRefused(404, TAKEN),
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_any_answer_to_a_link_closes_the_intent_and_shows_no_phone(answer: LinkAnswer) -> None:
    verdict = answered(answer)
    assert CLOSED in verdict.notes
    assert APP.phone not in verdict.message
    refusals = [note.refusal for note in verdict.notes if isinstance(note, Refuse)]
    assert not any(APP.phone in refusal.message for refusal in refusals)


def test_a_phone_at_another_partner_blocks_until_the_manifest_changes() -> None:
    note = phone_elsewhere(APP, TAKEN, NOW)
    assert note == no("PhoneLinkedElsewhere", f"{MASKED}; the app is not this partner's; {AGAIN}")
