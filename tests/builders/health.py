"""What Gupshup says about the health of an app, in a few words a test."""

from dataclasses import replace

from controller.model.health import AppHealth, WabaInfo
from controller.model.upstream import HealthQuery
from tests.builders.manifest import APP
from tests.builders.upstream import app_id
from tests.clock import FakeClock

FINE = WabaInfo(
    waba_id=APP.waba_id,
    account="ACTIVE",
    docker="CONNECTED",
    quality="GREEN",
    limit="TIER_1K",
    can_send="AVAILABLE",
    verified_name="Acme",
    phone_number_id="106540352242922",
)
BANNED = replace(FINE, account="BANNED", can_send="BLOCKED")
BLOCKED = replace(FINE, can_send="BLOCKED")
LIMITED = replace(FINE, can_send="LIMITED")
ASK = HealthQuery(app_id(), 60.0)


def health(info: WabaInfo = FINE, at: float = FakeClock.time) -> AppHealth:
    """Return the health of an app that was never read before."""
    return AppHealth(info, at, info.quality if info.quality == "GREEN" else "")


def of_waba(id_: str = "") -> AppHealth:
    """Return a health of which only the id of the account is known."""
    return AppHealth(WabaInfo(id_), FakeClock.time)
