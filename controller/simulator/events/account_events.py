"""Events about an account, for the callback URL and each subscription with ACCOUNT (docs, Events)."""

from controller.simulator.events.queue import Delivery, EventQueue, as_json, meta_headers
from controller.simulator.events.recipients import V3, callback_hears, hears
from controller.simulator.health import AccountEvent
from controller.simulator.state import AppRecord, SubscriptionRecord
from controller.simulator.switches import Switches


def announce_change(
    queue: EventQueue,
    app: AppRecord,
    subscriptions: list[SubscriptionRecord],
    event: AccountEvent,
    now: float,
    switches: Switches,
) -> None:
    """Queue *event* for everybody who has asked for ACCOUNT, in the form of their version."""
    old = as_json(_v2(app, event, now, names_app=switches.account_event_app_id == "yes"))
    if callback_hears(app, "ACCOUNT"):
        queue.put(Delivery(app.callback_url, old, now))
    for subscription in subscriptions:
        if hears(subscription, "ACCOUNT", switches):
            body = as_json(_v3(app, event, now)) if subscription.version >= V3 else old
            queue.put(Delivery(subscription.url, body, now, meta_headers(subscription.meta)))


def _v2(app: AppRecord, event: AccountEvent, now: float, *, names_app: bool) -> dict[str, object]:
    """Return the event in Gupshup's envelope, which often names the app only by its name."""
    return {
        "app": app.name,
        **({"appId": app.id, "phone": app.phone} if names_app else {}),
        "timestamp": int(now * 1000),
        "version": 2,
        "type": "account-event",
        "payload": {"type": event.kind, "payload": dict(event.payload)},
    }


def _v3(app: AppRecord, event: AccountEvent, now: float) -> dict[str, object]:
    """Return the event in Meta's envelope, which has fields of their own for a status and a limit."""
    payload = event.payload
    change: dict[str, object] = {
        "field": "phone_number_quality_update",
        "value": {
            "display_phone_number": app.phone,
            "event": payload.get("event"),
            "current_limit": payload.get("currentLimit"),
        },
    }
    if event.kind == "status-event":
        value = {"event": payload["status"], "phone_number": app.phone}
        change = {"field": "account_update", "value": value}
    entry = {"id": app.waba_id, "time": int(now), "changes": [change]}
    return {"object": "whatsapp_business_account", "gs_app_id": app.id, "entry": [entry]}
