"""Support bundle of one app: what Gupshup's support needs, as a document and as a report, without phones."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from controller.core.host import host_of
from controller.core.render.history import event
from controller.core.render.statuses import condition_row, fields
from controller.core.render.tables import table
from controller.core.timestamp import timestamp
from controller.model.history import WriteRecord
from controller.model.manifest import LIMITS
from controller.model.memory import Binding, Memory
from controller.model.phone import masked
from controller.model.ratelimit import LoggedCall
from controller.model.status import ListedApp, Status

README = """# Support bundle

Made by `gupshupctl support-bundle` from the store alone: no call was sent for it. It shows one app as it was
last observed, for a question to Gupshup's support.

| file | what it is |
|---|---|
| `report.md` | the same as `bundle.json`, for people |
| `bundle.json` | ids, stage, conditions, subscriptions, writes with their answers, calls, limits, versions |

Phone numbers are masked: the first two and the last four digits are left. There are no credentials, no
tokens, no header values, no callback URLs, of other URLs the host only, and no names of the people who made
a change. Still, read it before you send it: Gupshup's answers, the names of apps, and the verified name of
the business are in.

`calls` are those of the last minutes in which the store was used: longer, the log is not kept. Each is listed
under its rate limit. Calls for the whole partner account are listed, too. Ids of the app's own subscriptions
are not kept in the store: Gupshup finds them by the app's id and their tags, which are their names here.

All times are UTC, by the clock of the machine that wrote them.
"""

_EXEMPT = frozenset({"appId", "wabaId", "phoneNumberId", "id", "partnerId", "revision", "observedRevision"})
"""Keys whose values are ids and never a phone number."""

_IDS = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{40,}|\bWABA \d+(?:, not \d+)?"
"""Ids that are as long as a phone number, or have a part that is."""

_PHONES = (r"(?<=\+)\d(?:[ ().-]{0,2}\d){7,14}(?!\d)", r"(?<!\d)\d{8,15}(?!\d)")
"""Phone numbers of anybody: as people write them, and any digits that are as many."""

_GAP = r"[ ().-]{0,2}"
_LOCAL = 8

_URL = re.compile(
    r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)(?:[^\s/?#]*@)?(?P<host>[^\s/?#@\"')]+)(?P<rest>[/?#][^\s\"')]*)?",
    re.IGNORECASE,
)
"""A URL. Only its host is sure to be no secret."""


@dataclass(frozen=True, slots=True)
class SupportCase:
    """All that is known of one app. *partner* is the status of its partner, None if there is none.

    *history* and *calls* are the newest, newest first. *rests* are the ends of rests after a 429, by budget.
    """

    upstream: str
    status: Status
    partner: Status | None
    subscriptions: Sequence[Status]
    memory: Memory
    history: Sequence[WriteRecord]
    calls: Sequence[LoggedCall]
    rests: Mapping[str, float]


def support_document(case: SupportCase, made_at: float, versions: Mapping[str, str]) -> dict[str, object]:
    """Return the document of `bundle.json`, with every phone number masked."""
    binding = _binding(case)
    document = {
        "formatVersion": "1.0",
        "madeAt": timestamp(made_at),
        "versions": dict(versions),
        "gupshup": _gupshup(case.upstream),
        "app": {**fields(case.status), **_bound(case.status, binding)},
        "subscriptions": [fields(each) for each in case.subscriptions],
        "partnerConditions": [condition_row(each) for each in case.partner.conditions]
        if case.partner
        else [],
        "refusals": list(_refusals(case, binding)),
        "writes": [_write(case.upstream, entry) for entry in case.history],
        "calls": [_call(each) for each in case.calls],
        "limits": _limits(case.rests),
    }
    number = _number_of(case, binding)
    return {name: _masked(value, name, number) for name, value in document.items()}


def support_report(document: Mapping[str, object]) -> str:
    """Return the document as Markdown. All values stand in code blocks, so none of them can be markup."""
    app = _mapping(document["app"])
    title = f"# Support report of {document['madeAt']}"
    facts = {name: value for name, value in app.items() if isinstance(value, str | None)}
    plain = {**_mapping(document["gupshup"]), **facts, **_mapping(document["versions"])}
    sections = (
        ("The app", table(("FACT", "VALUE"), [(name, str(value or "-")) for name, value in plain.items()])),
        ("Health", _rows([_mapping(app["health"])] if app.get("health") else [])),
        ("Conditions", _rows(app["conditions"])),
        ("Webhooks that nobody declares", _rows(app.get("foreign", []))),
        ("Subscriptions", _rows(_conditions_of(document["subscriptions"]))),
        ("Conditions of the partner", _rows(document["partnerConditions"])),
        ("Refusals", _rows(document["refusals"])),
        ("Writes, newest first", _rows(document["writes"])),
        ("Calls of the last minutes, newest first", _rows(document["calls"])),
        ("Limits", _rows(document["limits"])),
    )
    return title + "\n" + "".join(f"\n## {name}\n\n{_block(text)}\n" for name, text in sections)


def _binding(case: SupportCase) -> Binding | None:
    found = (each for each in case.memory.bindings.values() if each.app_id == case.status.app_id)
    return next(found, None)


def _bound(status: Status, binding: Binding | None) -> dict[str, object]:
    health = status.health.info.waba_id if status.health is not None else ""
    waba = health or (binding.waba if binding is not None else None)
    phone = None if binding is None else masked(binding.phone)
    missing = None if binding is None or binding.missing_since is None else timestamp(binding.missing_since)
    return {"wabaId": waba or None, "phone": phone, "missingSince": missing}


def _gupshup(upstream: str) -> dict[str, object]:
    url, _, partner = upstream.rpartition("#")
    return {"url": url, "host": host_of(url), "partnerId": partner}


def _refusals(case: SupportCase, binding: Binding | None) -> Iterator[dict[str, object]]:
    """Yield what Gupshup refused of this app. The keys hold the app's id, or its phone for a link."""
    ids = {case.status.app_id, None if binding is None else binding.phone} - {None}
    for key, refusal in sorted(case.memory.refusals.items()):
        if not ids.isdisjoint(key.split(":")):
            yield {
                "key": key,
                "reason": refusal.reason,
                "message": refusal.message,
                "at": timestamp(refusal.at),
                "tries": refusal.tries,
                "retryAt": None if refusal.retry_at is None else timestamp(refusal.retry_at),
            }


