"""Messages of events: the live event in both envelopes, and the probe of a new URL (docs, Events)."""

from controller.simulator.events.queue import Delivery, EventQueue, as_json, meta_headers
from controller.simulator.modes import ACCOUNT
from controller.simulator.state import AppRecord, SubscriptionRecord

_V3 = 3


def announce(
    queue: EventQueue, app: AppRecord, subscriptions: list[SubscriptionRecord], wa_id: str, now: float
) -> None:
    """Queue the live event for the callback URL and for each of *subscriptions* that has ACCOUNT."""
    if app.callback_url:
        queue.put(Delivery(app.callback_url, as_json(_live(app, wa_id, now)), now))
    for subscription in subscriptions:
        if subscription.active and subscription.mode & ACCOUNT:
            event = _live_v3(app, now) if subscription.version >= _V3 else _live(app, wa_id, now)
            queue.put(Delivery(subscription.url, as_json(event), now, meta_headers(subscription.meta)))


def probe(queue: EventQueue, app: AppRecord, now: float) -> None:
    """Queue the event that a sandbox app's callback URL gets when it is set."""
    payload = {"phone": "callbackSetPhone", "type": "sandbox-start"}
    event = {
        "app": app.name,
        "timestamp": int(now * 1000),
        "version": 2,
        "type": "user-event",
        "payload": payload,
    }
    queue.put(Delivery(app.callback_url, as_json(event), now))


def _live(app: AppRecord, wa_id: str, now: float) -> dict[str, object]:
    return {
        "app": app.name,
        "appId": app.id,
        "phone": app.phone,
        "timestamp": int(now * 1000),
        "version": 2,
        "type": "onboarding-event",
        "payload": {
            "type": "docker-status-event",
            "payload": {"status": "live", "waId": wa_id, "namespace": app.id.replace("-", "_")},
        },
    }


def _live_v3(app: AppRecord, now: float) -> dict[str, object]:
    value = {"event": "ACCOUNT_VERIFIED", "phone_number": app.phone}
    return {
        "object": "whatsapp_business_account",
        "gs_app_id": app.id,
        "entry": [
            {
                "id": app.waba_id,
                "time": int(now),
                "changes": [{"field": "account_update", "value": value}],
            }
        ],
    }
