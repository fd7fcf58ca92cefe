"""Health of an app, as Gupshup reports it: open sets of words (docs/gupshup-api.md, Waba info)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SendingError:
    """One cause, in Gupshup's words, why an app cannot send, or not as much as it should."""

    code: str
    description: str


@dataclass(frozen=True, slots=True)
class WabaInfo:
    """One answer about an app and its WhatsApp business account. "" is unknown: nothing usable was given."""

    waba_id: str = ""
    account: str = ""
    docker: str = ""
    quality: str = ""
    limit: str = ""
    can_send: str = ""
    errors: tuple[SendingError, ...] = ()
    verified_name: str = ""
    phone_number_id: str = ""


@dataclass(frozen=True, slots=True)
class AppHealth:
    """The last answer about an app, read at *at* (epoch seconds).

    *colour* is the last quality that was known. *fell_from* is the better one before it, "" if none is known;
    *fell_at* is when the quality fell (epoch seconds), None if it did not.
    """

    info: WabaInfo
    at: float
    colour: str = ""
    fell_from: str = ""
    fell_at: float | None = None
