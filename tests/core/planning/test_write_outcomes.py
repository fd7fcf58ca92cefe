"""What an answer to a write means: every row of the table."""

from dataclasses import replace

import pytest

from controller.core.planning.actions import MOST_UNCLEAR_WRITES, REMOVED
from controller.core.planning.digest import (
    callback_key,
    of_callback,
    of_subscription,
    of_write,
    subscription_key,
)
from controller.core.planning.outcomes.write_outcomes import (
    AnswerContext,
    Verdict,
    Write,
    of_callback_write,
    of_rejection,
    of_subscription_write,
    of_unclear,
    of_unsubscribe,
    subject,
)
from controller.core.planning.subscriptions import respelt
from controller.errors import Rejected
from controller.model.manifest import FromEnv
from controller.model.memory import ClearRefusal, LedgerEntry, LedgerWritten, Refusal, Refuse
from controller.model.plan import Outcome, SetCallback, Subscribe, Unsubscribe, Update
from controller.model.upstream import RemoteSubscription
from tests.builders.manifest import CALLBACK, app, subscription
from tests.builders.memory import KEYED, NOW, written
from tests.builders.upstream import app_id, remote

APP, WANTED = replace(app(1), callback_url=CALLBACK), subscription(1)
ID = app_id(1)
KEY = subscription_key(ID, WANTED.tag)
PUT = Update(WANTED, ID, remote(WANTED), {"url": ("a", "b")}, drift=True)
POST = Subscribe(WANTED, ID)
DELETE = Unsubscribe(APP, ID, remote(WANTED))
SET = SetCallback(APP, ID, CALLBACK)
SEEN = remote(WANTED)


@pytest.mark.parametrize(
    ("action", "secret", "prior", "updates"),
    [
        pytest.param(POST, "", None, 0, id="a new subscription"),
        pytest.param(
            POST, "", replace(written(WANTED, updates=3), digest="old"), 0, id="of another manifest, too"
        ),
        pytest.param(POST, "", written(WANTED), 1, id="one that has to be made again"),
        pytest.param(POST, "", written(WANTED, updates=1), 2, id="and again"),
        pytest.param(PUT, "", None, 1, id="a first update"),
        pytest.param(PUT, "", written(WANTED), 1, id="the first since it took"),
        pytest.param(PUT, "", written(WANTED, updates=1), 2, id="the second in a row"),
        pytest.param(
            PUT, "", replace(written(WANTED, updates=2), digest="old"), 1, id="the manifest changed"
        ),
        pytest.param(PUT, "new", replace(written(WANTED, updates=2), secret="old"), 1, id="a header changed"),
    ],
)
def test_repeated_updates_of_one_subscription_are_counted(
    action: Subscribe | Update, secret: str, prior: LedgerEntry | None, updates: int
) -> None:
    verdict = of_subscription_write(action, SEEN, AnswerContext(NOW, secret, prior))
    row, again = LedgerEntry(KEY, of_subscription(WANTED), secret, updates), updates > 1
    assert verdict == Verdict(Outcome.DONE, (LedgerWritten(row), ClearRefusal(KEY)), app_id=ID, reread=again)


@pytest.mark.parametrize("secret", ["", KEYED], ids=["without headers", "with headers"])
@pytest.mark.parametrize("action", [POST, PUT], ids=["subscribe", "update"])
@pytest.mark.parametrize("updates", [2, 3, 9])
def test_a_write_that_did_not_take_too_often_is_refused_whatever_the_answer(
    action: Subscribe | Update, updates: int, secret: str
) -> None:
    before = replace(written(WANTED, updates=updates), secret=secret)
    verdict = of_subscription_write(action, SEEN, AnswerContext(NOW, secret, before))
    message = f"{updates + 1} writes in a row did not take"
    no_more = Refusal(KEY, of_write(WANTED, secret), "WillNotConverge", message, NOW)
    wrote = LedgerWritten(LedgerEntry(KEY, of_subscription(WANTED), secret, updates + 1))
    assert verdict == Verdict(Outcome.DONE, (wrote, Refuse(no_more)), app_id=ID, reread=True)


