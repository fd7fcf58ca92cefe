"""The checks of one partner: reach, clock, sign-in, what the sign-in told, limits, and WABAs. Only reads."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from controller.core.account.facts import join_facts
from controller.core.doctor.diagnosis import CheckResult, Diagnosis, of_account, of_clock, of_ends
from controller.core.doctor.installation import of_events, of_limits, of_wabas, told_waba
from controller.doors.app import Runtime, open_reader
from controller.doors.cli.doctor.diagnoses import Diagnoses
from controller.doors.cli.exits import code_of, message_of
from controller.edges.clock import SystemClock
from controller.edges.gupshup import GupshupReader, Network, reach
from controller.edges.store import SqlStore
from controller.errors import Busy, ControllerError, Denied, Rejected, Unclear
from controller.loop.ports import Account
from controller.loop.rate_limiter import RateLimiter
from controller.model.account import AccountFacts
from controller.model.health import WabaInfo
from controller.model.manifest import AppId, Desired, Partner
from controller.model.memory import Memory

MOST_ASKED = 20
"""Apps of a partner whose WABA is read without --waba, if the store does not know it yet."""

LONGEST_WAIT = 70.0
"""Seconds that a read waits for its rate limit: a little more than the longest window."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the checks of all partners share. *all_wabas*: the WABA of every linked app is read.

    *knows_store*: the store is the one that was asked for, or a copy of it, and none that stands in for it.
    """

    store: SqlStore
    network: Network
    clock: SystemClock
    all_wabas: bool = False
    knows_store: bool = True

    @property
    def runtime(self) -> Runtime:
        return Runtime(self.store, self.clock, self.network, os.environ, "doctor", "", warn=_say_nothing)


async def check_partner(found: Diagnoses, look: Look, partner: Partner, desired: Desired) -> None:
    """Check one partner. What fails keeps no other check from being made."""
    is_reached = await _check_reach(found, look, partner)
    began = look.clock.monotonic()
    try:
        async with open_reader(look.runtime, partner) as account:
            await account.remote.search()
            taken = look.clock.monotonic() - began
            message = f"accepted as account {account.upstream}: its list was read, in {taken:.1f} s"
            found.add(Diagnosis("credentials", CheckResult.OK, message, "", partner.name))
            await _check_account(found, look, account, desired)
    except (ControllerError, OSError) as error:
        _add_failure(found, partner, error, is_reached=is_reached)
        found.extend(of_ends(partner, AccountFacts(), look.clock.now()))
        known = await look.store.statuses.upstreams()
        here = [upstream for upstream in known if upstream.startswith(f"{partner.url}#")]
        for upstream in here:
            found.extend(of_account(partner.name, (await look.store.memories.read(upstream)).account))
        await _check_store(found, look, partner, here)


def _add_failure(found: Diagnoses, partner: Partner, error: Exception, *, is_reached: bool) -> None:
    """Keep why the account was not read. It is no fault of the credentials if Gupshup does not answer."""
    if not isinstance(error, Busy | Unclear | Rejected):
        found.add_error("credentials", error, subject=partner.name)
        return
    message = "they are not refused, and could not be tried to the end"
    if is_reached:
        again = "run it again in a minute; if it lasts, ask Gupshup's support"
        wrong = Diagnosis("answers", CheckResult.WRONG, message_of(error), again, partner.name)
        found.add(wrong, code=code_of(error))
    else:
        message = f"they could not be tried: {error}"
    found.add(Diagnosis("credentials", CheckResult.UNKNOWN, message, "", partner.name))


async def _check_store(found: Diagnoses, look: Look, partner: Partner, upstreams: Sequence[str]) -> None:
    """Check what the store alone knows of the account, by each of its names: events, writers, limits."""
    if not look.knows_store:
        return
    heard = [at for each in upstreams if (at := await look.store.hints.last_heard(each)) is not None]
    found.add(of_events(partner.name, max(heard, default=None), look.clock.now()))
    if upstreams and not look.store.passing:
        holders = {upstream: await look.store.holder(upstream) for upstream in upstreams}
        words = "; ".join(f"{upstream}: {holder}" for upstream, holder in holders.items() if holder)
        found.add(Diagnosis("writer", CheckResult.OK, words or "no process writes now", "", partner.name))
    for upstream in upstreams:
        used = await look.store.calls.used(upstream)
        found.extend(of_limits(partner.name, used, partner.limits, look.clock.now()))


async def _check_reach(found: Diagnoses, look: Look, partner: Partner) -> bool:
    """Return whether Gupshup answered."""
    began = look.clock.monotonic()
    limiter = RateLimiter(look.store.calls, look.clock, account=f"{partner.url} clock")
    try:
        ahead = await reach(partner, limiter=limiter, clock=look.clock, network=look.network)
    except (ControllerError, OSError) as error:
        taken = f"{partner.url}, after {look.clock.monotonic() - began:.1f} s"
        found.add_error("reach", error, subject=partner.name, before=taken)
        return False
    message = f"{partner.url} answered in {look.clock.monotonic() - began:.1f} s"
    found.add(Diagnosis("reach", CheckResult.OK, message, "", partner.name))
    found.add(of_clock(partner.name, ahead, look.clock.now()))
    return True


async def _check_account(
    found: Diagnoses, look: Look, account: Account[GupshupReader], desired: Desired
) -> None:
    partner, upstream = account.partner, account.upstream
    memory = await look.store.memories.read(upstream)
    facts = join_facts(account.remote.account_facts, memory.account)
    found.extend(of_ends(partner, facts, look.clock.now()))
    found.extend(of_account(partner.name, facts))
    if look.knows_store:
        await _check_wabas(found, look, account, memory, desired)
    await _check_store(found, look, partner, [upstream])


async def _check_wabas(
    found: Diagnoses, look: Look, account: Account[GupshupReader], memory: Memory, desired: Desired
) -> None:
    partner = account.partner
    known = {app.phone: app for app in desired.apps if app.partner == partner.name}
    linked = {binding.app_id: known[phone] for phone, binding in memory.bindings.items() if phone in known}
    told = {app_id: told_waba(memory, app.phone, app_id) for app_id, app in linked.items()}
    await _ask_wabas(look, account, told)
    found.extend(of_wabas(partner.name, {app.name: (app, told[app_id]) for app_id, app in linked.items()}))


async def _ask_wabas(look: Look, account: Account[GupshupReader], told: dict[AppId, str | None]) -> None:
    """Read the WABAs that are not known, or all of them. One that cannot be read stays as it was."""
    unknown = [app_id for app_id, waba in sorted(told.items()) if not waba][:MOST_ASKED]
    for app_id in sorted(told) if look.all_wabas else unknown:
        with suppress(Rejected, Denied, Unclear, Busy):
            told[app_id] = (await _read(look, account, app_id)).waba_id or told[app_id] or ""


async def _read(look: Look, account: Account[GupshupReader], app_id: AppId) -> WabaInfo:
    """Read once; if the limit has no room now, wait for it once."""
    try:
        return await account.remote.waba(app_id)
    except Busy as error:
        pause = 0.0 if error.until is None else error.until - look.clock.now()
        if not 0.0 < pause < LONGEST_WAIT:
            raise
        await look.clock.sleep(pause)
        return await account.remote.waba(app_id)


def _say_nothing(_partner: str, _message: str) -> None:
    """Ignore a warning about credentials: a diagnosis says the same."""
