"""`gupshupctl support-bundle`: all that the store knows of one app, in a file for Gupshup's support."""

import io
import json
import os
import platform
from contextlib import suppress
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import click

from controller import __version__
from controller.core.render.support_bundle import README, SupportCase, support_document, support_report
from controller.core.status.partner_status import partner_item
from controller.doors.cli.exits import OK
from controller.doors.cli.options.connection import store_option
from controller.doors.cli.options.mirrored import option
from controller.doors.cli.options.names import names_of
from controller.doors.stored import StoredStatus, all_statuses, use_store
from controller.edges.clock import SystemClock
from controller.edges.store import SqlStore
from controller.errors import ControllerError, Usage
from controller.model.plan import Kind

_STDOUT = "-"
_MOST_WRITES = 1000
_MOST_NAMES = 20


@click.command()
@click.argument("name", shell_complete=names_of(Kind.APP))
@option(
    "--out",
    metavar="FILE",
    help="The file to write; - is stdout. By default support-NAME.zip. Never over a file.",
)
@option("--upstream", metavar="URL#ID", help="The account, if the store knows the app in several.")
@store_option
def command(name: str, out: str | None, upstream: str | None, store: str | None) -> int:
    """Write all that the store knows of App NAME into a zip, to send to Gupshup's support. Sends no call.

    It holds ids, stage, conditions, writes with Gupshup's answers, calls, limits and versions. Phone numbers
    are masked, and there are no secrets. Exit 1 if there is no such app, or FILE exists.
    """
    case = use_store(store, lambda opened: _case(opened, name.removeprefix("App/"), upstream))
    now = SystemClock().now()
    document = support_document(case, now, _versions())
    files = {
        "README.md": README,
        "report.md": support_report(document),
        "bundle.json": f"{json.dumps(document, indent=2, ensure_ascii=False)}\n",
    }
    place = out or f"support-{_name_in(document)}.zip"
    _write(place, _zipped(files, now))
    if place != _STDOUT:
        click.echo(f"Written to {place}: read it before you send it (README.md in it says what is there).")
    return OK


def _name_in(document: dict[str, object]) -> str:
    """Return the app's name for the name of a file, which is sent, too: a phone in it is masked by x."""
    app = document["app"]
    return str(app["name"]).replace("*", "x") if isinstance(app, dict) else ""


async def _case(store: SqlStore, name: str, upstream: str | None) -> SupportCase:
    statuses = await all_statuses(store)
    chosen = _chosen([each for each in statuses if each.status.item.kind is Kind.APP], name, upstream)
    where, item, app_id = chosen.upstream, chosen.status.item, chosen.status.app_id
    partners = [each for each in statuses if each.status.item == partner_item(item.partner)]
    ids = {} if app_id is None else {where: app_id}
    history = await store.history.read(where, app=name, ids=ids, limit=_MOST_WRITES)
    return SupportCase(
        where,
        chosen.status,
        next((each.status for each in partners if each.upstream == where), None),
        [each.status for each in statuses if chosen.owns(each)],
        await store.memories.read(where),
        [entry for _, entry in history],
        () if app_id is None else await store.calls.of_app(where, app_id),
        await store.calls.resting(where),
    )


def _chosen(apps: list[StoredStatus], name: str, upstream: str | None) -> StoredStatus:
    """Return the one app of that name. ControllerError if there is none, Usage if there are several."""
    found = [app for app in apps if app.status.item.name == name and upstream in {None, app.upstream}]
    if not found:
        raise ControllerError(f"the store has no App {name!r:.80}; {_known(apps, name)}")
    if len(found) > 1:
        places = ", ".join(app.upstream for app in found)
        raise Usage(f"App {name!r:.80} is known in several accounts; give --upstream with one of: {places}")
    return found[0]


def _known(apps: list[StoredStatus], name: str) -> str:
    names = sorted({app.status.item.name for app in apps})
    near = get_close_matches(name, names, n=_MOST_NAMES) or names[:_MOST_NAMES]
    more = f" and {len(names) - len(near)} more (`gupshupctl get`)" if len(names) > len(near) else ""
    return f"it has {', '.join(near)}{more}" if near else "it has no app: `gupshupctl apply` adds them"


def _versions() -> dict[str, str]:
    system = f"{platform.system()} {platform.machine()}"
    return {"gupshupctl": __version__, "python": platform.python_version(), "system": system}


def _zipped(files: dict[str, str], now: float) -> bytes:
    moment = datetime.fromtimestamp(now, UTC).timetuple()[:6]
    stream = io.BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(ZipInfo(name, moment), text.encode(), ZIP_DEFLATED)
    return stream.getvalue()


def _write(place: str, data: bytes) -> None:
    """Write a new file, for its owner to read, whole or not at all; or stdout."""
    if place == _STDOUT:
        with open(1, "wb", closefd=False) as stdout:
            stdout.write(data)
        return
    path = Path(place)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise ControllerError(f"{path} exists, and is never written over: give another --out") from None
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
    except BaseException as error:  # also of a signal: half a file is none
        with suppress(OSError):
            path.unlink()
        if isinstance(error, OSError):
            raise ControllerError(f"cannot write {path}: {error.strerror}; it is removed") from error
        raise
