"""A plan and a report with one of everything."""

from collections.abc import Sequence
from dataclasses import replace

from controller.core.status.run_report import report
from controller.model.manifest import FromEnv
from controller.model.modes import mask
from controller.model.plan import (
    Action,
    Blocked,
    Foreign,
    HeldChange,
    Item,
    Kind,
    Link,
    Outcome,
    Plan,
    Result,
    SetCallback,
    Subscribe,
    Unmanaged,
    Unsubscribe,
    Update,
    Verb,
    WaitFor,
    Waiting,
)
from tests.builders.manifest import APP, CALLBACK, PARTNER, WANTED, app, subscription
from tests.builders.memory import NOW
from tests.builders.plan import ITEM, SUB
from tests.builders.upstream import app_id, remote

FULL = replace(APP, callback_url=CALLBACK, storage_region="IN")
SECRET = replace(WANTED, headers={"X-Hook": FromEnv("HOOK_A"), "X-A": FromEnv("HOOK_B")})
CHANGES = {
    "url": ("https://old.example.com", "https://new.example.com"),
    "modes": ("READ, OTHERS", "SENT, READ"),
    "version": ("2", "3"),
    "headers": ("(hidden)", "(hidden)"),
}
FOUND = replace(remote(WANTED), mode=mask(frozenset({"READ", "OTHERS"})))
ACTIONS: Sequence[Action] = (
    Link(FULL),
    Subscribe(SECRET, app_id()),
    Update(SECRET, app_id(), FOUND, CHANGES, drift=False),
    Update(subscription(2), app_id(2), remote(subscription(2)), {"active": ("false", "true")}, drift=True),
    SetCallback(FULL, app_id(), CALLBACK),
    Unsubscribe(APP, app_id(), remote(subscription(1, "gitops-old"))),
)
FOREIGN = Foreign(
    Item(Kind.SUBSCRIPTION, "main", "acme", "theirs"), "8", "hooks.example.org", ("MESSAGE",), 3
)
PLAN = Plan(
    PARTNER,
    "r1",
    actions=tuple(ACTIONS),
    waiting=(
        Waiting(Verb.SUBSCRIBE, SUB, WaitFor.LIVE, effect=WANTED),
        Waiting(Verb.LINK, ITEM, WaitFor.COOLDOWN, NOW, "the last 3 links were refused alike"),
    ),
    blocked=(Blocked(ITEM, "AppLost", "it was ours"),),
    held=(HeldChange(Link(app(2)), "maxLinks"),),
    unmanaged=(Unmanaged(Item(Kind.APP, "main", "Stranger", "Stranger"), "7"),),
    foreign=(FOREIGN,),
    unchanged=(SUB,),
    provisioning=(ITEM,),
    unverifiable=(ITEM, SUB),
)
RESULTS = (
    Result(Verb.LINK, ITEM, Outcome.DONE, app_id=app_id(), effect=ACTIONS[0]),
    Result(
        Verb.SUBSCRIBE,
        SUB,
        Outcome.FAILED,
        "InvalidUrl",
        "Gupshup answered 400: Invalid URL Passed",
        app_id(),
        ACTIONS[1],
    ),
    Result(Verb.UPDATE, SUB, Outcome.STALE, "Stale", effect=ACTIONS[2]),
    Result(Verb.UPDATE, ITEM, Outcome.UNCLEAR, "OutcomeUnknown", "no reply", effect=ACTIONS[4]),
)
REPORT = replace(
    report(replace(PLAN, actions=()), {}, {(each.verb, each.item): each for each in RESULTS}, {}),
    results=RESULTS,
    error="list apps: no answer",
)
