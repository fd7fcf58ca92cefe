"""Diagnoses of what is on our side: limits that are left, the store, callbacks, WABAs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from controller.core.doctor.diagnosis import CheckResult, Diagnosis
from controller.core.host import host_of, is_allowed
from controller.core.ratelimit import in_window, window
from controller.core.timestamp import age, timestamp
from controller.model.manifest import LIMITS, App, AppId, Bucket, Desired, Limit
from controller.model.memory import Memory, StoreFacts
from controller.model.ratelimit import UsedBudget

MOST_NAMED = 5
"""Resources that a message names; of more, it shows how many."""

_MEBIBYTE = 1024 * 1024

_Budgets: TypeAlias = tuple[Bucket, bool]
"""The budget of a partner in one bucket, or those of its apps."""


def of_limits(
    partner: str, used: Mapping[str, UsedBudget], limits: Mapping[Bucket, Limit], now: float
) -> Iterator[Diagnosis]:
    """Yield one diagnosis of all budgets, and one for each bucket that rests after a 429.

    Of the budgets of apps only the smallest in each bucket is shown: there may be thousands.
    """
    left: dict[_Budgets, list[int]] = {}
    rests: dict[_Budgets, list[float]] = {}
    for key, budget in sorted(used.items()):
        bucket, of_app, _ = key.partition(":")
        budgets = (Bucket(bucket), bool(of_app))
        limit = limits.get(budgets[0], LIMITS[budgets[0]])
        if budget.rest_until > now:
            rests.setdefault(budgets, []).append(budget.rest_until)
        elif count := in_window(budget.spans, now, limit):
            left.setdefault(budgets, []).append(max(limit.calls - count, 0))
    for budgets, ends in rests.items():
        name = _named_budgets(budgets, ends)
        message = f"{name} rests until {timestamp(max(ends))}, because Gupshup answered 429"
        remedy = "wait; if it happens again, another program uses the same account"
        yield Diagnosis("limits", CheckResult.WRONG, message, remedy, partner)
    words = [_left(budgets, calls, limits) for budgets, calls in left.items()]
    others = "all of the others" if words or rests else "all calls"
    yield Diagnosis("limits", CheckResult.OK, f"left: {'; '.join([*words, others])}", "", partner)


def _left(budgets: _Budgets, calls: Sequence[int], limits: Mapping[Bucket, Limit]) -> str:
    limit = limits.get(budgets[0], LIMITS[budgets[0]])
    least = "at least " if len(calls) > 1 else ""
    return f"{_named_budgets(budgets, calls)} {least}{min(calls)} of {limit.calls} in {window(limit):g} s"


def _named_budgets(budgets: _Budgets, found: Sequence[float]) -> str:
    bucket, of_app = budgets
    apps = "an app" if len(found) == 1 else f"{len(found)} apps"
    return f"{bucket} of {apps}" if of_app else bucket


def of_events(partner: str, last: float | None, now: float) -> Diagnosis:
    """Show when the last event about an app came to a `run`, None for never. Then it polls only."""
    if last is not None:
        message = f"the last one about an app came {age(now - last)} ago, at {timestamp(last)}"
        return Diagnosis("events", CheckResult.OK, message, "", partner)
    message = "none about an app ever came to a `run` with this store, so it only polls"
    remedy = "docs/http.md#set-it-up shows how Gupshup posts them to the hook of `run`"
    return Diagnosis("events", CheckResult.UNKNOWN, message, remedy, partner)


def of_store(facts: StoreFacts) -> Iterator[Diagnosis]:
    """Yield whether there is a store, of which version, and whether it can be written."""
    if not facts.version:
        yield Diagnosis(
            "store", CheckResult.OK, f"none at {facts.place} yet: the first `apply` or `run` makes it"
        )
    elif facts.is_current:
        size = "" if facts.size is None else f", {facts.size / _MEBIBYTE:.1f} MiB"
        yield Diagnosis("store", CheckResult.OK, f"{facts.place}, version {facts.version}{size}")
    else:
        message = (
            f"{facts.place} has version {facts.version}; the next verb that uses it makes it {facts.newest}"
        )
        yield Diagnosis("store", CheckResult.OK, f"{message}, after a copy of the file")
    if not facts.writable:
        message = f"{facts.place} cannot be written by this user"
        yield Diagnosis(
            "store", CheckResult.WRONG, message, "check the owner and mode of the file and its folder"
        )


def of_callbacks(desired: Desired) -> Iterator[Diagnosis]:
    """Yield whether the callback URLs lead to hosts that their partner allows, for each that lists hosts."""
    for partner in desired.partners:
        hosts = partner.webhooks.allowed_hosts
        apps = [app for app in desired.apps if app.partner == partner.name and app.callback_url]
        if hosts is None or not apps:
            continue
        wrong = [app.name for app in apps if not is_allowed(host_of(app.callback_url or ""), hosts)]
        if wrong:
            message = f"callbackUrl of {_named(wrong)} is on a host that webhooks.allowedHosts lacks"
            remedy = "correct the URL, or allow its host"
            yield Diagnosis("callbacks", CheckResult.WRONG, message, remedy, partner.name)
        else:
            message = f"{len(apps)} callback URL{'s' if len(apps) > 1 else ''} on allowed hosts"
            yield Diagnosis("callbacks", CheckResult.OK, message, "", partner.name)


def of_wabas(partner: str, apps: Mapping[str, tuple[App, str | None]]) -> Iterator[Diagnosis]:
    """Judge the WABA of each app, by name: as it is declared, and as Gupshup told it.

    "" is an answer without one, None that there was no answer.
    """
    wrong = sorted(name for name, (app, told) in apps.items() if told and told != app.waba_id)
    untold = sum(not told for _, told in apps.values())
    if wrong:
        message = f"{_named(wrong)}: Gupshup has another WABA than the manifest"
        remedy = "`gupshupctl show App/NAME` shows both; correct wabaId, or ask Gupshup"
        yield Diagnosis("waba", CheckResult.WRONG, message, remedy, partner)
    if untold:
        message = f"{untold} of {len(apps)} linked apps: Gupshup told no WABA"
        remedy = "`gupshupctl doctor --waba` asks for each, by one call"
        yield Diagnosis("waba", CheckResult.UNKNOWN, message, remedy, partner)
    same = len(apps) - len(wrong) - untold
    if same or not apps:
        have = "app has" if same == 1 else "apps have"
        message = f"{same} linked {have} the WABA of the manifest"
        yield Diagnosis("waba", CheckResult.OK, message, "", partner)


def told_waba(memory: Memory, phone: str, app_id: AppId) -> str | None:
    """Return the WABA that Gupshup told last of a linked app, as `of_wabas` takes it."""
    health, binding = memory.health.get(app_id), memory.bindings[phone]
    return (health.info.waba_id if health is not None else "") or binding.waba


def _named(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if names[MOST_NAMED:] else ""
    return ", ".join(f"App/{name}" for name in names[:MOST_NAMED]) + more
