"""Row of the status page: the state of one app, in the words of kstatus, and for how long."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from controller.core.health.sending import Sending, sending
from controller.core.render.foreign import foreign_words
from controller.core.status.state import HELD, ResourceState, state_of
from controller.core.timestamp import age, timestamp
from controller.model.account import CredentialEnd
from controller.model.status import Status

STATES = tuple(map(str, ResourceState))
"""The states, with the most urgent one first."""

SENDINGS = tuple(map(str, Sending))
"""Whether an app can send, with the worst state first."""


@dataclass(frozen=True, slots=True)
class AppRow:
    """One app. *age* is the time since *state* began, *seen* the time since the last observation.

    *foreign* are webhooks that nobody declares, in words. *alarming*: one of them is not allowed. *sending*
    is one of SENDINGS, *quality* Gupshup's word; both are "" if Gupshup was not asked.
    """

    name: str
    partner: str
    upstream: str
    app_id: str
    state: str
    stage: str
    reason: str
    message: str
    age: str
    seen: str
    foreign: tuple[str, ...] = ()
    alarming: bool = False
    sending: str = ""
    quality: str = ""


def row(status: Status, upstream: str, now: float) -> AppRow:
    state, why = state_of(status)
    return AppRow(
        name=status.item.name,
        partner=status.item.partner,
        upstream=upstream,
        app_id=status.app_id or "",
        state=str(state),
        stage=status.stage,
        reason=why.reason if why else "",
        message=why.message if why else "",
        age=age(now - why.since) if why else "",
        seen=age(now - status.at),
        foreign=tuple(f"foreign webhook {each.item.name} {foreign_words(each)}" for each in status.foreign),
        alarming=any(not each.allowed for each in status.foreign),
        sending=str(sending(status.health.info)) if status.health else "",
        quality=status.health.info.quality if status.health else "",
    )


def chosen(rows: Iterable[AppRow], text: str, state: str, can_send: str = "") -> list[AppRow]:
    """Return the rows that contain *text*, only those in *state* if one is named; the worst come first.

    *can_send* is one of SENDINGS, "" for all.
    """
    wanted = text.casefold()
    in_state = (
        each
        for each in rows
        if (not state or each.state == state) and (not can_send or each.sending == can_send)
    )
    matching = [each for each in in_state if wanted in _search_text(each)]
    return sorted(matching, key=lambda each: (STATES.index(each.state), each.name, each.upstream))


def partner_cells(ends: Sequence[CredentialEnd], status: Status | None) -> dict[str, object]:
    """Return when a partner's credentials end, and what a person has to know of its account.

    What a guard holds is shown apart, with what releases it.
    """
    conditions = () if status is None else status.conditions
    return {
        "ends": [f"{end.kind} {timestamp(end.at)}{', renewed' if end.renewed else ''}" for end in ends],
        "alarms": [
            f"{each.reason}: {each.message}" for each in conditions if each.is_wrong and each.reason != HELD
        ],
    }


def _search_text(of: AppRow) -> str:
    words = (of.name, of.partner, of.app_id, of.stage, of.reason, of.message, of.quality, *of.foreign)
    return "\n".join(words).casefold()
