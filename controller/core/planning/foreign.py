"""Foreign webhooks: those on a managed app that no manifest declares and that were not written from here."""

from collections.abc import Iterable, Iterator, Mapping

from controller.core.host import host_of, is_allowed
from controller.core.planning import modes
from controller.core.planning.actions import NO_CLEAR_ANSWER, REMOVED, PlanEntry, item_of
from controller.core.planning.digest import subscription_key
from controller.core.planning.matched_app import MatchedApp, tag_item
from controller.model.manifest import Desired, OnForeign, WebhookPolicy
from controller.model.plan import Action, Blocked, Foreign
from controller.model.upstream import RemoteSubscription, Row

FOREIGN_WEBHOOK = "ForeignWebhook"
"""The condition of an app that has one whose host is not allowed, and the reason of what that blocks."""


def foreign(matched: MatchedApp, remote: RemoteSubscription) -> Foreign:
    """Return what may be shown of a webhook of others: never its whole URL."""
    host, item = host_of(remote.url), tag_item(matched.app, remote.tag)
    allowed = allows(matched.context.partner.webhooks, host)
    named_modes, partial = modes.names(remote), not matched.knows_declared
    return Foreign(item, remote.id, host, named_modes, remote.version, allowed=allowed, partial=partial)


def allows(policy: WebhookPolicy, host: str) -> bool:
    """Return whether a webhook on *host* raises no alarm. Without a list, none does."""
    return policy.allowed_hosts is None or is_allowed(host, policy.allowed_hosts)


def shown(found: Iterable[Foreign], desired: Desired) -> tuple[Foreign, ...]:
    """Return those of *found* that a plan shows: of a narrowed scope only what stays on a retired app."""
    whole = desired.complete or bool(desired.whole_apps)
    retired = {app.name for app in desired.apps if app.is_retired}
    return tuple(each for each in found if whole or each.item.app in retired)


def was_written_here(matched: MatchedApp, row: Row, tag: str) -> bool:
    """Return whether the webhook may be our own: the last write made it, or had no clear answer."""
    key, memory = subscription_key(row.id, tag), matched.memory
    written, refusal = memory.ledger.get(key), memory.refusals.get(key)
    if written is not None and written.digest != REMOVED:
        return True
    return refusal is not None and refusal.reason == NO_CLEAR_ANSWER and refusal.digest != REMOVED


def beyond_scope(
    matched: MatchedApp, row: Row, others: Mapping[str, RemoteSubscription]
) -> Iterator[Foreign]:
    """Yield those of *others* that the whole source does not declare, although the scope is narrower.

    The plan of a narrowed scope does not show them. They block its changes all the same.
    """
    if matched.context.tags is not None:
        declared = matched.context.tags.get(matched.app.name, frozenset())
        undeclared = (others[tag] for tag in sorted(others.keys() - declared))
        yield from (
            foreign(matched, each) for each in undeclared if not was_written_here(matched, row, each.tag)
        )


def blocked_by_foreign(entries: Iterable[PlanEntry], policy: WebhookPolicy) -> Iterator[PlanEntry]:
    """Block each change of an app's subscriptions if the policy says so and one of *entries* is a cause."""
    found = tuple(entries)
    alarming = [each for each in found if isinstance(each, Foreign) and not each.allowed]
    blocks = bool(alarming) and policy.on_foreign is OnForeign.BLOCK
    for entry in found:
        if blocks and isinstance(entry, Action):
            yield Blocked(item_of(entry), FOREIGN_WEBHOOK, told(alarming), entry)
        else:
            yield entry


def named(of_others: Iterable[Foreign]) -> str:
    """Return tag and host of each webhook."""
    return ", ".join(f"{each.item.name} ({each.host or 'no clear host'})" for each in of_others)


def told(alarming: Iterable[Foreign]) -> str:
    """Return a message about webhooks that are not allowed: tag and host of each."""
    return (
        f"no manifest declares {named(alarming)}, and webhooks.allowedHosts has no such host; "
        "remove it at Gupshup, declare it, or allow its host"
    )
