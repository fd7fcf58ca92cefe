"""Stages of an app's pipeline, by virtual seconds since its creation (docs, Stages)."""

from bisect import bisect_right
from dataclasses import dataclass, replace
from random import Random

from controller.simulator.switches import Switches

_RETRIES = 3


@dataclass(frozen=True, slots=True)
class PipelineStage:
    """The stage fields of one row, or of one answer of the pipeline."""

    creation: str
    pipe_line: str
    embed: str
    form: str
    verification: str
    retries: int = 0


_START = PipelineStage("INITIAL", "NONE", "EMBED_PHONE_SELECTION", "GO_LIVE_FLOW_SELECTED", "WABA_APPROVED")
_CERTIFICATE = PipelineStage(
    "DOCKER_PROVISIONING", "GET_CERTIFICATE", "EMBED_PENDING", "GET_WHATSAPP_APPROVAL", "PN_DN_APPROVED"
)
_DOCKER = PipelineStage(
    "DOCKER_PROVISIONING", "CREATE_DOCKER", "EMBED_PENDING", "GET_WHATSAPP_APPROVAL", "PN_DN_APPROVED"
)
_FINALIZE = PipelineStage(
    "DOCKER_PROVISIONING", "FINALIZE", "EMBED_STARTED", "COMPLETE_VERIFICATION", "PN_DN_APPROVED"
)
_ERROR = PipelineStage(
    "ERROR", "CREATE_DOCKER", "EMBED_PENDING", "GET_WHATSAPP_APPROVAL", "PN_DN_APPROVED", _RETRIES
)
_DONE = PipelineStage(
    "WHATSAPP_PROVISIONING_DONE",
    "FINALIZE",
    "EMBED_STARTED",
    "COMPLETE_VERIFICATION",
    "WHATSAPP_VERIFICATION_DONE",
)


@dataclass(frozen=True, slots=True)
class Course:
    """The course of an app: its stages, the virtual second at which each begins, and when it is live."""

    begins: tuple[float, ...]
    stages: tuple[PipelineStage, ...]
    live_after: float | None

    def at(self, age: float) -> PipelineStage:
        """Return the stage *age* virtual seconds after the creation."""
        return self.stages[max(bisect_right(self.begins, age) - 1, 0)]


STUCK = Course((0.0,), (_START,), None)
LIVE_AT_ONCE = Course((0.0,), (_DONE,), 0.0)
FAILED = Course((0.0,), (_ERROR,), None)


def succeeding(rng: Random, switches: Switches) -> Course:
    """Return the course of an app that goes live, perhaps after a retry or two.

    ``live`` and the last stage do not come at the same moment. Either of them may be the first.
    """
    total = _duration(rng, switches)
    middle = [_CERTIFICATE, _DOCKER]
    for retry in range(1, _RETRIES):
        if rng.random() < switches.retry_share:
            middle += [_retried(_CERTIFICATE, retry), _retried(_DOCKER, retry)]
    stages = (_START, *middle, _FINALIZE, _DONE)
    begins = _evenly(total, len(stages))
    lag = min(total * 0.05, 20.0) * rng.uniform(-1, 1)
    return Course(begins, stages, total + lag)


def failing(rng: Random, switches: Switches, heals: float | None) -> Course:
    """Return a course that ends in ERROR after three retries, or goes live *heals* seconds later."""
    total = _duration(rng, switches)
    tries = [_retried(_DOCKER, retry) for retry in range(_RETRIES + 1)]
    stages = [_START, _CERTIFICATE, *tries, _ERROR]
    begins = _evenly(total, len(stages))
    if heals is None:
        return Course(begins, tuple(stages), None)
    return Course((*begins, total + heals), (*stages, _DONE), total + heals)


def _duration(rng: Random, switches: Switches) -> float:
    return rng.uniform(switches.provision_min, max(switches.provision_min, switches.provision_max))


def _evenly(total: float, count: int) -> tuple[float, ...]:
    """Return the seconds at which *count* stages begin, the first at 0 and the last at *total*."""
    step = total / (count - 1)
    return tuple(step * place for place in range(count))


def _retried(stage: PipelineStage, retry: int) -> PipelineStage:
    return replace(stage, retries=retry)
