"""`gupshupctl forget`: erase what the store holds of an app whose customer has left. Sends no call."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import click

from controller.core.closest import did_you_mean
from controller.core.render.statuses import read_documents
from controller.core.status.forgetting import Forgotten, forgotten
from controller.core.status.state import is_unmanaged
from controller.doors.app import ask_for_handover
from controller.doors.cli.exits import ERROR, OK
from controller.doors.cli.options.connection import lock_timeout_option, store_option
from controller.doors.cli.options.mirrored import option
from controller.doors.cli.options.names import names_of
from controller.doors.cli.output.forms import is_terminal
from controller.doors.stored import all_statuses, use_store
from controller.edges.clock import SystemClock
from controller.edges.store import SqlStore
from controller.errors import ControllerError, Usage
from controller.model.plan import Kind
from controller.model.upstream import Upstream

LEAST_DIGITS = 8
"""Digits of the shortest phone number."""

INTENTS = "intents"
"""The table of links whose outcome is not known."""


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
    app = name.removeprefix("App/")
    accounts = use_store(store, lambda opened: _accounts(opened, app, phone))
    if not yes and not _agreed(app, accounts):
        click.echo("Cancelled; nothing was erased.", err=True)
        return ERROR
    use_store(store, lambda opened: _forget(opened, app, phone, lock_timeout))
    return OK


async def _accounts(store: SqlStore, name: str, phone: str | None) -> dict[str, Forgotten]:
    """Return the app by account: in those with a status of it, else in all.

    Raises ControllerError if it is declared and not retired, unless another account has it, too.
    """
    found = {each: await _of_account(store, each, name, phone) for each in await store.statuses.upstreams()}
    having = {upstream: each for upstream, each in found.items() if each.status is not None}
    refused = {upstream: each.refused for upstream, each in (having or found).items() if each.refused}
    for upstream, why in refused.items():
        if refused.keys() == having.keys() or not having:
            raise ControllerError(f"{upstream}: {why}")
    return having or found


async def _of_account(store: SqlStore, upstream: str, name: str, phone: str | None) -> Forgotten:
    return forgotten(name, phone, read_documents(await store.statuses.read(upstream)))


def _agreed(name: str, accounts: Mapping[str, Forgotten]) -> bool:
    """Ask. Raises Usage if there is no terminal, where a person could answer."""
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        raise Usage("forget asks before it erases, and there is no terminal to answer on: use --yes")
    for upstream, each in accounts.items():
        if each.refused:
            continue
        known = "no status" if each.status is None else each.status.app_id or "never linked"
        click.echo(
            f"App/{name} ({known}) in {upstream}: all that the store holds of it is erased, for good.",
            err=True,
        )
    click.echo("Erase it? [y/N]: ", nl=False, err=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


async def _forget(store: SqlStore, name: str, phone: str | None, lock_timeout: float) -> None:
    """Erase, account by account, and then the bytes: also those that a run left that was killed before."""
    apps: dict[str, Forgotten] = {}
    erased: Counter[str] = Counter()
    for upstream, found in (await _accounts(store, name, phone)).items():
        apps[upstream] = found
        if not found.refused:
            apps[upstream], rows = await _erase(store, upstream, name, phone, lock_timeout)
            erased.update(rows)
    bytes_left = await store.erasure.compact()
    if not erased:
        known = {each.status.item.app for each in await all_statuses(store)} - {""}
        mean = did_you_mean(name, known)
        left = f"\nbytes of rows that were deleted before may be in {bytes_left}" if bytes_left else ""
        raise ControllerError(
            f"the store holds nothing that names App/{name}: nothing was erased{mean}{left}"
        )
    for line in _what_remains(store, name, apps, erased, bytes_left):
        click.echo(line)


async def _erase(
    store: SqlStore, upstream: str, name: str, phone: str | None, lock_timeout: float
) -> tuple[Forgotten, Mapping[str, int]]:
    async with _writing(store, Upstream(upstream), lock_timeout):
        app = await _of_account(store, upstream, name, phone)  # a manifest may have come back meanwhile
        if app.refused:
            raise ControllerError(f"{upstream}: {app.refused}")
        rows = await store.erasure.erase(upstream, name, app.words, app.kept)
    if rows:
        click.echo(f"App/{name}: erased {_counted(rows)} in {upstream}.")
    return app, rows


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


def _what_remains(
    store: SqlStore, name: str, apps: Mapping[str, Forgotten], erased: Mapping[str, int], bytes_left: str
) -> Iterator[str]:
    """Yield what a person may have to remove by hand. No line claims more than this program can know."""
    gone = [each for each in apps.values() if not each.refused]
    statuses = [each.status for each in gone if each.status is not None]
    ids = ", ".join(each.app_id for each in statuses if each.app_id)
    place = Path(store.place)
    copies = ", ".join(sorted(each.name for each in place.parent.glob(f"{place.name}.backup-*")))
    yield "What remains elsewhere:"
    if not all(is_unmanaged(each) for each in statuses):
        yield "- its manifest: while it is there, the next `apply` or `run` records the app again"
    for upstream in (upstream for upstream, each in apps.items() if each.refused):
        yield f"- App/{name} in {upstream}, where it is declared, and not retired yet"
    if not all(each.words for each in gone):
        yield "- rows with its phone alone, if it was tried to link: `--phone DIGITS` erases them, too"
    if erased.get(INTENTS):
        yield "- perhaps an app at Gupshup: a link was sent, and its outcome is not known"
    if ids:
        yield f"- the app at Gupshup ({ids}), with the webhooks on it: ask Gupshup's support"
    yield "- the WhatsApp Business Account and its number, at Meta"
    yield "- earlier versions of the manifest in git and its clones; plans and comments in CI"
    yield "- files that other verbs wrote: saved plans, reports, what `import` wrote, support bundles"
    yield "- logs, metrics and notifications"
    yield "- backups and copies of the store" + (f", such as {copies}" if copies else "")
    if bytes_left:
        yield f"- bytes of the deleted rows may be in {bytes_left}"
