"""Shapes of `waba/info`: the full answer of a live app, and all that may be missing or odd about it."""

from dataclasses import replace

import pytest

from controller.edges.gupshup.body import Json, Malformed
from controller.edges.gupshup.waba_shape import MOST_ERRORS, waba_info
from controller.model.health import SendingError, WabaInfo

LIVE: dict[str, Json] = {
    "accountStatus": "ACTIVE",
    "dockerStatus": "CONNECTED",
    "messagingLimit": "TIER_1K",
    "mmLiteStatus": "ELIGIBLE",
    "ownershipType": "CLIENT_OWNED",
    "phone": "919876543210",
    "phoneQuality": "GREEN",
    "throughput": "STANDARD",
    "timezone": "(GMT+05:30) (Asia/Kolkata)",
    "utilityRestriction": "NONE",
    "verifiedName": "Acme Support",
    "wabaId": "109876543210987",
    "wabaName": "Acme",
    "canSendMessage": "AVAILABLE",
    "allowedTps": "80",
    "phoneNumberId": "106540352242922",
}
FULL = WabaInfo(
    "109876543210987",
    "ACTIVE",
    "CONNECTED",
    "GREEN",
    "TIER_1K",
    "AVAILABLE",
    (),
    "Acme Support",
    "106540352242922",
)


def test_the_full_answer_of_a_live_app_is_read() -> None:
    assert waba_info({"status": "success", "wabaInfo": LIVE}) == FULL


@pytest.mark.parametrize("field", ["accountStatus", "dockerStatus", "phoneQuality", "canSendMessage"])
@pytest.mark.parametrize("odd", [None, "", " ", [], {}, True, 1.5, ["ACTIVE"]], ids=repr)
def test_a_word_that_is_missing_or_odd_is_unknown(field: str, odd: Json) -> None:
    names = {"accountStatus": "account", "dockerStatus": "docker", "phoneQuality": "quality"}
    unknown = replace(FULL, **{names.get(field, "can_send"): ""})  # type: ignore[arg-type]  # all are texts
    assert waba_info({"wabaInfo": {**LIVE, field: odd}}) == unknown
    assert waba_info({"wabaInfo": {name: each for name, each in LIVE.items() if name != field}}) == unknown


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"messagingLimit": 1000}, WabaInfo(limit="1000"), id="a number for a text"),
        pytest.param({"phoneNumberId": 1065}, WabaInfo(phone_number_id="1065"), id="id"),
        pytest.param({"phone_number_id": "7"}, WabaInfo(phone_number_id="7"), id="Meta's spelling"),
        pytest.param({"metaPhoneNumberId": "7"}, WabaInfo(phone_number_id="7"), id="another spelling"),
        pytest.param({"phoneNumberId": "", "phoneId": "7"}, WabaInfo(phone_number_id="7"), id="first empty"),
        pytest.param({"canSendMessage": " available "}, WabaInfo(can_send="available"), id="spaces"),
        pytest.param({"verifiedName": "A\x1b[2J\nB\u202e"}, WabaInfo(verified_name="A B"), id="harmless"),
        pytest.param({"accountStatus": "X" * 999}, WabaInfo(account="X" * 64), id="bounded"),
        pytest.param({"verifiedName": "sk_" + "0" * 32}, WabaInfo(verified_name="***"), id="redacted"),
    ],
)
def test_other_forms_of_the_fields(fields: dict[str, Json], expected: WabaInfo) -> None:
    assert waba_info({"wabaInfo": fields}) == expected


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        pytest.param(None, (), id="none"),
        pytest.param([], (), id="an empty list"),
        pytest.param(
            [{"error_code": 141006, "error_description": "No payment method.", "possible_solution": "pay"}],
            (SendingError("141006", "No payment method."),),
            id="as in a live answer",
        ),
        pytest.param({"errorCode": "7", "errorDescription": "x"}, (SendingError("7", "x"),), id="no list"),
        pytest.param([{"code": 7, "message": "x"}], (SendingError("7", "x"),), id="as Meta has them"),
        pytest.param(["odd", 7, None, {}], (SendingError("", "odd"), SendingError("", "7")), id="odd"),
        pytest.param(
            [{"error_description": "phone 919876543210\nis \x1b[31mbanned"}],
            (SendingError("", "phone 91******3210 is banned"),),
            id="masked, and on one line",
        ),
        pytest.param([{"code": each} for each in range(99)], None, id="many"),
        pytest.param([{"description": "x" * 5_000}], None, id="long"),
    ],
)
def test_errors_are_few_short_and_harmless(errors: Json, expected: tuple[SendingError, ...] | None) -> None:
    found = waba_info({"wabaInfo": {"errors": errors}}).errors
    assert expected is None or found == expected
    assert len(found) <= MOST_ERRORS
    assert all(len(each.description) <= 200 for each in found)


@pytest.mark.parametrize("body", [[], "x", {"wabaInfo": []}, {"wabaInfo": {"wabaId": {}}}], ids=repr)
def test_an_answer_of_another_form_is_malformed(body: Json) -> None:
    with pytest.raises(Malformed):
        waba_info(body)
