"""Shape of `waba/info`: the account of an app and its health (docs/gupshup-api.md, Waba info).

A field that is missing, empty or of another type is unknown: only the id of the account has to be right.
"""

from collections.abc import Iterator

from controller.edges.gupshup.body import Json, Object, as_object, text_or_none
from controller.edges.gupshup.redact import redact
from controller.model.health import SendingError, WabaInfo
from controller.model.phone import without_phones

MOST_ERRORS = 5
_LONGEST_WORD = 64

_PHONE_NUMBER_ID = (
    "phoneNumberId",
    "phoneNumberID",
    "phone_number_id",
    "metaPhoneNumberId",
    "phoneId",
    "phone_id",
)
_CODE = ("error_code", "errorCode", "code")
_DESCRIPTION = ("error_description", "errorDescription", "description", "message")
"""The first of each is documented, or expected; no page names the id's field."""


def waba_info(body: Json) -> WabaInfo:
    """Return the account and its health, all of it unknown if the answer has none. Raises Malformed."""
    inner = as_object(body, "the answer").get("wabaInfo")
    if inner is None:
        return WabaInfo()
    fields = as_object(inner, "wabaInfo")
    return WabaInfo(
        waba_id=text_or_none(fields.get("wabaId"), "wabaId") or "",
        account=_word(fields, "accountStatus"),
        docker=_word(fields, "dockerStatus"),
        quality=_word(fields, "phoneQuality"),
        limit=_word(fields, "messagingLimit"),
        can_send=_word(fields, "canSendMessage"),
        errors=tuple(_errors(fields.get("errors")))[:MOST_ERRORS],
        verified_name=_words(fields, "verifiedName"),
        phone_number_id=_word(fields, *_PHONE_NUMBER_ID),
    )


def _errors(given: Json) -> Iterator[SendingError]:
    """Yield each error that says anything. Phones in Gupshup's sentences are masked."""
    for each in given if isinstance(given, list) else [given]:
        fields: Object = each if isinstance(each, dict) else {"description": each}
        error = SendingError(_word(fields, *_CODE), without_phones(_words(fields, *_DESCRIPTION)))
        if error.code or error.description:
            yield error


def _word(fields: Object, *names: str) -> str:
    return _words(fields, *names)[:_LONGEST_WORD]


def _words(fields: Object, *names: str) -> str:
    """Return the first text or whole number under one of *names* as one printable line, "" without any."""
    given = (fields.get(name) for name in names)
    texts = (str(one) for one in given if isinstance(one, str | int) and not isinstance(one, bool))
    return next((line for each in texts if (line := redact(each))), "")
