"""Foreign webhooks: who wrote one, whether its host is allowed, and what it blocks."""

from dataclasses import replace

import pytest

from controller.core.planning.actions import NO_CLEAR_ANSWER, REMOVED, item_of
from controller.core.planning.digest import subscription_key
from controller.core.planning.matched_app import subscription_item, tag_item
from controller.core.planning.selection import select
from controller.model.manifest import OnForeign, Partner, WebhookPolicy
from controller.model.memory import LedgerEntry, Memory, Refusal
from controller.model.plan import (
    Foreign,
    NotYetObserved,
    Request,
    SetCallback,
    Subscribe,
    Unsubscribe,
    Update,
)
from controller.model.upstream import Facts, ReadFailed, RemoteSubscription
from tests.builders.health import of_waba
from tests.builders.manifest import APP, CALLBACK, OURS, PARTNER, PRUNING, WANTED, app, desired, subscription
from tests.builders.memory import NOW, memory
from tests.builders.plan import ITEM, observed, planned
from tests.builders.upstream import EXTRA, MOVED, THERE, app_id, live, looked, remote, row

THEIRS = replace(
    remote(subscription(1, "theirs"), "9"),
    url="https://u:p@Hooks.Example.ORG:8443/secret?key=secret",
    mode=96,
)
KEY = subscription_key(app_id(1), "theirs")
TOLD = Foreign(tag_item(APP, "theirs"), "9", "hooks.example.org", ("FAILED", "MESSAGE"), 3)
HOSTS = ("hooks.example.com", "*.example.net")


def partner(*hosts: str, on_foreign: OnForeign = OnForeign.REPORT, of: Partner = PARTNER) -> Partner:
    return replace(of, webhooks=WebhookPolicy(hosts, on_foreign))


def ledger(digest: str) -> Memory:
    return memory(ledger=[LedgerEntry(KEY, digest)])


def refused(reason: str, digest: str = "sha256:1") -> Memory:
    return memory(refusals=[Refusal(KEY, digest, reason, "500", NOW)])


@pytest.mark.parametrize(
    ("known", "foreign"),
    [
        pytest.param(Memory(), True, id="never written from here"),
        pytest.param(ledger("sha256:1"), False, id="written from here"),
        pytest.param(ledger(REMOVED), True, id="removed from here, and made anew by others"),
        pytest.param(refused(NO_CLEAR_ANSWER), False, id="perhaps written from here"),
        pytest.param(refused(NO_CLEAR_ANSWER, REMOVED), True, id="perhaps removed from here"),
        pytest.param(refused("InvalidUrl"), True, id="refused to us"),
    ],
)
def test_what_was_written_from_here_is_unmanaged_and_not_foreign(known: Memory, *, foreign: bool) -> None:
    seen = observed(live(1), facts=looked(1, there={1: (THERE, THEIRS)}), known=known)
    plan = planned(desired(APP, WANTED), seen)
    assert plan.foreign == ((TOLD,) if foreign else ())
    assert [each.id for each in plan.unmanaged] == ([] if foreign else ["9"])


@pytest.mark.parametrize(
    ("hosts", "url", "allowed"),
    [
        pytest.param(None, THEIRS.url, True, id="no list: shown, and alarms nobody"),
        pytest.param(HOSTS, THEIRS.url, False, id="another host"),
        pytest.param(HOSTS, "https://HOOKS.example.com/x", True, id="an allowed host"),
        pytest.param(HOSTS, "https://a.b.example.net/x", True, id="below an allowed one"),
        pytest.param((), "https://hooks.example.com/x", False, id="an empty list allows none"),
        pytest.param(HOSTS, "", False, id="no host"),
        pytest.param(None, "", True, id="no host and no list"),
    ],
)
def test_a_foreign_webhook_is_judged_by_its_host(
    hosts: tuple[str, ...] | None, url: str, *, allowed: bool
) -> None:
    there = replace(THEIRS, url=url)
    seen = observed(live(1), facts=looked(1, there={1: (there,)}))
    plan = planned(desired(APP), seen, partner=replace(PARTNER, webhooks=WebhookPolicy(hosts)))
    assert [(each.item.name, each.allowed) for each in plan.foreign] == [("theirs", allowed)]


def test_nothing_of_a_url_but_its_host_is_kept() -> None:
    seen = observed(live(1), facts=looked(1, there={1: (THEIRS,)}))
    plan = planned(desired(APP), seen, partner=partner(*HOSTS))
    assert plan.foreign
    assert "secret" not in repr(plan.foreign)


