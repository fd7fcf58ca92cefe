"""The product broken on purpose, one function at a time: what stands in its place falls short."""

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from controller.core import ratelimit
from controller.core.planning import guard, match
from controller.core.planning.actions import Unchanged
from controller.core.planning.matched_app import Context
from controller.core.planning.outcomes.link_outcomes import of_link_answer
from controller.core.planning.source_guard import declared
from controller.core.schedule.next_pass import next_pass
from controller.core.schedule.schedule import Schedule
from controller.core.schedule.workqueue import WorkQueue
from controller.core.status.conditions import statuses
from controller.edges.gupshup import link_answers, writer
from controller.edges.gupshup.auth import tokens
from controller.edges.gupshup.body import Malformed
from controller.edges.gupshup.reader import PAGE_SIZE, GupshupReader
from controller.edges.gupshup.replies import Unreliable
from controller.edges.gupshup.routes import UNSUBSCRIBE
from controller.edges.store import opening
from controller.errors import Busy, StoreError, Unclear
from controller.loop import admission
from controller.loop.ports import Account, Writer
from controller.loop.reconcile import link
from controller.loop.reconcile.act import act
from controller.loop.reconcile.reconcile import decide
from controller.loop.reconcile.state import PassState
from controller.model.manifest import App, Policy
from controller.model.memory import Intent, MemoryUpdate, Refuse
from controller.model.passes import Lane
from controller.model.status import Condition, Status, Truth
from controller.model.upstream import Linked, LinkedWithoutCallback, LinkRefused, Row
from tests.sim.defects import Defect, Defects, damaged, losing, planning, rivalled, running_twice
from tests.sim.new_apps import onboarding
from tests.sim.planted_defects_at_ports import CRASH_LOOP, fault, remote, store
from tests.sim.scenario import SCENARIOS, SECRETS, desired
from tests.sim.sim_run import Disruption
from tests.sim.simulated_world import Mutation

_KEPT, _MATCHED, _ALLOWED = link._keep, match._by_phone_and_name, guard.allowed
_CHECKED, _CHECKED_FILE = opening._checked, opening._check_file
_URGENCY, _ADD = Schedule._urgency, WorkQueue.add
_SUBSCRIPTIONS, _WINDOW, _LOSS = GupshupReader.subscriptions, ratelimit.window, admission.refuse_loss


def _contains(app: App, seen: match.Index, facts: Any) -> match.Match:
    for row in seen.by_id.values():
        if app.app_name in row.name and app.phone in (match.phone_of(row, facts) or ""):
            return match.Found(row)
    return _MATCHED(app, seen, facts)


def _name_is_enough(app: App, seen: match.Index, facts: Any) -> match.Match:
    with_name = seen.by_name.get(app.app_name, ())
    return match.Found(with_name[0]) if with_name else _MATCHED(app, seen, facts)


def _id_is_enough(app: App, app_id: Any, seen: match.Index, facts: Any) -> match.Match:
    row = seen.by_id.get(app_id)
    return _MATCHED(app, seen, facts) if row is None else match.Found(row)


def _filter_is_believed(account: Account[Writer]) -> Account[Writer]:
    async def rows_by_phone(phone: str) -> tuple[Row, ...]:
        return tuple(replace(row, phone=phone) for row in await account.remote.rows_by_phone(phone))

    return remote(account, rows_by_phone=rows_by_phone)


async def _plan_acts(account: Any, request: Any, state: Any, listing: Any) -> object:
    observed, agreed = await decide(account, request, state, listing)
    await act(account, agreed, observed, PassState())
    return observed, agreed


def _headers_always_differ(_: object, wanted: Any, written: object) -> object:
    return {"headers": ("(hidden)", "(hidden)")} if wanted.headers and written is not None else {}


def _refusals_are_not_kept(account: Account[Writer]) -> Account[Writer]:
    real = account.store.memories

    async def note(upstream: str, notes: Sequence[MemoryUpdate]) -> None:
        await real.note(upstream, [each for each in notes if not isinstance(each, Refuse)])

    return store(account, "memories", note=note)


def _a_tag_is_enough(case: Any) -> bool:
    return bool(case.context.whole and case.context.partner.owned_tags is not None)


def _all_is_seen(partner: Any, observed: Any, asked: Any, *_: object) -> Context:
    return Context(partner, observed, asked, whole=True)


def _guards_begin_at_ten(ceiling: Any, of: int, least: int = 1) -> int:
    return _ALLOWED(ceiling, of, least) if of >= 10 else of


def _updates_again(account: Account[Writer]) -> Account[Writer]:
    async def update(*given: Any) -> object:
        try:
            return await account.remote.update_subscription(*given)
        except Unclear:
            return await account.remote.update_subscription(*given)

    return remote(account, update_subscription=update)


