"""The pipeline of an app: which stage it shows how many virtual seconds after its creation (docs, Stages)."""

from bisect import bisect_right
from dataclasses import dataclass
from random import Random

from controller.simulator.switches import Switches

_RETRIES = 3


@dataclass(frozen=True, slots=True)
class Stage:
    """The stage fields as one row or one answer of the pipeline shows them."""

    creation: str
    pipe_line: str
    embed: str
    form: str
    verification: str
    retries: int = 0


_START = Stage("INITIAL", "NONE", "EMBED_PHONE_SELECTION", "GO_LIVE_FLOW_SELECTED", "WABA_APPROVED")
_CERTIFICATE = Stage(
    "DOCKER_PROVISIONING", "GET_CERTIFICATE", "EMBED_PENDING", "GET_WHATSAPP_APPROVAL", "PN_DN_APPROVED"
)
_DOCKER = Stage(
    "DOCKER_PROVISIONING", "CREATE_DOCKER", "EMBED_PENDING", "GET_WHATSAPP_APPROVAL", "PN_DN_APPROVED"
)
_FINALIZE = Stage(
    "DOCKER_PROVISIONING", "FINALIZE", "EMBED_STARTED", "COMPLETE_VERIFICATION", "PN_DN_APPROVED"
)
_ERROR = Stage("ERROR", "CREATE_DOCKER", "EMBED_PENDING", "GET_WHATSAPP_APPROVAL", "PN_DN_APPROVED", _RETRIES)
_DONE = Stage(
    "WHATSAPP_PROVISIONING_DONE",
    "FINALIZE",
    "EMBED_STARTED",
    "COMPLETE_VERIFICATION",
    "WHATSAPP_VERIFICATION_DONE",
)


@dataclass(frozen=True, slots=True)
class Course:
    """What an app goes through: stages with the virtual second each begins at, and when it is live."""

    begins: tuple[float, ...]
    stages: tuple[Stage, ...]
    live_after: float | None

    def at(self, age: float) -> Stage:
        """Return the stage *age* virtual seconds after the creation."""
        return self.stages[max(bisect_right(self.begins, age) - 1, 0)]


STUCK = Course((0.0,), (_START,), None)
BORN_LIVE = Course((0.0,), (_DONE,), 0.0)
FAILED = Course((0.0,), (_ERROR,), None)


def smooth(rng: Random, switches: Switches) -> Course:
    """Return the course of an app that goes live, perhaps after a step back or two.

    ``live`` and the last stage do not come at one moment: either may lag behind the other.
    """
    total = rng.uniform(switches.provision_min, max(switches.provision_min, switches.provision_max))
    middle = [_CERTIFICATE, _DOCKER]
    for retry in range(1, _RETRIES):
        if rng.random() < switches.retry_share:
            middle += [_again(_CERTIFICATE, retry), _again(_DOCKER, retry)]
    stages = (_START, *middle, _FINALIZE, _DONE)
    step = total / (len(stages) - 1)
    begins = [step * place for place in range(len(stages))]
    lag = min(total * 0.05, 20.0) * rng.uniform(-1, 1)
    return Course(tuple(begins), stages, total + lag)


def failing(rng: Random, switches: Switches, heals: float | None) -> Course:
    """Return a course that ends in ERROR after three retries, or comes out of it *heals* seconds later."""
    total = rng.uniform(switches.provision_min, max(switches.provision_min, switches.provision_max))
    tries = [_again(_DOCKER, retry) for retry in range(_RETRIES + 1)]
    stages = [_START, _CERTIFICATE, *tries, _ERROR]
    step = total / (len(stages) - 1)
    begins = [step * place for place in range(len(stages))]
    if heals is None:
        return Course(tuple(begins), tuple(stages), None)
    return Course((*begins, total + heals), (*stages, _DONE), total + heals)


def _again(stage: Stage, retry: int) -> Stage:
    return Stage(stage.creation, stage.pipe_line, stage.embed, stage.form, stage.verification, retry)