@pytest.mark.parametrize(
    ("prior", "updates"),
    [
        pytest.param(None, 0, id="nothing we knew of"),
        pytest.param(written(WANTED, updates=2), 0, id="what we wrote"),
        pytest.param(LedgerEntry(KEY, REMOVED), 1, id="what was removed before"),
        pytest.param(LedgerEntry(KEY, REMOVED, updates=1), 2, id="twice"),
        pytest.param(LedgerEntry(KEY, REMOVED, updates=2), 3, id="three times"),
    ],
)
def test_a_removal_that_has_to_be_repeated_is_counted_and_observed(
    prior: LedgerEntry | None, updates: int
) -> None:
    verdict = of_unsubscribe(DELETE, AnswerContext(NOW, written=prior))
    message = f"{updates} writes in a row did not take"
    stop = (
        Refuse(Refusal(KEY, REMOVED, "WillNotConverge", message, NOW)) if updates > 2 else ClearRefusal(KEY)
    )
    notes = (LedgerWritten(LedgerEntry(KEY, REMOVED, updates=updates)), stop)
    assert verdict == Verdict(Outcome.DONE, notes, app_id=ID, reread=updates > 0)


@pytest.mark.parametrize(
    ("prior", "tries", "pause"),
    [
        pytest.param(None, 1, 0, id="the second try goes at once"),
        pytest.param(1, 2, 30, id="the third does not"),
        pytest.param(2, 3, 60, id="and each further one waits longer"),
        pytest.param(MOST_UNCLEAR_WRITES - 1, MOST_UNCLEAR_WRITES, 240, id="the one that a person hears of"),
        pytest.param(8, 9, 3600, id="up to an hour"),
        pytest.param(10_000, 10_001, 3600, id="and never longer"),
    ],
)
@pytest.mark.parametrize("action", [POST, PUT, DELETE, SET], ids=["post", "put", "delete", "callback"])
def test_an_answer_that_proves_nothing_is_remembered_and_asks_for_an_observation(
    action: Write, prior: int | None, tries: int, pause: float
) -> None:
    before = None if prior is None else Refusal(subject(action), _digest(action), "x", "", NOW, prior)
    verdict = of_unclear(action, "500 Unable To Create", AnswerContext(NOW, refusal=before))
    assert (verdict.outcome, verdict.reason, verdict.reread) == (Outcome.UNCLEAR, "OutcomeUnknown", True)
    assert (verdict.message, verdict.app_id) == ("500 Unable To Create", ID)
    (note,) = verdict.notes
    assert isinstance(note, Refuse)
    found = note.refusal
    assert (found.key, found.digest, found.reason) == (subject(action), _digest(action), "NoClearAnswer")
    assert (found.tries, found.at, found.retry_at) == (tries, NOW, NOW + pause)
    assert "500 Unable To Create" in found.message
    assert (f"{tries} tries in a row" in found.message) == (tries > 1)
    assert ("ask Gupshup's support" in found.message) == (tries >= MOST_UNCLEAR_WRITES)


def test_a_refused_write_is_tried_again_with_another_value_or_header() -> None:
    before = Refusal(KEY, of_write(WANTED, "keyed:old"), "NoClearAnswer", "", NOW, 7)
    for secret, tries in (("keyed:old", 8), ("keyed:new", 1), ("", 1)):
        (note,) = of_unclear(PUT, "", AnswerContext(NOW, secret, refusal=before)).notes
        assert isinstance(note, Refuse)
        assert note.refusal.tries == tries


