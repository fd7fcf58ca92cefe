"""What `apply FILE` asks of a run: the effects of a saved plan, once for each account."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from controller.core.planning.changes.approval import Approval, approval_of
from controller.core.planning.changes.effects import subject_of
from controller.core.planning.changes.narrow import narrow
from controller.core.saved.saved_plan import SavedPlan
from controller.core.status.run_report import is_finished
from controller.doors.app import Runtime
from controller.errors import PlanFileError
from controller.loop.apply import PartnerRun
from controller.loop.ports import Account, Reader
from controller.loop.reconcile.state import PassRequest
from controller.model.manifest import Desired
from controller.model.plan import HealthReads, Item, Kind, Outcome, Request

MOST_WRITES = 10_000
"""Writes that are looked through for those of earlier runs: as many as a store keeps."""


_WITHOUT_EFFECT = frozenset({Outcome.FAILED, Outcome.STALE})
"""Outcomes of writes that changed nothing. Any other may have, also one that was never recorded."""


def verb_of_run(saved: SavedPlan) -> str:
    """Return how the history names a run of this plan."""
    return f"apply plan {saved.digest.removeprefix('sha256:')[:12]}"


def approvals_of(saved: SavedPlan) -> Mapping[str, Approval]:
    return {plan.partner.name: approval_of(plan) for plan in saved.plans}


def saved_request(saved: SavedPlan, desired: Desired, now: float, *, wait: bool) -> PassRequest:
    """Return the request of a run: about everything that the plan does, now or after a wait.

    The apps themselves are among its items: what became of an app decides about its subscriptions.
    """
    shown = frozenset(item for each in approvals_of(saved).values() for item in _items(each))
    items = shown | {replace(item, kind=Kind.APP, name=item.app) for item in shown}
    left, _ = narrow(desired, None, items)
    reads = HealthReads.AWAITED if wait else HealthReads.UNKNOWN
    return PassRequest(left, desired, Request(only=items, at=now, health_reads=reads, touched=items))


def _items(approval: Approval) -> Iterator[Item]:
    for effect in (*approval.actions.values(), *approval.waiting.values()):
        yield subject_of(effect)[1]


async def resume(runtime: Runtime, saved: SavedPlan, account: Account[Reader], run: PartnerRun) -> None:
    """Let *run* go on after earlier runs of the same plan, whose writes the history shows.

    A write that was refused does not count: if its item is as planned now, somebody else did that.
    Raises PlanFileError if the plan is for another account.
    """
    meant, approval = saved.upstreams.get(account.partner.name), run.request.approval
    if meant != account.upstream:
        raise PlanFileError(f"the plan is for {meant}, and this is {account.upstream}; nothing was sent")
    who = f"{verb_of_run(saved)} by "
    found = await runtime.store.history.read(account.upstream, who=who, limit=MOST_WRITES)
    earlier = frozenset((each.verb, each.target) for _, each in found if each.outcome not in _WITHOUT_EFFECT)
    run.request = replace(run.request, approval=replace(approval or Approval(), earlier=earlier))


async def spent(runtime: Runtime, saved: SavedPlan) -> Mapping[str, float]:
    """Return the partners for which the plan was done before, and when (epoch seconds)."""
    store, digest = runtime.store.spent, saved.digest
    found = {name: await store.when(upstream, digest) for name, upstream in saved.upstreams.items()}
    return {name: at for name, at in found.items() if at is not None}


async def spend(runtime: Runtime, saved: SavedPlan, run: PartnerRun, name: str) -> None:
    """Remember that the plan is done for the partner *name*, if all that it does has an outcome."""
    if is_finished(run.report(name), run.request.approval or Approval()):
        await runtime.store.spent.spend(saved.upstreams[name], saved.digest)
