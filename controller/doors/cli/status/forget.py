"""`gupshupctl forget`: erase what the store holds of an app whose customer has left. Sends no call."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import click

from controller.core.status.state import is_retired, is_unmanaged, state_of
from controller.doors.app import ask_for_handover
from controller.doors.cli.exits import ERROR, OK
from controller.doors.cli.options.connection import lock_timeout_option, store_option
from controller.doors.cli.options.mirrored import option
from controller.doors.cli.options.names import names_of
from controller.doors.cli.output.forms import is_terminal
from controller.doors.stored import StoredStatus, all_statuses, named, use_store
from controller.edges.clock import SystemClock
from controller.edges.store import SqlStore
from controller.errors import ControllerError, Usage
from controller.model.plan import Kind
from controller.model.upstream import Upstream

LEAST_DIGITS = 8
"""Digits of the shortest phone number."""


@click.command()
@click.argument("name", shell_complete=names_of(Kind.APP))
@option(
    "--phone", metavar="DIGITS", help="Erase what names this phone, too: for an app that was never linked."
)
@option("--yes", is_flag=True, help="Do not ask. Needed without a terminal.")
@lock_timeout_option
@store_option
def command(*, name: str, phone: str | None, yes: bool, lock_timeout: float, store: str | None) -> int:
    """Erase what the store holds of App NAME, which is retired, or which no manifest declares any more.

    That is its phone, ids, history, statuses, and all else that names it. Nothing is sent to Gupshup. It
    cannot be undone. What remains elsewhere is listed.
    """
    if phone is not None and not (phone.isascii() and phone.isdigit() and len(phone) >= LEAST_DIGITS):
        raise Usage(f"--phone takes a whole phone number, at least {LEAST_DIGITS} digits")
    found = use_store(store, lambda opened: _found(opened, name.removeprefix("App/")))
    if not yes and not _agreed(found):
        click.echo("Cancelled; nothing was erased.", err=True)
        return ERROR
    words = frozenset({phone} if phone else ())
    use_store(store, lambda opened: _forget(opened, found, words, lock_timeout))
    return OK


async def _found(store: SqlStore, name: str) -> list[StoredStatus]:
    """Return the statuses of the app in every account. Raises ControllerError if one may not be erased."""
    known = [each for each in await all_statuses(store) if each.status.item.kind is Kind.APP]
    found = named(known, name)
    for each in found:
        if not (is_retired(each.status) or is_unmanaged(each.status)):
            raise ControllerError(
                f"App/{name} is declared and not retired ({state_of(each.status)[0]} in {each.upstream}): "
                "nothing was erased. Write `state: Retired` in its manifest, or remove the manifest; let "
                "`apply` or `run` read that, and forget it then"
            )
    return found


def _agreed(found: Sequence[StoredStatus]) -> bool:
    """Ask. Raises Usage if there is no terminal, where a person could answer."""
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        raise Usage("forget asks before it erases, and there is no terminal to answer on: use --yes")
    for each in found:
        click.echo(
            f"{each.status.item} ({each.status.app_id or 'never linked'}) in {each.upstream}: all that the "
            "store holds of it is erased, for good.",
            err=True,
        )
    click.echo("Erase it? [y/N]: ", nl=False, err=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


async def _forget(
    store: SqlStore, found: Sequence[StoredStatus], words: frozenset[str], lock_timeout: float
) -> None:
    for each in found:
        item, ids = each.status.item, {each.status.app_id} if each.status.app_id else set()
        async with _writing(store, Upstream(each.upstream), lock_timeout):
            await _found(store, item.name)  # a manifest may have come back meanwhile
            erased = await store.erasure.erase(each.upstream, item.name, words | ids)
        click.echo(f"{item}: erased {_counted(erased)} in {each.upstream}.")
    compacted = await store.erasure.compact()
    for line in _what_remains(store, found, compacted=compacted):
        click.echo(line)


@asynccontextmanager
async def _writing(store: SqlStore, upstream: Upstream, lock_timeout: float) -> AsyncIterator[None]:
    """Be the only writer within the block: a `run` hands over if there is time. Locked if none does."""
    asking = asyncio.create_task(ask_for_handover(store, upstream, lock_timeout, SystemClock()))
    try:
        async with store.writer(upstream, lock_timeout):
            asking.cancel()
            yield
    finally:
        asking.cancel()


def _counted(erased: Mapping[str, int]) -> str:
    rows = sum(erased.values())
    tables = ", ".join(f"{count} of {name}" for name, count in erased.items())
    return f"{rows} {'row' if rows == 1 else 'rows'}" + (f" ({tables})" if rows else "")


def _what_remains(store: SqlStore, found: Sequence[StoredStatus], *, compacted: bool) -> Iterator[str]:
    """Yield what a person may have to remove by hand. No line claims more than this program can know."""
    ids = ", ".join(each.status.app_id for each in found if each.status.app_id)
    place = Path(store.place)
    copies = ", ".join(sorted(each.name for each in place.parent.glob(f"{place.name}.backup-*")))
    yield "What remains elsewhere:"
    if not all(is_unmanaged(each.status) for each in found):
        yield "- its manifest: while it is there, the next `apply` or `run` records the app again"
    if ids:
        yield f"- the app at Gupshup ({ids}), with the webhooks on it: ask Gupshup's support"
    yield "- the WhatsApp Business Account and its number, at Meta"
    yield "- earlier versions of the manifest in git; plans and comments in CI"
    yield "- logs, metrics and notifications"
    yield "- backups of the store" + (f", such as {copies}" if copies else "")
    if not compacted:
        yield "- the bytes of deleted rows in the database and its log, until its next VACUUM and checkpoint"
