"""A look at Gupshup for `new app --check-live`: what a link would meet there. Its client cannot write."""

import asyncio
from collections.abc import Iterable

import click

from controller.core.planning.matched_app import app_item
from controller.core.writing.whole import NewManifests
from controller.doors.cli.manifests.new.writing import Look
from controller.doors.cli.options.connection import ConnectionOptions
from controller.doors.cli.partners import Selection
from controller.doors.cli.plan import plan_all
from controller.doors.cli.source.changed import SourceChange
from controller.doors.cli.source.load import Loaded
from controller.model.manifest import App
from controller.model.plan import Blocked, Item, Plan

_SECONDS = 300.0
_UNSEEN = (
    "Only the apps of this account were looked at: whether another customer of Gupshup has a name or a phone "
    "shows at the link."
)


def conflicts_of(connection: ConnectionOptions) -> Look:
    """Return what plans the apps of new manifests alone, and returns what blocks their links."""

    def look(made: NewManifests) -> tuple[Blocked, ...]:
        if made.whole is None or made.desired is None:
            return ()
        loaded = Loaded(made.whole.source, made.desired, made.whole.rules)
        names = {one.name for one in made.manifests}
        touched = frozenset(app_item(app) for app in made.desired.apps if app.name in names)
        change = SourceChange("", "", touched)
        runtime = connection.open("new app", made.desired.revision, read_only=True)
        planned = asyncio.run(plan_all(loaded, Selection(), runtime, seconds=_SECONDS, change=change))
        if planned.errors:
            raise next(iter(planned.errors.values()))
        for item in sorted(_there(planned.plans) & {app_item(app) for app in _new_apps(made)}):
            click.echo(f"adopts  {item}: an app of this account has its phone and its name", err=True)
        click.echo(_UNSEEN, err=True)
        return tuple(each for plan in planned.plans for each in plan.blocked if each.item in touched)

    return look


def _new_apps(made: NewManifests) -> list[App]:
    names = {one.name for one in made.manifests if one.text}
    return [app for app in made.desired.apps if app.name in names] if made.desired else []


def _there(plans: Iterable[Plan]) -> set[Item]:
    """Return the apps that are at Gupshup with their phone and their name."""
    return {item for plan in plans for item in (*plan.unchanged, *plan.provisioning)}