@pytest.mark.parametrize(
    ("action", "prior", "expected"),
    [
        pytest.param(PUT, None, None, id="active was not touched"),
        pytest.param(
            replace(PUT, changes={"active": ("false", "true")}), None, NOW, id="active was put back"
        ),
        pytest.param(
            PUT, written(WANTED, active_at=NOW - 9), NOW - 9, id="an update of something else keeps it"
        ),
        pytest.param(
            replace(PUT, changes={"active": ("false", "true"), "url": ("a", "b")}),
            written(WANTED, active_at=NOW - 9),
            NOW,
            id="put back once more",
        ),
        pytest.param(POST, written(WANTED, active_at=NOW - 9), None, id="a new subscription begins anew"),
    ],
)
def test_the_time_at_which_active_was_restored_is_remembered(
    action: Subscribe | Update, prior: LedgerEntry | None, expected: float | None
) -> None:
    verdict = of_subscription_write(action, SEEN, AnswerContext(NOW, written=prior))
    (note, _) = verdict.notes
    assert isinstance(note, LedgerWritten)
    assert note.written.active_at == expected


@pytest.mark.parametrize(
    ("seen", "look"),
    [
        pytest.param(SEEN, False, id="a clear success costs no look"),
        pytest.param(replace(SEEN, active=False), False, id="that active is still to be switched is plain"),
        pytest.param(None, True, id="an answer that says nothing"),
        pytest.param(replace(SEEN, mode=2047), True, id="a canned mode"),
        pytest.param(replace(SEEN, mode=2047, active=False), True, id="a canned mode beside active"),
    ],
)
@pytest.mark.parametrize("action", [POST, PUT], ids=["subscribe", "update"])
def test_an_answer_that_differs_from_what_was_sent_asks_for_an_observation(
    *, seen: RemoteSubscription | None, look: bool, action: Subscribe | Update
) -> None:
    verdict = of_subscription_write(action, seen, AnswerContext(NOW))
    assert (verdict.outcome, verdict.reread) == (Outcome.DONE, look)


@pytest.mark.parametrize("action", [POST, PUT], ids=["subscribe", "update"])
def test_a_tag_that_is_kept_in_another_case_is_not_written_again(action: Subscribe | Update) -> None:
    kept = replace(SEEN, tag=SEEN.tag.upper())
    verdict = of_subscription_write(action, kept, AnswerContext(NOW))
    message = respelt(kept, ours=True)
    assert verdict == Verdict(Outcome.DONE, verdict.notes, message=message, app_id=ID)
    digest = of_write(WANTED, "")
    row = LedgerEntry(KEY, of_subscription(WANTED), "", int(isinstance(action, Update)))
    assert verdict.notes[0] == LedgerWritten(row)
    assert verdict.notes[1] == Refuse(Refusal(KEY, digest, "TagTaken", message, NOW, retry_at=NOW))
    often = of_subscription_write(action, kept, AnswerContext(NOW, written=written(WANTED, updates=9)))
    assert [note.refusal.reason for note in often.notes if isinstance(note, Refuse)] == ["WillNotConverge"]
    other = of_subscription_write(action, replace(SEEN, tag="other"), AnswerContext(NOW))
    assert (other.notes[1], other.message) == (ClearRefusal(KEY), "")


def test_a_callback_is_remembered_by_its_digest() -> None:
    key = callback_key(ID)
    notes = (LedgerWritten(LedgerEntry(key, KEYED)), ClearRefusal(key))
    verdict = of_callback_write(SET, AnswerContext(NOW, KEYED))
    assert verdict == Verdict(Outcome.DONE, notes, message="callbackUrl set", app_id=ID)