def _all_was_done(app: App, answer: Any, **more: Any) -> Any:
    whole = Linked(answer.app_id) if isinstance(answer, LinkedWithoutCallback) else answer
    return of_link_answer(app, whole, **more)


async def _callback_first(account: Any, app: App, answer: Any, observed: Any, intent: Any) -> object:
    if isinstance(answer, LinkedWithoutCallback) and app.callback_url is not None:
        await account.remote.set_callback(answer.app_id, app.callback_url)
    return await _KEPT(account, app, answer, observed, intent)


def _name_is_lost(account: Account[Writer]) -> Account[Writer]:
    async def opened(upstream: str, phone: str, _: str) -> Intent:
        return await account.store.intents.open(upstream, phone, f"link of {phone}")

    return store(account, "intents", open=opened)


def _an_error_is_a_no(call: Any, verdict: Any, phone: str) -> object:
    if isinstance(verdict, Unreliable):
        return LinkRefused(500, verdict.why)
    return link_answers.link_answer(call, verdict, phone)


async def _what_came(self: Any, query: Any, _: float) -> tuple[Row, ...]:
    found: dict[str, Row] = {}
    for number in range(1, 100):
        try:
            page = await self._page(query, number)
        except Busy:
            break
        found.update((row.id, row) for row in page)
        if not page or len(page) < PAGE_SIZE < len(found):
            break
    return tuple(sorted(found.values(), key=lambda row: row.id))


async def _unread_is_none(self: Any, app: Any) -> object:
    try:
        return await _SUBSCRIPTIONS(self, app)
    except (Busy, Malformed):
        return ()


async def _no_rest(*_: object) -> None:
    return None


async def _fetch_each_time(self: Any) -> tokens.IssuedToken:
    self._held = await self._fetch(None)
    return self._held  # type: ignore[no-any-return]  # as the real one does


def _half_a_window(limit: Any) -> float:
    return _WINDOW(limit) / 2


def _lock_is_no_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _no_line_of_history(account: Account[Writer]) -> Account[Writer]:
    numbers = count(10**9)

    async def begin(*_: object) -> int:
        return next(numbers)

    async def nothing(*_: object) -> None:
        return None

    return store(account, "history", begin=begin, finish=nothing, drop=nothing)


def _all_is_well(*given: Any) -> tuple[Status, ...]:
    ready = Condition("Ready", Truth.TRUE, "Ready", "", 0.0, "")
    return tuple(replace(each, conditions=(ready,)) for each in statuses(*given))


def _begun_anew(real: Callable[[Path], Any]) -> Callable[[Path], Any]:
    def opened(path: Path) -> object:
        try:
            return real(path)
        except StoreError:
            for each in path.parent.glob(f"{path.name}*"):
                each.unlink() if each.suffix in {".db", ".db-wal", ".db-shm"} else None
            opening._create(path)
            return real(path)

    return opened


def _guarded_by(guard: object) -> dict[str, object]:
    doors = ("loop.admission", "doors.cli.source.checks", "doors.cli.apply_all")
    return {f"controller.{door}:refuse_loss": guard for door in doors}


async def _by_name(revisions: Any, upstream: str, partner: Any, *rest: Any) -> None:
    if partner.name == "main":
        await _LOSS(revisions, upstream, partner, *rest)


async def _kept_before_it_is_refused(revisions: Any, upstream: str, partner: Any, *rest: Any) -> None:
    try:
        await _LOSS(revisions, upstream, partner, *rest)
    finally:
        await revisions.declare(upstream, declared(rest[0], partner.name))


