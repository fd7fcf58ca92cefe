"""What the loop speaks of: what a pass is about, how urgent it is, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum, auto

from controller.model.plan import Item, Result
from controller.model.status import Condition

WHOLE_PARTNER = ""
"""In the place of an app's name: the whole partner."""


class Lane(IntEnum):
    """Why a pass is due; the lower goes first."""

    ASKED = 0
    CHANGED = 1
    IN_FLIGHT = 2
    DRIFT = 3


class PassKind(Enum):
    """How much a pass looks at, and so how much it may do."""

    FULL = auto()
    """Everything; what it finds is everything there is to do."""
    LIST = auto()
    """The list, beside what is known of subscriptions from passes over single apps."""
    APP = auto()
    """One app; what a guard counts waits for a pass that sees the others, too."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How a process that never stops goes about it.

    In seconds: *interval* between two lists of a partner, *drift* between two looks at one app's webhooks
    (None: what follows from how many apps there are), *hint_poll* between two looks for hints that other
    processes left. *enforce* False only looks: nothing is written. *resend* is as in `Asked`.
    """

    interval: float = 60.0
    drift: float | None = None
    enforce: bool = True
    hint_poll: float = 1.0
    resend: bool = True


@dataclass(frozen=True, slots=True)
class Transition:
    """A condition of a resource that says something else now; *before* is None where there was none."""

    item: Item
    before: Condition | None
    after: Condition


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass that is over. *app* is a manifest's name or WHOLE; *began* is epoch seconds.

    *summary* counts what is left after it, by the words of a plan (`waiting`, `blocked`, `held`,
    `unmanaged`, `unchanged`), of a whole pass only. *error* is what ended it, "" where nothing did, and
    *error_kind* the name of its kind (`Busy`, `Denied`).
    """

    partner: str
    upstream: str
    app: str
    lane: Lane
    revision: str
    began: float
    seconds: float
    results: tuple[Result, ...] = ()
    transitions: tuple[Transition, ...] = ()
    summary: Mapping[str, int] = field(default_factory=dict)
    error: str = ""
    error_kind: str = ""


@dataclass(frozen=True, slots=True)
class SourceState:
    """State of the source; moments are epoch seconds.

    *revision* is the last good one ("": none yet) and *since* is when it came; *read* is when the source was
    last read whole. *error* is why a newer revision is rejected ("": none is), *error_since* since when.
    *digest* is what `--release` takes to let a source through that lost too much (several have commas between
    them); *rejected* is the revision that is rejected for its content. *waiting* is what has to happen before
    the source is read ("": nothing), *waited* since when it has not.
    """

    identity: str
    revision: str = ""
    since: float = 0.0
    read: float = 0.0
    error: str = ""
    error_since: float | None = None
    digest: str = ""
    rejected: str = ""
    waiting: str = ""
    waited: float | None = None


@dataclass(frozen=True, slots=True)
class PartnerState:
    """State of one partner in this process.

    *is_leader*: this process is its writer. *listed_at* is when a list was last read whole (epoch seconds,
    0: never), *progressed_at* is when its loop last moved. *queued* counts what is due by lane,
    *provisioning* counts apps under way. *error* is what the last pass ended with, "" after a good one, and
    *failures* counts the passes in a row that ended so.
    """

    name: str
    upstream: str = ""
    is_leader: bool = False
    apps: int = 0
    listed_at: float = 0.0
    progressed_at: float = 0.0
    queued: Mapping[Lane, int] = field(default_factory=dict)
    provisioning: int = 0
    error: str = ""
    failures: int = 0
    held_digest: str = ""