@pytest.mark.parametrize(
    ("action", "status", "words", "expected"),
    [
        pytest.param(POST, 400, "Duplicate component tag", "Stale", id="a duplicate tag: look, then update"),
        pytest.param(POST, 400, "DUPLICATE COMPONENT TAG.", "Stale", id="in whatever case"),
        pytest.param(PUT, 400, "Duplicate component tag", "Rejected", id="of an update: its author moves"),
        pytest.param(PUT, 400, "Subscription Does Not Exist", "Stale", id="gone before an update: look"),
        pytest.param(POST, 400, "Subscription Does Not Exist", "Rejected", id="gone before it is made: a no"),
        pytest.param(POST, 400, "Invalid URL Passed", "InvalidUrl", id="an endpoint that sleeps"),
        pytest.param(PUT, 400, "Invalid URL Passed", "InvalidUrl", id="likewise of an update"),
        pytest.param(SET, 400, "Invalid URL Passed", "InvalidUrl", id="likewise of a callback"),
        pytest.param(PUT, 403, "Not Subscription Owner", "NotSubscriptionOwner", id="somebody else's"),
        pytest.param(
            DELETE, 403, "Not Subscription Owner", "NotSubscriptionOwner", id="likewise of a deletion"
        ),
        pytest.param(POST, 403, "Forbidden", "Forbidden", id="another 403"),
        pytest.param(DELETE, 400, "No", "Rejected", id="anything else"),
    ],
)
def test_a_rejection_says_who_has_to_act_next(
    action: Subscribe | Update | Unsubscribe | SetCallback, status: int, words: str, expected: str
) -> None:
    error = Rejected("PUT …", status=status, words=words)
    verdict = of_rejection(action, error, AnswerContext(NOW))
    assert (verdict.reason, verdict.message, verdict.app_id) == (expected, words, ID)
    (note,) = verdict.notes
    assert isinstance(note, Refuse)
    if expected == "Stale":
        reason = "TagTaken" if isinstance(action, Subscribe) else "NoClearAnswer"
        message = f"Gupshup answered {status}: {words}"
        again = Refusal(subject(action), _digest(action), reason, message, NOW, 1, NOW)
        assert (verdict.outcome, note.refusal, verdict.reread) == (Outcome.STALE, again, True)
        return
    assert (verdict.outcome, verdict.reread) == (Outcome.FAILED, False)
    retry_at = NOW + 30 if expected == "InvalidUrl" else None
    message = f"Gupshup answered {status}: {words}"
    assert note.refusal == Refusal(subject(action), _digest(action), expected, message, NOW, 1, retry_at)


def _digest(action: Subscribe | Update | Unsubscribe | SetCallback) -> str:
    match action:
        case Unsubscribe():
            return REMOVED
        case SetCallback():
            return of_callback(CALLBACK)
        case _:
            return of_subscription(WANTED)


@pytest.mark.parametrize(
    ("prior", "tries", "pause"),
    [
        pytest.param(None, 1, 30, id="the first"),
        pytest.param((of_subscription(WANTED), 1), 2, 60, id="the second"),
        pytest.param((of_subscription(WANTED), 7), 8, 3600, id="the eighth waits an hour"),
        pytest.param((of_subscription(WANTED), 10_000), 10_001, 3600, id="and never longer"),
        pytest.param(("old", 7), 1, 30, id="another URL begins anew"),
    ],
)
def test_an_unreachable_webhook_url_is_tried_at_growing_intervals(
    prior: tuple[str, int] | None, tries: int, pause: float
) -> None:
    before = None if prior is None else Refusal(KEY, prior[0], "InvalidUrl", "", NOW, prior[1])
    error = Rejected("", status=400, words="Invalid URL Passed")
    verdict = of_rejection(POST, error, AnswerContext(NOW, refusal=before))
    (note,) = verdict.notes
    assert isinstance(note, Refuse)
    assert (note.refusal.tries, note.refusal.retry_at) == (tries, NOW + pause)


def test_the_key_of_a_refusal_is_the_same_for_every_verb() -> None:
    assert subject(POST) == subject(PUT) == subject(DELETE) == KEY
    assert subject(SET) == callback_key(ID)
    assert subject(replace(POST, subscription=replace(WANTED, headers={"X": FromEnv("HOOK_A")}))) == KEY