def _write(upstream: str, entry: WriteRecord) -> dict[str, object]:
    return {name: value for name, value in event(upstream, entry).items() if name not in {"who", "upstream"}}


def _call(call: LoggedCall) -> dict[str, object]:
    ended = None if call.ended is None else timestamp(call.ended)
    return {
        "at": timestamp(call.at),
        "endedAt": ended,
        "route": call.route,
        "limit": call.budget.partition(":")[0],
        "perApp": ":" in call.budget,
        "status": call.status,
    }


def _limits(rests: Mapping[str, float]) -> list[dict[str, object]]:
    by_name = {budget.partition(":")[0]: timestamp(until) for budget, until in rests.items()}
    return [
        {
            "limit": bucket.value,
            "published": f"{limit.calls}/{limit.seconds:g}s",
            "restsUntil": by_name.get(bucket.value),
        }
        for bucket, limit in LIMITS.items()
    ]


def _number_of(case: SupportCase, binding: Binding | None) -> re.Pattern[str]:
    """Return what finds phone numbers, as the group *phone*, and ids before them.

    The phone of the app is found wherever its digits stand, in any groups, also without its country code.
    """
    listed = case.status.listed
    own = {"" if binding is None else binding.phone, listed.phone if isinstance(listed, ListedApp) else ""}
    wholes = [_GAP.join(phone) for phone in sorted(own - {""})]
    locals_ = [
        rf"(?<!\d)(?:\d{_GAP}){{0,7}}{_GAP.join(phone[-_LOCAL:])}(?!\d)" for phone in sorted(own - {""})
    ]
    return re.compile(f"{_IDS}|(?P<phone>{'|'.join((*wholes, *locals_, *_PHONES))})")


def _masked(value: object, key: str, number: re.Pattern[str]) -> object:
    match value:
        case dict():
            return {name: _masked(each, name, number) for name, each in value.items()}
        case list():
            return [_masked(each, key, number) for each in value]
        case str() if key not in _EXEMPT:
            return _safe(value, number)
        case _:
            return value


def _safe(text: str, number: re.Pattern[str]) -> str:
    """Return *text* with phone numbers masked, and of a URL only its host."""
    hosts_only = _URL.sub(lambda url: f"{url['scheme']}{url['host']}{'/…' if url['rest'] else ''}", text)
    return number.sub(lambda found: _shortened(found["phone"]) or found[0], hosts_only)


def _shortened(phone: str | None) -> str:
    return masked(re.sub(r"\D", "", phone)) if phone else ""


def _conditions_of(statuses: object) -> Iterator[dict[str, object]]:
    for status in _mappings(statuses):
        for condition in _mappings(status["conditions"]):
            yield {"subscription": status["name"], **condition}


def _rows(rows: object) -> str:
    """Return a table of documents that all have the same keys."""
    found = list(_mappings(rows))
    if not found:
        return "none"
    return table(
        [name.upper() for name in found[0]], [[_cell(each) for each in row.values()] for row in found]
    )


def _cell(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "-" if value is None else str(value)


def _block(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _mappings(values: object) -> Iterator[Mapping[str, object]]:
    yield from (_mapping(each) for each in values) if isinstance(values, Iterable) else ()
