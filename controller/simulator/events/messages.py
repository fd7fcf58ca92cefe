"""Messages of events: the live event in both envelopes, and the probe of a new URL (docs, Events)."""

from controller.simulator.events.queue import Delivery, EventQueue, as_json, meta_headers
from controller.simulator.events.recipients import V3, hears
from controller.simulator.state import AppRecord, SubscriptionRecord
from controller.simulator.switches import Switches


def announce(
    queue: EventQueue,
    app: AppRecord,
    subscriptions: list[SubscriptionRecord],
    wa_id: str,
    now: float,
    switches: Switches,
) -> None:
    """Queue the live event for the callback URL and for each subscription that has ACCOUNT."""
    if app.callback_url:
        queue.put(Delivery(app.callback_url, as_json(_live(app, wa_id, now)), now))
    for subscription in subscriptions:
        new = subscription.version >= V3
        if hears(subscription, "ACCOUNT", switches) and not (new and switches.v3_live_event == "no"):
            event = _live_v3(app, now, switches.v3_live_event) if new else _live(app, wa_id, now)
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


def _live_v3(app: AppRecord, now: float, field: str) -> dict[str, object]:
    """Return the event in Meta's envelope, below Meta's *field*, or below the word of version 2."""
    value: dict[str, object] = {"event": "ACCOUNT_VERIFIED", "phone_number": app.phone}
    if field == "account-event":
        value = {"type": "status-event", "payload": {"status": "ACCOUNT_VERIFIED"}}
    return {
        "object": "whatsapp_business_account",
        "gs_app_id": app.id,
        "entry": [
            {
                "id": app.waba_id,
                "time": int(now),
                "changes": [{"field": field, "value": value}],
            }
        ],
    }
