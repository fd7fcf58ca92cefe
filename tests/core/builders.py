"""Small worlds: what is declared and what Gupshup says about it, in a few words a test."""

from collections.abc import Iterable, Mapping

from controller.core.planning import digest
from controller.core.planning.matched import MatchedApp, match_apps
from controller.core.planning.plan import plan
from controller.core.planning.subscriptions import drift
from controller.model.manifest import (
    App,
    AppId,
    Desired,
    FromEnv,
    Partner,
    Policy,
    Subscription,
    Token,
)
from controller.model.memory import Binding, Intent, LedgerEntry, Memory, Refusal
from controller.model.modes import mask
from controller.model.plan import Item, Observed, Plan, Request
from controller.model.upstream import (
    Details,
    Facts,
    LookFailed,
    RemoteSubscription,
    Row,
    Stage,
    SubscriptionId,
)
from tests.clock import FakeClock

NOW = FakeClock.time
PARTNER = Partner("main", "https://partner.gupshup.io", Token(FromEnv("TOKEN")))
ALL = frozenset(Policy)
CALLBACK = "https://hooks.example.com/live"
KEYED = "keyed:1"
NOBODY = Request()


def app_id(number: int = 1) -> AppId:
    return AppId(f"00000000-0000-4000-8000-{number:012d}")


def phone(number: int = 1) -> str:
    return f"9198765{number:05d}"


def app(number: int = 1, partner: str = "main") -> App:
    return App(f"app-{number:04d}", partner, f"Name{number:04d}", f"1000000000{number:05d}", phone(number))


def row(number: int = 1) -> Row:
    """Return the row of an app that is linked and on its way."""
    return Row(app_id(number), f"Name{number:04d}", phone(number), stage=Stage("STARTED", "WABA_SETUP"))


def live(number: int = 1) -> Row:
    return Row(app_id(number), f"Name{number:04d}", phone(number), live=True, stage=Stage("STARTED"))


def subscription(number: int = 1, tag: str = "events") -> Subscription:
    return Subscription(
        name=tag,
        partner="main",
        app=f"app-{number:04d}",
        tag=tag,
        url=f"https://hooks.example.com/{number}/{tag}",
        version=3,
        modes=frozenset({"SENT", "READ"}),
    )


def remote(wanted: Subscription, id_: str = "1") -> RemoteSubscription:
    """Return the subscription as Gupshup tells it when it is as declared."""
    told = mask(wanted.modes)
    return RemoteSubscription(
        SubscriptionId(id_), wanted.tag, wanted.url, wanted.version, told, (), active=wanted.active
    )


def looked(
    *numbers: int, there: Mapping[int, tuple[RemoteSubscription, ...] | LookFailed] | None = None
) -> Facts:
    """Return what is learnt of live apps: their details, that no WABA is told, their subscriptions."""
    ids = [app_id(number) for number in numbers]
    subscriptions = there or {}
    return Facts(
        details={each: Details(each, "", None, live=True) for each in ids},
        wabas=dict.fromkeys(ids, ""),
        subscriptions={app_id(n): subscriptions.get(n, ()) for n in numbers},
    )


def desired(*things: App | Subscription, complete: bool = True) -> Desired:
    return Desired(
        "r1",
        (PARTNER,),
        tuple(thing for thing in things if isinstance(thing, App)),
        tuple(thing for thing in things if isinstance(thing, Subscription)),
        complete,
    )


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


def observed(
    *rows: Row,
    facts: Facts | None = None,
    known: Memory | None = None,
    digests: Mapping[Item, str | LookFailed] | None = None,
    at: float = NOW,
) -> Observed:
    return Observed(at, rows, facts or Facts(), known or Memory(), digests or {})


def written(wanted: Subscription, *, updates: int = 0, active_at: float | None = None) -> LedgerEntry:
    """Return the ledger's row of a subscription that was written as it is declared."""
    key = digest.subscription_key(app_id(int(wanted.app[-4:])), wanted.tag)
    secret = KEYED if wanted.headers else ""
    return LedgerEntry(key, digest.of_subscription(wanted), secret, updates, active_at)


THREE = "3 writes in a row did not take"


def tired(wanted: Subscription, keyed: str = "") -> Memory:
    """Return what is remembered after three writes that did not take."""
    row_ = written(wanted, updates=3)
    no_more = Refusal(row_.key, digest.of_write(wanted, keyed), "WillNotConverge", THREE, NOW - 9)
    return memory(ledger=[row_], refusals=[no_more])


def planned(declared: Desired, seen: Observed, asked: Request = NOBODY, partner: Partner = PARTNER) -> Plan:
    return plan(match_apps(declared, partner, seen, asked))


def case(
    declared: Desired, seen: Observed, asked: Request = NOBODY, partner: Partner = PARTNER
) -> MatchedApp:
    """Return the only case there is."""
    (found,) = match_apps(declared, partner, seen, asked).apps
    return found


def differences(wanted: Subscription, found: RemoteSubscription) -> set[str]:
    return set(drift(wanted, found))
