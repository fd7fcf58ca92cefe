"""What a route is: a method and path, who may call it, which limit it counts in, and what answers it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from controller.simulator.faults.fault import Fault
from controller.simulator.state import App
from controller.simulator.tokens import Identity
from controller.simulator.wire import Call, Reply, failure
from controller.simulator.world import World


class Scope(Enum):
    """Which token a route asks for."""

    OPEN = "none"
    PARTNER = "partner token"
    APP = "app token"
    UNIVERSAL = "universal token"


@dataclass(frozen=True, slots=True)
class Visit:
    """One call that found its route. *app* is the app as it was when this was made."""

    call: Call
    route: "Route"
    ids: Mapping[str, str] = field(default_factory=dict)
    who: Identity | None = None
    app: App | None = None
    struck: tuple[Fault, ...] = ()

    def met(self, kind: str) -> Fault | None:
        """Return the fault of *kind* that this call meets."""
        return next((fault for fault in self.struck if fault.kind == kind), None)

    def the_app(self) -> App:
        """Return the app of a call that was let in; such a call always has one."""
        if self.app is None:
            raise LookupError(f"{self.call.method} {self.call.path}: let in without an app")
        return self.app

    def partner(self) -> str:
        """Return the partner's id of a call that was let in."""
        return self.who.partner if self.who else ""


Answer = Callable[[World, Visit], Reply]
UNAUTHORIZED = failure(401, "Unauthorized Access")
FORBIDDEN = failure(403, "Unauthorized Access")
REVIEW = failure(400, "Please review the request parameters and retry")
NOT_SHARED = failure(400, "API key is not associated with partner")
AUTHENTICATION = failure(401, "Authentication Failed")
NOT_LINKED = failure(400, "Partner is not authorized")
RETRY_UNAUTHORIZED = failure(
    401, "Unauthorised access to the resource. Please review request parameters and headers and retry"
)


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. *denied* answers a bad token, *foreign* a good one that does not reach this app."""

    name: str
    method: str
    path: str
    answer: Answer
    scope: Scope
    bucket: str = "other"
    denied: Reply = UNAUTHORIZED
    foreign: Reply = FORBIDDEN

    def match(self, segments: list[str]) -> Mapping[str, str] | None:
        """Return the ids in the path's *segments*, None where it is another path."""
        mine = self.path.split("/")[1:]
        if len(mine) != len(segments):
            return None
        pairs = list(zip(mine, segments, strict=True))
        if any(part != found for part, found in pairs if not part.startswith("{")):
            return None
        return {part[1:-1]: found for part, found in pairs if part.startswith("{")}
