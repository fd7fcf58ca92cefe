"""`gupshupctl resolve`: a person settles what no look can: an app that is theirs, or that is gone."""

import asyncio
from typing import TYPE_CHECKING

import click

from controller.doors.cli.options import chosen, option, paths
from controller.doors.cli.reach import Duration, Reach, reaches
from controller.errors import Usage

if TYPE_CHECKING:
    from controller.doors.app import Runtime
    from controller.model.manifest import App, Partner


@click.command()
@click.argument("name")
@paths
@option("--adopt", metavar="ID", help="The app with this id is the one that the manifest declares.")
@option("--absent", is_flag=True, help="There is no such app: the next apply may link it.")
@option("--lock-timeout", type=Duration(), default="0", show_default=True, help="Wait for another writer.")
@reaches
def command(
    *, name: str, paths: tuple[str, ...], adopt: str | None, absent: bool, lock_timeout: float, reach: Reach
) -> int:
    """Settle what became of App NAME, where a link's outcome is unknown or a bound app is gone.

    Gupshup is asked whether that can be true; nothing is changed there.
    """
    from controller.doors.cli.load import load  # noqa: PLC0415  (what is heavy waits for its verb)

    if (adopt is None) == (not absent):
        raise Usage("say either --adopt ID or --absent")
    desired = load(chosen(paths)).desired
    app = next((app for app in desired.apps if app.name == name.removeprefix("App/")), None)
    if app is None:
        raise Usage(f"no manifest declares App/{name:.80}")
    partner = next(partner for partner in desired.partners if partner.name == app.partner)
    house = reach.open("resolve", desired.revision)
    asyncio.run(_resolve(house, partner, app, adopt, lock_timeout=lock_timeout))
    click.echo(f"App/{app.name}: " + (f"adopted {adopt}" if adopt else "absent; the next apply may link it"))
    return 0


async def _resolve(
    house: "Runtime", partner: "Partner", app: "App", adopt: str | None, *, lock_timeout: float
) -> None:
    from controller.doors.app import open_writer  # noqa: PLC0415  (what is heavy waits for its verb)
    from controller.edges.gupshup import app_id  # noqa: PLC0415  (likewise)
    from controller.loop.reconcile import resolve  # noqa: PLC0415  (likewise)

    async with house.store, open_writer(house, partner, lock_timeout=lock_timeout) as account:
        if adopt is not None:
            await resolve.adopt(account, app, app_id(adopt))
        else:
            await resolve.absent(account, app)
