"""`gupshupctl resolve`: the outcome of a link, given by a person, if no observation can show it."""

import asyncio

import click

from controller.core.closest import did_you_mean
from controller.doors.app import Runtime, open_writer
from controller.doors.cli.exits import OK
from controller.doors.cli.options.arguments import paths_argument, paths_or_default
from controller.doors.cli.options.connection import (
    ConnectionOptions,
    connection_options,
    lock_timeout_option,
)
from controller.doors.cli.options.mirrored import option
from controller.doors.cli.options.names import names_of
from controller.doors.cli.source.load import load
from controller.edges.gupshup import app_id
from controller.errors import Usage
from controller.loop.reconcile import resolve
from controller.model.manifest import App, Partner
from controller.model.plan import Kind


@click.command()
@click.argument("name", shell_complete=names_of(Kind.APP))
@paths_argument
@option("--adopt", metavar="ID", help="The app with this id is the one that the manifest declares.")
@option("--absent", is_flag=True, help="There is no such app. The next apply may link it.")
@lock_timeout_option
@connection_options
def command(
    *,
    name: str,
    paths: tuple[str, ...],
    adopt: str | None,
    absent: bool,
    lock_timeout: float,
    connection: ConnectionOptions,
) -> int:
    """Settle the outcome of App NAME, if a link's outcome is unknown or a bound app is gone.

    Gupshup is asked whether your answer can be true. Nothing is changed there.
    """
    if (adopt is None) == (not absent):
        raise Usage("give either --adopt ID or --absent")
    desired = load(paths_or_default(paths)).desired
    app = next((app for app in desired.apps if app.name == name.removeprefix("App/")), None)
    if app is None:
        mean = did_you_mean(name, [app.name for app in desired.apps])
        raise Usage(f"no manifest declares App/{name:.80}{mean}")
    partner = next(partner for partner in desired.partners if partner.name == app.partner)
    runtime = connection.open("resolve", desired.revision)
    asyncio.run(_resolve(runtime, partner, app, adopt, lock_timeout=lock_timeout))
    click.echo(f"App/{app.name}: " + (f"adopted {adopt}" if adopt else "absent; the next apply may link it"))
    return OK


async def _resolve(
    runtime: Runtime, partner: Partner, app: App, adopt: str | None, *, lock_timeout: float
) -> None:
    async with runtime.store, open_writer(runtime, partner, lock_timeout=lock_timeout) as account:
        if adopt is not None:
            await resolve.adopt(account, app, app_id(adopt))
        else:
            await resolve.absent(account, app)
