"""What the loop knows and what passes found, in a few words a test."""

from dataclasses import replace

from controller.model.passes import Lane, PartnerState, Pass, SourceState, Transition
from controller.model.plan import Item, Verb
from controller.model.status import Condition, HeldClass, HeldSet
from tests.builders.memory import NOW
from tests.builders.status import item_named
from tests.builders.upstream import HERE

MAIN = PartnerState("main", HERE, is_leader=True, apps=3, listed_at=NOW - 5, progressed_at=NOW - 1)
GOOD = SourceState("manifests", revision="rev-1", since=NOW - 100, read=NOW - 10)

DIGEST = "sha256:" + "a" * 64


def held(digest: str = DIGEST, *, guard: str = "maxLinks", verb: Verb = Verb.LINK, count: int = 3) -> HeldSet:
    """Return what one guard holds: *count* changes, of which it allows one."""
    return HeldSet(digest, (HeldClass(guard, verb, count, f"{count} planned, 1 allowed"),))


def transition(before: Condition | None, after: Condition, item: Item | None = None) -> Transition:
    return Transition(item or item_named(), before, after)


def finished_pass(lane: Lane = Lane.DRIFT, **more: object) -> Pass:
    """Return a pass over the whole partner that took half a second and found nothing to do."""
    finished = Pass("main", HERE, "", lane, "r1", NOW, 0.5)
    return replace(finished, **more)  # type: ignore[arg-type]  # the test names fields
