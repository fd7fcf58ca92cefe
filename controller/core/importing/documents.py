"""Documents of an import: what a Partner, an App and its Subscriptions say, in the order of the schemas."""

from collections.abc import Iterator, Mapping

from controller.core.decode.document import VERSION
from controller.core.importing.account import ReadApp
from controller.core.importing.names import APP_NAME
from controller.core.importing.webhooks import ENABLED, Fold, WebhookSpec
from controller.model.modes import ACCOUNT_MODES

APP_NOTE = "callbackUrl: Gupshup does not show it. Declare it only if it shall be written."
WEBHOOK_NOTE = "headers, showOnUI: Gupshup does not show them. Declare them before the first change."

_ACCOUNT_MODES_FROM = 3
"""The version on which a Partner has to allow the modes of an account."""

Document = Mapping[str, object]


def partner_document(name: str, partner_id: str, url: str | None, *, account_modes: bool) -> Document:
    """Return the Partner. Its credentials stay in the environment; *url* is None if it is the usual one."""
    spec: dict[str, object] = {} if url is None else {"url": url}
    if partner_id:
        spec["partnerId"] = partner_id
    if account_modes:
        spec["v3AccountModes"] = True
    return _document("Partner", {"name": name}, spec)


def app_document(app: ReadApp, name: str, labels: Mapping[str, str], *, partner: str | None) -> Document:
    """Return the App. *partner* is its Partner's name, None if there is one only."""
    metadata: dict[str, object] = {"name": name, **({"labels": dict(labels)} if labels else {})}
    spec: dict[str, object] = {} if partner is None else {"partner": partner}
    spec.update({"appName": app.row.name, "wabaId": app.waba_id, "phone": app.phone})
    if app.row.region:
        spec["storageRegion"] = app.row.region
    if not APP_NAME.match(app.row.name):
        spec["appId"] = app.row.id
    return _document("App", metadata, spec)


def own_document(name: str, app: str, webhook: WebhookSpec) -> Document:
    """Return the Subscription of one webhook of the App *app*."""
    return _document("Subscription", {"name": name}, {"app": app, **_webhook_spec(name, webhook)})


def fold_document(fold: Fold) -> Document:
    """Return the Subscription of many alike webhooks."""
    selector = {"matchLabels": {fold.label: ENABLED}}
    spec = {"appSelector": selector, **_webhook_spec(fold.name, fold.webhook)}
    return _document("Subscription", {"name": fold.name}, spec)


def needs_account_modes(webhooks: Iterator[WebhookSpec]) -> bool:
    """Return whether a Partner has to allow what some webhook has already."""
    return any(one.version == _ACCOUNT_MODES_FROM and ACCOUNT_MODES & set(one.modes) for one in webhooks)


def _webhook_spec(name: str, webhook: WebhookSpec) -> dict[str, object]:
    spec: dict[str, object] = {} if webhook.tag == name else {"tag": webhook.tag}
    spec.update({"url": webhook.url, "version": webhook.version, "modes": list(webhook.modes)})
    return spec if webhook.active else {**spec, "active": False}


def _document(kind: str, metadata: Mapping[str, object], spec: Mapping[str, object]) -> Document:
    return {"apiVersion": VERSION, "kind": kind, "metadata": dict(metadata), "spec": dict(spec)}
