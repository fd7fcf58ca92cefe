"""What the loop speaks of: what a pass is about, how urgent it is, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum, auto

from controller.model.plan import Item, Result
from controller.model.status import Condition

WHOLE = ""
"""In the place of an app's name: the whole partner."""


class Lane(IntEnum):
    """Why a pass is due; the lower goes first."""

    ASKED = 0
    CHANGED = 1
    IN_FLIGHT = 2
    DRIFT = 3


class Breadth(Enum):
    """How much a pass looks at, and so how much it may do."""

    FULL = auto()
    """Everything; what it finds is everything there is to do."""
    LIST = auto()
    """The list, beside what is known of subscriptions from passes over single apps."""
    APP = auto()
    """One app; what a guard counts waits for a pass that sees the others, too."""


@dataclass(frozen=True, slots=True)
class Tempo:
    """How a process that never stops goes about it.

    In seconds: *interval* between two lists of a partner, *drift* between two looks at one app's webhooks
    (None: what follows from how many apps there are), *glance* between two looks for hints that other
    processes left. *enforce* False only looks: nothing is written. *resend* is as in `Asked`.
    """

    interval: float = 60.0
    drift: float | None = None
    enforce: bool = True
    glance: float = 1.0
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
    *trouble* the name of its kind (`Busy`, `Denied`).
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
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class SourceState:
    """How the source stands; moments are epoch seconds.

    *revision* is the last good one ("": none yet) and *since* when it came; *read* is when the source was
    last read whole. *trouble* says why a newer one is not taken ("": none is refused), *troubled* since when.
    *digest* is what `--release` takes to let a source through that lost too much (several have commas between
    them); *rejected* is the revision that is refused for what it holds. *waiting* says what is waited for
    before the source is taken ("": nothing is), *waited* since when.
    """

    identity: str
    revision: str = ""
    since: float = 0.0
    read: float = 0.0
    trouble: str = ""
    troubled: float | None = None
    digest: str = ""
    rejected: str = ""
    waiting: str = ""
    waited: float | None = None


@dataclass(frozen=True, slots=True)
class PartnerState:
    """How one partner stands in this process.

    *holds*: this process is its writer; *looked* is when a list was last had whole (epoch seconds, 0: never),
    *moved* when its loop last moved; *queued* counts what is due by lane; *provisioning* what is under way.
    *trouble* is what the last pass ended with, "" after a good one, *errors* how many ended so in a row.
    """

    name: str
    upstream: str = ""
    holds: bool = False
    apps: int = 0
    looked: float = 0.0
    moved: float = 0.0
    queued: Mapping[Lane, int] = field(default_factory=dict)
    provisioning: int = 0
    trouble: str = ""
    errors: int = 0
    held_digest: str = ""
