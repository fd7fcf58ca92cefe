"""The product broken on purpose: what would go on for ever with a Gupshup that never agrees."""

from dataclasses import replace
from typing import Any

from controller.core.planning.outcomes.write_outcomes import Verdict, Write
from controller.model.memory import ClearRefusal
from controller.model.plan import Outcome
from controller.simulator import Fault
from tests.sim.defects import Defect, Defects, insisting
from tests.sim.sim_run import Disruption
from tests.sim.simulated_world import Mutation

_TAKEN = {"status": 400, "message": "Duplicate component tag", "plain": True}
_VERDICT = "controller.core.planning.outcomes.write_outcomes"


def _nothing_learnt(action: Write, why: str, _: object) -> Verdict:
    return Verdict(Outcome.UNCLEAR, (), "OutcomeUnknown", why, action.app_id, reread=True)


def _without_echo(seen: Any, **changes: object) -> object:  # noqa: ANN401  (any dataclass)
    """Change *seen*, but never mark it as the echo of a write."""
    return seen if "echo" in changes else replace(seen, **changes)


DEFECTS_OF_ENDLESS_WRITES: Defects = {
    "another spelling is another url": Defect(
        "P7", Mutation(names={"controller.core.url:normal": lambda url: url}), "spelt otherwise"
    ),
    "what proves nothing leaves nothing behind": Defect(
        "P39",
        Mutation(names={"controller.loop.reconcile.write:of_unclear": _nothing_learnt}),
        disruption=Disruption((Fault("500", "subscribe"),)),
        way=insisting,
    ),
    "each try begins with a quick one": Defect(
        "P39",
        Mutation(names={f"{_VERDICT}:_tries": lambda _prior, _digest: 1}),
        disruption=Disruption((Fault("status", "subscribe", parameters=_TAKEN),)),
        way=insisting,
    ),
    "an answer is taken for a look": Defect(
        "P39",
        Mutation(names={"controller.loop.reconcile.attempt:replace": _without_echo}),
        "unsubscribe",
        Disruption((Fault("unkept", "updateSubscription"),)),
        way=insisting,
    ),
    "writes that do not take are not refused": Defect(
        "P39",
        Mutation(names={f"{_VERDICT}:_refuse_repeated": lambda written, *_: ClearRefusal(written.key)}),
        "unsubscribe",
        Disruption((Fault("unkept", "unsubscribe"),)),
        way=insisting,
    ),
}
