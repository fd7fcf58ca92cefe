"""Health of an app as JSON, for the store and for `-o json`, read back from the store, and as text."""

from collections.abc import Mapping

from controller.core.health.sending import sending
from controller.model.health import AppHealth, SendingError, WabaInfo

_WORDS = {
    "wabaId": "waba_id",
    "accountStatus": "account",
    "dockerStatus": "docker",
    "quality": "quality",
    "messagingLimit": "limit",
    "canSend": "can_send",
    "verifiedName": "verified_name",
    "phoneNumberId": "phone_number_id",
}
"""The fields of a document that hold one text each, None in place of "", and where the values are."""


def health_fields(info: WabaInfo) -> dict[str, object]:
    """Return one answer as a document."""
    words = {name: getattr(info, field) or None for name, field in _WORDS.items()}
    errors = [{"code": each.code, "description": each.description} for each in info.errors]
    return {"state": str(sending(info)), **words, "errors": errors}


def read_health(stored: object, at: object) -> AppHealth | None:
    """Return the health of a stored answer that was read at *at* (epoch seconds); None without both."""
    if not isinstance(stored, Mapping) or not isinstance(at, int | float):
        return None
    words = {field: _text(stored, name) for name, field in _WORDS.items()}
    return AppHealth(WabaInfo(**words, errors=_errors(stored.get("errors"))), float(at))


def health_facts(info: WabaInfo) -> dict[str, str]:
    """Return what a person reads about an app's health, by its heading."""
    account = ", ".join(word for word in (info.account, info.docker) if word)
    return {
        "Sending": str(sending(info)),
        "Account": account or "-",
        "Quality": info.quality or "-",
        "Limit": info.limit or "-",
        "Verified": info.verified_name or "-",
        "Phone id": info.phone_number_id or "-",
    }


def _text(stored: Mapping[str, object], name: str) -> str:
    value = stored.get(name)
    return value if isinstance(value, str) else ""


def _errors(stored: object) -> tuple[SendingError, ...]:
    given = stored if isinstance(stored, list) else []
    each = (one for one in given if isinstance(one, Mapping))
    return tuple(SendingError(_text(one, "code"), _text(one, "description")) for one in each)