@pytest.mark.parametrize(
    ("on_foreign", "hosts", "blocks"),
    [
        pytest.param(OnForeign.BLOCK, HOSTS, True, id="Block"),
        pytest.param(OnForeign.REPORT, HOSTS, False, id="Report"),
        pytest.param(
            OnForeign.BLOCK, (*HOSTS, "hooks.example.org"), False, id="an allowed host blocks nothing"
        ),
    ],
)
def test_a_foreign_webhook_blocks_every_subscription_change_of_its_app(
    on_foreign: OnForeign, hosts: tuple[str, ...], *, blocks: bool
) -> None:
    new, kept = subscription(1, "new"), subscription(1, "kept")
    there = (MOVED, EXTRA, THEIRS, remote(kept, "4"))
    declared = replace(PRUNING, callback_url=CALLBACK)
    seen = observed(live(1), facts=looked(1, there={1: there}), digests={ITEM: "sha256:callback"})
    plan = planned(
        desired(declared, WANTED, new, kept), seen, partner=partner(*hosts, on_foreign=on_foreign, of=OURS)
    )
    changes = [type(each) for each in plan.actions]
    assert changes == ([SetCallback] if blocks else [Subscribe, SetCallback, Update, Unsubscribe])
    blocked = {each.item.name: each.reason for each in plan.blocked}
    assert blocked == (dict.fromkeys(("events", "new", "gitops-old"), "ForeignWebhook") if blocks else {})
    assert all("theirs (hooks.example.org)" in each.message for each in plan.blocked)
    assert subscription_item(kept) in plan.unchanged
    assert [each.item.name for each in plan.foreign] == ["theirs"]


def test_a_host_that_cannot_be_told_is_named_as_such() -> None:
    seen = observed(live(1), facts=looked(1, there={1: (replace(THEIRS, url="https://a b/"),)}))
    plan = planned(desired(APP, WANTED), seen, partner=partner(*HOSTS, on_foreign=OnForeign.BLOCK))
    assert [each.reason for each in plan.blocked] == ["ForeignWebhook"]
    assert "theirs (no clear host)" in plan.blocked[0].message


def test_a_single_file_calls_nothing_foreign_and_blocks_nothing() -> None:
    seen = observed(live(1), facts=looked(1, there={1: (THEIRS,)}))
    strict = partner(*HOSTS, on_foreign=OnForeign.BLOCK)
    plan = planned(desired(APP, WANTED, complete=False), seen, partner=strict)
    assert (plan.foreign, plan.blocked) == ((), ())
    assert [item_of(each) for each in plan.actions] == [subscription_item(WANTED)]


@pytest.mark.parametrize(
    ("webhook", "hosts", "known", "blocks"),
    [
        pytest.param(THEIRS, HOSTS, Memory(), True, id="declared nowhere"),
        pytest.param(
            THEIRS, (*HOSTS, "hooks.example.org"), Memory(), False, id="declared nowhere, and allowed"
        ),
        pytest.param(THEIRS, HOSTS, ledger("sha256:1"), False, id="written from here"),
        pytest.param(
            replace(THEIRS, tag="kept"), HOSTS, Memory(), False, id="declared outside of the selection"
        ),
    ],
)
def test_a_selection_shows_nothing_foreign_and_is_blocked_by_it(
    webhook: RemoteSubscription, hosts: tuple[str, ...], known: Memory, *, blocks: bool
) -> None:
    whole = desired(APP, app(2), WANTED, subscription(1, "kept"))
    selected, only = select(whole, [f"Subscription/{WANTED.name}"], {})
    seen = observed(live(1), facts=looked(1, there={1: (webhook,)}), known=known)
    strict = partner(*hosts, on_foreign=OnForeign.BLOCK)
    plan = planned(selected, seen, Request(only=only), strict)
    assert [each.reason for each in plan.blocked] == (["ForeignWebhook"] if blocks else [])
    assert [type(each) for each in plan.actions] == ([] if blocks else [Subscribe])
    assert plan.foreign == ()


@pytest.mark.parametrize(
    ("there", "foreign", "unobserved"),
    [
        pytest.param((THEIRS,), ["theirs"], [], id="read"),
        pytest.param(None, [], [NotYetObserved(ITEM, 0)], id="not read yet"),
        pytest.param(ReadFailed("500"), [], [], id="not to be read"),
    ],
)
def test_an_app_of_another_waba_still_shows_its_foreign_webhooks(
    there: tuple[RemoteSubscription, ...] | ReadFailed | None,
    foreign: list[str],
    unobserved: list[NotYetObserved],
) -> None:
    told = {} if there is None else {app_id(1): there}
    facts = Facts(health={app_id(1): of_waba("999999999")}, subscriptions=told)
    plan = planned(desired(APP, WANTED), observed(live(1), facts=facts))
    assert [each.reason for each in plan.blocked] == ["WabaMismatch"]
    assert [each.item.name for each in plan.foreign] == foreign
    assert list(plan.not_observed) == unobserved
    assert len(plan.waiting) == 1


def test_an_app_that_is_not_live_shows_none() -> None:
    facts = Facts(subscriptions={app_id(1): (THEIRS,)})
    plan = planned(desired(APP), observed(row(1), facts=facts))
    assert (plan.foreign, plan.not_observed) == ((), ())
