"""Health of an app: its account at WhatsApp, quality, limit, and whether it can send (docs, Waba info)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

VALUES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "account": ("ACTIVE", "BANNED"),
        "docker": ("CONNECTED", "DISCONNECTED", "FLAGGED", "PENDING", "RESTRICTED", "UNKNOWN"),
        "limit": (
            *("TIER_NOT_SET", "TIER_50", "TIER_250", "TIER_1K", "TIER_2K"),
            *("TIER_10K", "TIER_100K", "TIER_UNLIMITED"),
        ),
        "quality": ("RED", "YELLOW", "GREEN", "UNKNOWN"),
        "can_send": ("AVAILABLE", "LIMITED", "BLOCKED"),
    }
)
_GOOD = ("GREEN", "UNKNOWN")


@dataclass(frozen=True, slots=True)
class SendError:
    """A reason why an app cannot send as it should."""

    code: int
    description: str


BANNED = (SendError(141_000, "The WhatsApp Business Account has been banned"),)
LIMITED = (SendError(141_006, "The WhatsApp Business Account is restricted"),)


@dataclass(frozen=True, slots=True)
class Health:
    """What `waba/info` shows of a live app. ``verified_name`` is empty if it is the app's own name."""

    account: str = "ACTIVE"
    docker: str = "CONNECTED"
    limit: str = "TIER_1K"
    quality: str = "GREEN"
    can_send: str = "AVAILABLE"
    errors: tuple[SendError, ...] = ()
    verified_name: str = ""

    @property
    def healthy(self) -> bool:
        """Whether the app's own `health` says so: its account is active, and its docker connected."""
        return self.account == "ACTIVE" and self.docker == "CONNECTED"


HEALTHY = Health()


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """One event about an app's account: its type, and the fields of its payload."""

    kind: str
    payload: Mapping[str, object]


def events(before: Health, after: Health, ban_status: str) -> Iterator[AccountEvent]:
    """Yield the events that a change of health causes. *ban_status* is the word for a ban."""
    if before.account != after.account:
        yield _status_event(ban_status if after.account == "BANNED" else "REINSTATE")
    elif after.can_send not in (before.can_send, "AVAILABLE"):
        yield AccountEvent("status-event", {"status": "ACCOUNT_RESTRICTED", "restrictionInfo": _RESTRICTION})
    if before.limit != after.limit:
        higher = VALUES["limit"].index(after.limit) > VALUES["limit"].index(before.limit)
        yield _tier_event("UPGRADE" if higher else "DOWNGRADE", before, after)
    if (before.quality in _GOOD) != (after.quality in _GOOD):
        yield _tier_event("UNFLAGGED" if after.quality in _GOOD else "FLAGGED", before, after)


_RESTRICTION = [{"restrictionType": "RESTRICTED_BIZ_INITIATED_MESSAGING"}]


def _status_event(status: str) -> AccountEvent:
    violation = {"violation_type": "SPAM"} if status == "ACCOUNT_VIOLATION" else {}
    return AccountEvent("status-event", {"status": status, **violation})


def _tier_event(event: str, before: Health, after: Health) -> AccountEvent:
    return AccountEvent("tier-event", {"event": event, "oldLimit": before.limit, "currentLimit": after.limit})
