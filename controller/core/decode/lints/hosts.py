"""Lints of hosts: a Partner's `webhooks`, and a URL whose host that Partner does not allow."""

from collections.abc import Iterator

from controller.core.decode.document import Document
from controller.core.host import host_of, is_allowed
from controller.model.manifest import OnForeign, WebhookPolicy
from controller.model.problem import Problem

_HOSTS = ("spec", "webhooks", "allowedHosts")
_ON_FOREIGN = ("spec", "webhooks", "onForeign")


def policy(partner: Document) -> WebhookPolicy:
    """Return what a sound Partner declares as `webhooks`."""
    on_foreign = partner.text(*_ON_FOREIGN)
    return WebhookPolicy(_allowed(partner), OnForeign(on_foreign) if on_foreign else OnForeign.REPORT)


def of_partner(partner: Document) -> Iterator[Problem]:
    """Yield the problem of a policy that blocks, and lists no hosts to judge by."""
    if partner.text(*_ON_FOREIGN) == OnForeign.BLOCK and partner.get(*_HOSTS) is None:
        message = "Block needs allowedHosts: without them every host is allowed, and nothing is blocked"
        yield partner.problem("GS325", _ON_FOREIGN, message)


def refusal(url: str, partner: Document) -> str:
    """Return why *partner* does not allow the host of a declared webhook, "" if it does."""
    hosts = _allowed(partner) if partner.sound else None
    host = "" if hosts is None else host_of(url)
    if hosts is None or not host or is_allowed(host, hosts):
        return ""
    return f"its host {host} is not among webhooks.allowedHosts of {partner.title}"


def _allowed(partner: Document) -> tuple[str, ...] | None:
    given = partner.get(*_HOSTS)
    if not isinstance(given, list):
        return None
    return tuple(each.lower() for each in given if isinstance(each, str))
