"""A saved plan in simulated time: made once, through its rows, and done by process after process."""

import json
from dataclasses import replace

from controller.core.planning.changes.approval import approval_of
from controller.core.saved.document import needed_apps
from controller.core.saved.restore import restored
from controller.core.saved.rows import plan_row
from controller.core.saved.saved_plan import SavedPlan
from controller.doors.cli.saved.apply_plan import saved_request
from controller.loop.apply import PartnerRun, partner_run
from controller.model.manifest import Desired
from controller.model.plan import Plan


def run_of(plan: Plan, desired: Desired, now: float) -> PartnerRun:
    """Return the run that does *plan* as a file holds it, and nothing else, and that waits."""
    apps = needed_apps([plan])
    within = replace(desired, complete=False, whole_apps=apps if desired.complete else frozenset())
    (kept,) = restored([json.loads(json.dumps(plan_row(plan)))], within)
    saved = SavedPlan(now, desired.revision, {}, (), (kept,), within.whole_apps)
    return partner_run(saved_request(saved, within, now, wait=True), approval_of(kept))
