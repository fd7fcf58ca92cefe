"""Checks of each request as it leaves, against the simulator's own state."""

from collections.abc import Mapping
from dataclasses import dataclass

from controller.simulator import World
from controller.simulator.state import AppRecord
from tests.sim.disk import Disk
from tests.sim.scenario import Scenario
from tests.sim.trace import Request, Trace
from tests.sim.wire import Leaving

_DONE = "WHATSAPP_PROVISIONING_DONE"
_REFUSED = 300
_TOKENS = frozenset({"unknown", "mintPartner", "revokePartner", "mintApp", "tokens", "revoke"})
_LOOKS = _TOKENS | frozenset(
    {
        "login",
        "token",
        "list",
        "partnerApps",
        "details",
        "pipeline",
        "wabaInfo",
        "subscriptions",
        "subscription",
    }
)

LYING_LISTS = frozenset({"flicker", "empty-list", "short-page", "repeat-page", "no-phone"})
"""Faults that make a list lie. Where two looks lie, a link of an app that is there cannot be helped."""


@dataclass(frozen=True, slots=True)
class RequestChecks:
    """Judges what one process sends. *targets* is what its manifests declare; *blind*: two lists may lie."""

    world: World
    scenario: Scenario
    disk: Disk
    trace: Trace
    targets: Mapping[tuple[str, str], str]
    blind: bool

    def judge(self, leaving: Leaving) -> None:
        where = f"{leaving.route} for {leaving.phone} {leaving.tag} at {self.world.now():.3f}"
        if leaving.purpose == "plan" and leaving.route not in _LOOKS:
            self.trace.wrong("P5", f"a plan sent {where}")
        if not leaving.verb:
            return
        if leaving.life.number != self.trace.writer:
            self.trace.wrong("P24", f"{where}: process {self.trace.writer} is the writer")
        if leaving.target in self.scenario.never:
            self.trace.wrong(self.scenario.never[leaving.target], f"{where}: nobody may write to it")
        if leaving.route in {"delete", "unsubscribeAll", "create"}:
            self.trace.wrong("P13", where)
        if leaving.route == "link" and not self.blind:
            self._absent(leaving.phone, where)
        if leaving.app:
            self._about(leaving, self.world.apps.by_id.get(leaving.app), where)

    def _absent(self, phone: str, where: str) -> None:
        app = self.world.apps.get(self.world.apps.phones.get(phone, ""))
        if app is not None and app.partner in self.world.partners:
            self.trace.wrong("P3", f"{where}: the app {app.name} is there already")

    def _about(self, leaving: Leaving, app: AppRecord | None, where: str) -> None:
        if app is None or app.partner not in self.world.partners or (app.phone, "") not in self.targets:
            self.trace.wrong("P4", f"{where}: not an app of ours")
            return
        if not self.disk.rows(f"SELECT 1 FROM bindings WHERE app_id = '{app.id}'"):  # noqa: S608  (an id of the simulator's)
            self.trace.wrong("P22", f"{where}: its id is not on disk yet")
        if leaving.route == "subscribe":
            self._again(leaving, app, where)
        stage = app.stage(self.world.time.virtual(self.world.now())).creation
        if leaving.route == "subscribe" and not app.live and stage != _DONE:
            self.trace.wrong("live", f"{where}: subscribed before it is live")
        if leaving.route == "unsubscribe" and not self.scenario.removable(leaving.phone, leaving.tag):
            self.trace.wrong("P10", where)

    def _again(self, leaving: Leaving, app: AppRecord, where: str) -> None:
        """P7: what was there all along or answered to be there, and still is, is not created once more."""
        there = any(each.tag == leaving.tag for each in self.world.subscriptions.of(app.id))
        told = self.scenario.seeds(leaving.phone, leaving.tag) or any(
            each.target == leaving.target and each.route == "subscribe" and _done(each)
            for each in self.trace.requests
        )
        if there and told:
            self.trace.wrong("P7", f"{where}: it is there already, and that was answered")


def _done(request: Request) -> bool:
    """Return whether a process got a success for the request."""
    return request.clear and not request.killed and request.status < _REFUSED
