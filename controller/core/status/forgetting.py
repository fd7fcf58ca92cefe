"""Words by which the rows about one app are found and erased: no word of an app that stays."""

from collections.abc import Iterable
from dataclasses import dataclass

from controller.core.status.state import is_retired, is_unmanaged, state_of
from controller.model.plan import Kind
from controller.model.status import ListedApp, Status

HOW = (
    "nothing was erased. Write `state: Retired` in its manifest, or remove the manifest; let `apply` or "
    "`run` complete that, and forget it then"
)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """An app to erase from one account. *status* is None if there is none.

    *words* are its ids and phones, *kept* those of apps that stay. *refused* is why nothing may be erased, or
    "".
    """

    status: Status | None
    words: frozenset[str]
    kept: frozenset[str]
    refused: str = ""


def forgotten(name: str, phone: str | None, statuses: Iterable[Status]) -> Forgotten:
    """Return what to erase of the app *name*, and of *phone*, among *statuses*: those of one account."""
    apps = [each for each in statuses if each.item.kind is Kind.APP]
    staying = [each for each in apps if not (is_retired(each) or is_unmanaged(each))]
    status = next((each for each in apps if each.item.name == name), None)
    given = frozenset() if phone is None else frozenset({phone})
    kept = frozenset().union(*map(_words, staying))
    mine = given if status is None else given | _words(status)
    refusals = (_refusal(each, name, phone) for each in staying)
    return Forgotten(status, mine - kept, kept, next(filter(None, refusals), ""))


def _refusal(staying: Status, name: str, phone: str | None) -> str:
    how = f"is declared, and not retired yet ({state_of(staying)[0]}): {HOW}"
    if staying.item.name == name:
        return f"{staying.item} {how}"
    return f"{staying.item} has this phone. It {how}" if phone in _words(staying) else ""


def _words(status: Status) -> frozenset[str]:
    listed = status.listed.phone if isinstance(status.listed, ListedApp) else ""
    return frozenset(word for word in (status.app_id, status.phone, listed) if word)
