"""The checks that need neither Gupshup nor a store: versions, and the hooks of a `run` on this machine."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version

from controller import __version__
from controller.core.doctor.diagnosis import CheckResult, Diagnosis
from controller.doors.cli.doctor.diagnoses import Diagnoses
from controller.doors.healthcheck import problem
from controller.doors.web.auth import HOOK_SECRET, hook_tokens
from controller.errors import ControllerError

_LIBRARIES = ("httpx", "sqlalchemy", "alembic", "pyyaml", "jsonschema-rs", "cryptography", "psycopg")


def check_versions(found: Diagnoses) -> None:
    python = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    libraries = ", ".join(f"{name} {_version(name)}" for name in _LIBRARIES)
    found.add(
        Diagnosis("versions", CheckResult.OK, f"gupshup-controller {__version__}, {python}, {libraries}")
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def check_hooks(found: Diagnoses, listen: str) -> None:
    """Check the secret of Gupshup's hook, and whether a `run` listens at *listen*."""
    try:
        tokens = hook_tokens(os.environ)
    except ControllerError as error:
        found.add_error("hook secret", error)
    else:
        found.add(_secret(is_set=tokens is not None))
    unhealthy = problem({"GUPSHUPCTL_LISTEN": listen})
    if unhealthy is None:
        found.add(Diagnosis("listener", CheckResult.OK, f"a `run` listens at {listen} and is healthy"))
    else:
        remedy = "if `run` listens elsewhere, name it with --listen"
        found.add(Diagnosis("listener", CheckResult.UNKNOWN, f"{listen}: {unhealthy}", remedy))


def _secret(*, is_set: bool) -> Diagnosis:
    if is_set:
        return Diagnosis("hook secret", CheckResult.OK, f"{HOOK_SECRET} is set; `/metrics` counts the events")
    message = f"{HOOK_SECRET} is not set here: without it `run` takes no event of Gupshup, and only polls"
    return Diagnosis("hook secret", CheckResult.UNKNOWN, message, "docs/http.md shows how events come sooner")
