"""Events about messages, in both envelopes: statuses, a message that came in, a bill (docs, Events)."""

from controller.simulator.events.queue import Delivery, EventQueue, as_json, meta_headers
from controller.simulator.events.recipients import V3, callback_hears, hears
from controller.simulator.state import AppRecord, SubscriptionRecord
from controller.simulator.switches import Switches

_STATUSES = ("ENQUEUED", "SENT", "DELIVERED", "READ", "FAILED")
MESSAGE_MODES = (*_STATUSES, "MESSAGE", "BILLING")
_CUSTOMER = "919999999999"
_ID = "wamid.pretend"


def announce_message(
    queue: EventQueue,
    app: AppRecord,
    subscriptions: list[SubscriptionRecord],
    mode: str,
    now: float,
    switches: Switches,
) -> int:
    """Queue an event of *mode* for everybody who has asked for it. Return for how many that was."""
    old, new = as_json(_v2(app, mode, now)), as_json(_v3(app, mode, now))
    heard = [each for each in subscriptions if hears(each, mode, switches)]
    for subscription in heard:
        body = new if subscription.version >= V3 else old
        queue.put(Delivery(subscription.url, body, now, meta_headers(subscription.meta)))
    if callback_hears(app, mode):
        queue.put(Delivery(app.callback_url, old, now))
    return len(heard) + callback_hears(app, mode)


def _v2(app: AppRecord, mode: str, now: float) -> dict[str, object]:
    kind, payload = _old_payload(mode, now)
    return {
        "app": app.name,
        "appId": app.id,
        "phone": app.phone,
        "timestamp": int(now * 1000),
        "version": 2,
        "type": kind,
        "payload": payload,
    }


def _old_payload(mode: str, now: float) -> tuple[str, dict[str, object]]:
    inner: dict[str, object] = {"ts": int(now)}
    if mode == "MESSAGE":
        return "message", {"id": _ID, "source": _CUSTOMER, "type": "text", "payload": {"text": "Hello"}}
    if mode == "BILLING":
        return "billing-event", {"type": "deduction", "payload": inner}
    if mode == "FAILED":
        inner = {**inner, "code": 470, "reason": "Message failed to send"}
    return "message-event", {"id": _ID, "type": mode.lower(), "destination": _CUSTOMER, "payload": inner}


def _v3(app: AppRecord, mode: str, now: float) -> dict[str, object]:
    """Return the event in Meta's envelope. An enqueued message has no WABA, no phone, and milliseconds."""
    field, value = _new_value(mode, now)
    if mode == "ENQUEUED":
        entry: dict[str, object] = {"changes": [{"field": field, "value": value}]}
    else:
        metadata = {"display_phone_number": app.phone, "phone_number_id": app.phone_number_id}
        change = {"field": field, "value": {**value, "metadata": metadata}}
        entry = {"id": app.waba_id, "changes": [change]}
    return {"object": "whatsapp_business_account", "gs_app_id": app.id, "entry": [entry]}


def _new_value(mode: str, now: float) -> tuple[str, dict[str, object]]:
    product = {"messaging_product": "whatsapp"}
    if mode == "MESSAGE":
        message = {"from": _CUSTOMER, "id": _ID, "timestamp": str(int(now)), "type": "text"}
        return "messages", {**product, "messages": [{**message, "text": {"body": "Hello"}}]}
    if mode == "BILLING":
        return "billing-event", {**product, "billing": {"timestamp": str(int(now))}}
    stamp: object = int(now * 1000) if mode == "ENQUEUED" else str(int(now))
    status = {"gs_id": _ID, "id": _ID, "recipient_id": _CUSTOMER, "status": mode.lower(), "timestamp": stamp}
    return "messages", {**product, "statuses": [status]}
