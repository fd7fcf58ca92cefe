"""Tables of text: the status of the declared resources, one line each."""

from collections.abc import Iterable, Sequence

from controller.core.status.partner_status import ENDING, LINKS_ALLOWED
from controller.core.timestamp import timestamp
from controller.model.plan import Kind
from controller.model.status import Status, Truth
from controller.model.text import escape

HEAD = ("NAME", "PARTNER", "APP ID", "LIVE", "SUBSCRIBED", "SENDABLE", "READY", "REASON")
PARTNER_HEAD = ("NAME", "LINKS", "CREDENTIALS END", "ENDING", "REASON")
_WIDE = frozenset({"APP ID", "SENDABLE"})
STATE_HEAD = ("SYNCED", "READY", "REASON")
SUBSCRIPTION_HEAD = ("NAME", "APP", "PARTNER", *STATE_HEAD)


def status_table(statuses: Iterable[Status], *, ids: bool = True) -> str:
    """Return one line per app: its id, its progress, whether it can send, and the reason if it is not ready.

    Without *ids*, and whether it can send, most lines fit into eighty columns.
    """
    rows = [app_cells(status) for status in statuses if status.item.kind is Kind.APP]
    if not rows:
        return "no apps"
    return table(HEAD, rows) if ids else table(_without_id(HEAD), [_without_id(row) for row in rows])


def _without_id(row: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(cell for name, cell in zip(HEAD, row, strict=True) if name not in _WIDE)


def subscription_table(statuses: Iterable[Status]) -> str:
    rows = [subscription_cells(status) for status in statuses if status.item.kind is Kind.SUBSCRIPTION]
    return table(SUBSCRIPTION_HEAD, rows) if rows else "no subscriptions"


def partner_table(statuses: Iterable[Status]) -> str:
    """Return one line per partner: whether it may link apps, when its credentials end, and what is wrong."""
    rows = [partner_cells(status) for status in statuses if status.item.kind is Kind.PARTNER]
    return table(PARTNER_HEAD, rows) if rows else "no partners"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return aligned columns, two spaces apart. Characters that could steer a terminal are escaped."""
    cells = [tuple(head), *(tuple(escape(cell) for cell in row) for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(line.rstrip() for line in lines)


def app_cells(status: Status) -> tuple[str, ...]:
    live = status.condition("Live")
    stage = f" ({status.stage})" if status.stage and live and live.status is not Truth.TRUE else ""
    truths = (truth_word(status, "Sendable"), truth_word(status, "Ready"))
    words = (truth_word(status, "Live") + stage, _subscribed(status), *truths)
    return (status.item.name, status.item.partner, status.app_id or "-", *words, _reason(status))


def subscription_cells(status: Status) -> tuple[str, ...]:
    words = (truth_word(status, "Synced"), truth_word(status, "Ready"), _reason(status))
    return (status.item.name, status.item.app, status.item.partner, *words)


def partner_cells(status: Status) -> tuple[str, ...]:
    ends = "; ".join(f"{end.kind} {timestamp(end.at)}" for end in status.ends) or "-"
    reasons = ", ".join(each.reason for each in status.conditions if each.is_wrong)
    return (status.item.name, truth_word(status, LINKS_ALLOWED), ends, truth_word(status, ENDING), reasons)


def _subscribed(status: Status) -> str:
    condition = status.condition("Subscribed")
    is_undeclared = condition is not None and condition.reason == "NothingDeclared"
    return "-" if is_undeclared else truth_word(status, "Subscribed")


def truth_word(status: Status, type_: str) -> str:
    condition = status.condition(type_)
    return "-" if condition is None else str(condition.status)


def _reason(status: Status) -> str:
    ready = status.condition("Ready")
    return "" if ready is None or ready.status is Truth.TRUE else ready.reason