def _noise(path: Path) -> None:
    with path.open("r+b") as file:
        for page in range(1, path.stat().st_size // 4096):
            file.seek(page * 4096)
            file.write(b"\xa5" * 600)


def _chance(*given: Any) -> float | None:
    pause = next_pass(*given)
    return None if pause is None else pause + secrets.SystemRandom().random()


def _all_is_new(self: Any, name: str, _: object) -> tuple[Lane, bool]:
    return (Lane.CHANGED, False) if self._listed else _URGENCY(self, name, set())


def _nothing_is_alone(self: Any, *given: Any, alone: bool = False) -> bool:
    del alone
    return _ADD(self, *given)


_GUPSHUP, _STORE, _CORE = "controller.edges.gupshup", "controller.edges.store", "controller.core"
_SUBS = f"{_CORE}.planning.subscriptions"


_SHOUTED = fault("status", status=400, message=f"no, {SECRETS['GUPSHUP_SECRET']}!")
_FEWER = desired(*SCENARIOS["shrinking"].last.apps, revision="r2")
_CALLED_OTHERWISE = replace(
    _FEWER,
    partners=tuple(replace(each, name="primary") for each in _FEWER.partners),
    apps=tuple(replace(each, partner="primary") for each in _FEWER.apps),
)

DEFECTS_IN_FUNCTIONS: Defects = {
    "a phone that contains the declared one is the same": Defect(
        "P4", Mutation(names={f"{_CORE}.planning.match:_by_phone_and_name": _contains}), "look-alikes"
    ),
    "an equal name is enough": Defect(
        "P4", Mutation(names={f"{_CORE}.planning.match:_by_phone_and_name": _name_is_enough}), "look-alikes"
    ),
    "an appId is enough, whatever its phone": Defect(
        "P4", Mutation(names={f"{_CORE}.planning.match:_by_id": _id_is_enough}), "somebody's id"
    ),
    "what the list's filter lets through has that phone": Defect(
        "P1", Mutation(_filter_is_believed), "look-alikes"
    ),
    "a plan acts": Defect(
        "P5",
        Mutation(names={"controller.doors.app:reader": writer, "controller.loop.apply:decide": _plan_acts}),
        way=planning,
    ),
    "what cannot be read back is sent again each time": Defect(
        "P7",
        Mutation(
            names={
                f"{_CORE}.planning.subscriptions:_write_only_changes": _headers_always_differ,
                f"{_CORE}.planning.outcomes.write_outcomes:MOST_REPEATED_WRITES": 10**9,
            }
        ),
    ),
    "a refusal is forgotten": Defect("P7", Mutation(_refusals_are_not_kept), "stranger's name"),
    "a tag of others is ours": Defect(
        "P10", Mutation(names={f"{_CORE}.planning.subscriptions:is_ours": lambda *_: True}), "unsubscribe"
    ),
    "policies do not count": Defect(
        "P10",
        Mutation(
            names={
                f"{_CORE}.planning.subscriptions:may_unsubscribe": _a_tag_is_enough,
                f"{_CORE}.planning.matched_app:may_unsubscribe": _a_tag_is_enough,
                f"{_CORE}.planning.actions:_policy": lambda _: Policy.LINK,
            }
        ),
        "take-over",
    ),
    "what a narrowed scope lacks is undeclared": Defect(
        "P10", Mutation(names={f"{_CORE}.planning.matched_app:Context": _all_is_seen}), "narrowed"
    ),
    "a suspension is overlooked": Defect(
        "P10",
        Mutation(
            names={
                f"{_CORE}.planning.actions:suspended": lambda *_: False,
                f"{_CORE}.planning.plan:suspended": lambda *_: False,
            }
        ),
        "suspended",
    ),
    "no guard bites": Defect(
        "P11",
        Mutation(names={"controller.loop.reconcile.reconcile:guard_for": lambda each, *_: each}),
        "held",
    ),
    "guards bite on large fleets only": Defect(
        "P11", Mutation(names={f"{_CORE}.planning.guard:allowed": _guards_begin_at_ten}), "held"
    ),
    "an empty source is as good as any": Defect(
        "P12",
        Mutation(names={"controller.doors.cli.source.checks:refuse_empty": lambda *_: None}),
        "shrinking",
        way=losing(desired(revision="r2"), new=True),
    ),
    "a shrunken source is as good as any": Defect(
        "P12",
        Mutation(names={"controller.loop.admission:refuse_shrunk": lambda *_, **__: None}),
        "shrinking",
        way=losing(_FEWER),
    ),
    "a guard goes by what a partner is called": Defect(
        "P36", Mutation(names=_guarded_by(_by_name)), "shrinking", way=losing(_CALLED_OTHERWISE, says="P36")
    ),
    "what is refused is what was declared last": Defect(
        "P36",
        Mutation(names=_guarded_by(_kept_before_it_is_refused)),
        "shrinking",
        way=losing(_FEWER, says="P36", folder="/elsewhere"),
    ),
    "all subscriptions are deleted for one": Defect(
        "P13",
        Mutation(
            names={
                f"{_GUPSHUP}.writer:UNSUBSCRIBE": replace(
                    UNSUBSCRIBE, template="/partner/app/{app}/subscription"
                )
            }
        ),
        "unsubscribe",
    ),
    "a window is half as long": Defect(
        "P15", Mutation(names={f"{_CORE}.ratelimit:window": _half_a_window}), "old login", CRASH_LOOP
    ),
    "a 429 is like any other refusal": Defect(
        "P16",
        Mutation(names={"controller.loop.rate_limiter:RateLimiter._rest": _no_rest}),
        disruption=Disruption((fault("429", "subscribe"),)),
    ),
    "a lost update is sent again": Defect(
        "P17",
        Mutation(_updates_again),
        "unsubscribe",
        Disruption((fault("lose-reply", "updateSubscription"),)),
    ),
    "what was not read is not there": Defect(
        "P7",
        Mutation(names={f"{_GUPSHUP}.reader:GupshupReader.subscriptions": _unread_is_none}),
        "unsubscribe",
        Disruption((fault("html", "subscriptions"),)),
    ),
    "each call signs in for itself": Defect(
        "P20", Mutation(names={f"{_GUPSHUP}.auth.tokens:TokenCache.get": _fetch_each_time}), "old login"
    ),
    "an app's id is kept after its callback was set": Defect(
        "P22",
        Mutation(names={"controller.loop.reconcile.link:_keep": _callback_first}),
        disruption=Disruption((fault("callback-refused"),)),
    ),
    "a damaged store is begun anew": Defect(
        "P23",
        Mutation(names={f"{_STORE}.opening:_checked": _begun_anew(_CHECKED)}),
        way=damaged(_noise),
    ),
    "an emptied store is begun anew": Defect(
        "P23",
        Mutation(names={f"{_STORE}.opening:_check_file": _begun_anew(_CHECKED_FILE)}),
        way=damaged(lambda path: os.truncate(path, 0)),
    ),
    "two may hold the writer's lock": Defect(
        "P24", Mutation(names={f"{_STORE}.file_lock:_try": _lock_is_no_lock}), way=rivalled(stolen=False)
    ),
    "a lost lock goes unnoticed": Defect(
        "P24",
        Mutation(names={f"{_STORE}.file_lock:LockedFile.holds": lambda _: True}),
        way=rivalled(stolen=True),
    ),
    "chance that no seed decides": Defect(
        "P27", Mutation(names={"controller.loop.apply:next_pass": _chance}), way=running_twice
    ),
    "there is no history": Defect("P28", Mutation(_no_line_of_history)),
    "everything is called Ready": Defect(
        "P29", Mutation(names={"controller.loop.apply:statuses": _all_is_well}), "held"
    ),
    "a callback that nobody wrote counts as declared": Defect(
        "P46", Mutation(names={f"{_CORE}.planning.plan:_callback": lambda *_: ()}), "declared later"
    ),
    "headers that nobody wrote count as declared": Defect(
        "P46",
        Mutation(names={f"{_SUBS}:_write_only_changes": lambda *_: {}, f"{_SUBS}:Unverifiable": Unchanged}),
        "declared later",
    ),
    "headers that cannot be had count as declared": Defect(
        "P46",
        Mutation(
            names={
                f"{_SUBS}:headerless": lambda *_: None,
                f"{_SUBS}:_write_only_changes": lambda *_: {},
                f"{_SUBS}:Unverifiable": Unchanged,
            }
        ),
        "no secret",
    ),
    "what Gupshup echoes is told as it is": Defect(
        "P33",
        Mutation(names={f"{_GUPSHUP}.replies:redact": lambda text, _: text}),
        disruption=Disruption((_SHOUTED,)),
    ),
    "a callback that a link could not set counts as set": Defect(
        "P46",
        Mutation(names={"controller.loop.reconcile.link:of_link_answer": _all_was_done}),
        disruption=Disruption((fault("callback-refused"),)),
    ),
    "the name that a link asks for is not kept": Defect(
        "P3", Mutation(_name_is_lost), "new phone", Disruption((fault("late", seconds=55),))
    ),
    "a server's error is a refusal": Defect(
        "P3",
        Mutation(names={f"{_GUPSHUP}.writer:link_answer": _an_error_is_a_no}),
        disruption=Disruption((fault("late", seconds=55, status=504),)),
    ),
    "a list that broke off is whole": Defect(
        "P3",
        Mutation(names={f"{_GUPSHUP}.reader:GupshupReader._pages": _what_came}),
        "many pages",
        Disruption((fault("html", "list", 2), fault("html", "list", 3))),
    ),
    "what a sweep has not reached is new at the next list": Defect(
        "P42",
        Mutation(
            names={
                f"{_CORE}.schedule.schedule:Schedule._urgency": _all_is_new,
                f"{_CORE}.schedule.workqueue:WorkQueue.add": _nothing_is_alone,
            }
        ),
        way=onboarding(more=False),
    ),
    "an event waits behind a mass of changes": Defect(
        "P42",
        Mutation(names={f"{_CORE}.schedule.workqueue:WorkQueue.add": _nothing_is_alone}),
        way=onboarding(more=True),
    ),
}
