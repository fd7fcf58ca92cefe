"""Passes of the loop: what each is about, how urgent it is, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum, auto

from controller.model.account import CredentialEnd
from controller.model.plan import Item, Result
from controller.model.status import Condition, HeldSet

WHOLE_PARTNER = ""
"""The whole partner, in place of an app's name."""


class Lane(IntEnum):
    """The cause of a pass. The lower goes first."""

    ASKED = 0
    CHANGED = 1
    IN_FLIGHT = 2
    DRIFT = 3


class PassKind(Enum):
    """How much a pass observes, and so how much it may do."""

    FULL = auto()
    """Observes every app, so its plan is complete."""
    LIST = auto()
    """Observes the list, with what passes over single apps know of subscriptions."""
    APP = auto()
    """Observes one app. What a guard counts waits for a pass over all apps."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Timing of a process that never stops, in seconds.

    *interval* is between two lists of a partner. *drift* is between two reads of one app's webhooks (None:
    calculated from the number of apps). *hint_poll* is between two reads of hints that other processes left.
    *enforce* False only observes: nothing is written. *resend* is as in `Request`.
    """

    interval: float = 60.0
    drift: float | None = None
    enforce: bool = True
    hint_poll: float = 1.0
    resend: bool = True


@dataclass(frozen=True, slots=True)
class Transition:
    """A condition of a resource that has changed. *before* is None if there was none."""

    item: Item
    before: Condition | None
    after: Condition


@dataclass(frozen=True, slots=True)
class Pass:
    """One finished pass. *app* is a manifest's name or WHOLE_PARTNER; *began* is epoch seconds.

    *summary* counts what is left after a pass over the whole partner, by the words of a plan (`waiting`,
    `blocked`, `held`, `unmanaged`, `unchanged`). *error* is what ended the pass, "" without an error.
    *error_kind* is the name of its kind (`Busy`, `Denied`). *held* is what guards hold after a pass over the
    whole partner, None after any other pass. *renamed* maps the items of before to those of apps, and their
    subscriptions, that have another name now.
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
    held: tuple[HeldSet, ...] | None = None
    renamed: Mapping[Item, Item] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceState:
    """State of the source; moments are epoch seconds.

    *revision* is the last good one ("": none yet), *since* is when it came. *read* is when the source was
    last read whole. *error* is why a newer revision is rejected ("": none is), *error_since* since when.
    *digest* is what `--release` takes to let a source through that lost too much (several have commas between
    them). *rejected* is the revision that is rejected for its content. *waiting* is what has to happen before
    the source is read ("": nothing), *waited* since when.
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
class SourceRead:
    """A read of the source by `run`, as other processes learn of it: *state* is what came of it.

    *began* is when (epoch seconds). *refused_by* is the kind of the error that rejects the newest revision
    (`ManifestError`), "" if it is not rejected. *problems* are the first of its manifests, a line each.
    """

    state: SourceState
    began: float
    refused_by: str = ""
    problems: str = ""


@dataclass(frozen=True, slots=True)
class PartnerState:
    """State of one partner in this process.

    *is_leader*: this process is its writer. *listed_at* is when a list was last read whole (epoch seconds, 0:
    never), *progressed_at* when its loop last progressed. *queued* counts what is due by lane, *provisioning*
    counts apps under way. *error* is the error of the last pass, "" after a good one. *failures* counts the
    passes in a row that failed. *held* is what guards hold. *ends* are those of the
    credentials, as known now, the soonest first.
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
    held: tuple[HeldSet, ...] = ()
    ends: tuple[CredentialEnd, ...] = ()

    @property
    def held_digest(self) -> str:
        """What releases all that is held, "" if nothing is; several digests have commas between them."""
        return ",".join(each.digest for each in self.held)
