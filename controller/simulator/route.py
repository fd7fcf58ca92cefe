"""A route: its method and path, the token that it requires, its limit, and the function that answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from controller.simulator.faults.fault import Fault
from controller.simulator.state import AppRecord
from controller.simulator.tokens import TokenOwner
from controller.simulator.wire import IncomingCall, Response, failure
from controller.simulator.world import World


class RequiredToken(Enum):
    """The token that a route requires."""

    NONE = "none"
    ANY = "any token"
    PARTNER = "partner token"
    APP = "app token"
    UNIVERSAL = "universal token"


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A call with its route. *app* and *owner* are as they were when the request was made.

    *owner* is the owner of the call's token. *faults* hit this call.
    """

    call: IncomingCall
    route: "ApiRoute"
    ids: Mapping[str, str] = field(default_factory=dict)
    owner: TokenOwner | None = None
    app: AppRecord | None = None
    faults: tuple[Fault, ...] = ()

    def fault(self, kind: str) -> Fault | None:
        """Return the fault of *kind* that hits this request, if one does."""
        return next((fault for fault in self.faults if fault.kind == kind), None)

    def the_app(self) -> AppRecord:
        """Return the app of an accepted request, which always has one."""
        if self.app is None:
            raise LookupError(f"{self.call.method} {self.call.path}: accepted without an app")
        return self.app

    def partner(self) -> str:
        """Return the partner's id of an accepted request."""
        return self.owner.partner if self.owner else ""


Answer = Callable[[World, ApiRequest], Response]
UNAUTHORIZED = failure(401, "Unauthorized Access")
FORBIDDEN = failure(403, "Unauthorized Access")
REVIEW = failure(400, "Please review the request parameters and retry")
NOT_SHARED = failure(400, "API key is not associated with partner")
AUTHENTICATION = failure(401, "Authentication Failed")
FORBIDDEN_ACCESS = failure(403, "Forbidden Access")
NOT_LINKED = failure(400, "Partner is not authorized")
RETRY_UNAUTHORIZED = failure(
    401, "Unauthorised access to the resource. Please review request parameters and headers and retry"
)


@dataclass(frozen=True, slots=True)
class ApiRoute:
    """One operation of the API.

    *denied* answers a token of the wrong kind. *foreign* answers a good token that is not for this app.
    """

    name: str
    method: str
    path: str
    answer: Answer
    required: RequiredToken
    bucket: str = "other"
    denied: Response = UNAUTHORIZED
    foreign: Response = FORBIDDEN

    def match(self, segments: list[str]) -> Mapping[str, str] | None:
        """Return the ids in the *segments* of a path, None if it is another path."""
        own = self.path.split("/")[1:]
        if len(own) != len(segments):
            return None
        pairs = list(zip(own, segments, strict=True))
        if any(part != segment for part, segment in pairs if not part.startswith("{")):
            return None
        return {part[1:-1]: segment for part, segment in pairs if part.startswith("{")}
