"""Recipients of events: which callbacks and subscriptions have asked for a mode (docs, Modes)."""

from controller.simulator.modes import BITS
from controller.simulator.state import AppRecord, SubscriptionRecord
from controller.simulator.switches import Switches

V3 = 3
_ONCE_OTHERS = frozenset({"FAILED", "BILLING"})


def hears(subscription: SubscriptionRecord, mode: str, switches: Switches) -> bool:
    """Return whether *subscription* gets events of *mode*. OTHERS once covered failures and bills, too."""
    covers = switches.others_mode == "failures-too" and mode in _ONCE_OTHERS
    mask = BITS[mode] | (BITS["OTHERS"] if covers else 0)
    return subscription.active and bool(subscription.mode & mask)


def callback_hears(app: AppRecord, mode: str) -> bool:
    """Return whether the app's callback gets events of *mode*. Without modes of its own it gets all."""
    return bool(app.callback_url) and mode in (app.callback_modes or {mode})
