"""A look at Gupshup for `new app --check-live`: what a link would meet there. Its client cannot write."""

import asyncio

from controller.core.planning.matched_app import app_item
from controller.core.writing.whole import NewManifests
from controller.doors.cli.manifests.new.writing import Look
from controller.doors.cli.options.connection import ConnectionOptions
from controller.doors.cli.partners import Selection
from controller.doors.cli.plan import plan_all
from controller.doors.cli.source.changed import SourceChange
from controller.doors.cli.source.load import Loaded
from controller.model.plan import Blocked

_SECONDS = 300.0


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
        return tuple(each for plan in planned.plans for each in plan.blocked if each.item in touched)

    return look
