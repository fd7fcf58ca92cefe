"""What is remembered of what was written, in a few words a test."""

from collections.abc import Iterable

from controller.core.planning import digest
from controller.model.manifest import Subscription
from controller.model.memory import Binding, Intent, LedgerEntry, Memory, Refusal
from tests.builders.upstream import app_id
from tests.clock import FakeClock

NOW = FakeClock.time
KEYED = "keyed:1"
THREE = "3 writes in a row did not take"


def memory(
    *,
    bindings: Iterable[Binding] = (),
    intents: Iterable[Intent] = (),
    refusals: Iterable[Refusal] = (),
    ledger: Iterable[LedgerEntry] = (),
) -> Memory:
    return Memory(
        {each.phone: each for each in bindings},
        {each.phone: each for each in intents},
        {each.key: each for each in refusals},
        {each.key: each for each in ledger},
    )


def written(wanted: Subscription, *, updates: int = 0, active_at: float | None = None) -> LedgerEntry:
    """Return the ledger's row of a subscription that was written as it is declared."""
    key = digest.subscription_key(app_id(int(wanted.app[-4:])), wanted.tag)
    secret = KEYED if wanted.headers else ""
    return LedgerEntry(key, digest.of_subscription(wanted), secret, updates, active_at)


def tired(wanted: Subscription, keyed: str = "") -> Memory:
    """Return what is remembered after three writes that did not take."""
    row = written(wanted, updates=3)
    no_more = Refusal(row.key, digest.of_write(wanted, keyed), "WillNotConverge", THREE, NOW - 9)
    return memory(ledger=[row], refusals=[no_more])
