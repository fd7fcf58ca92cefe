"""The Dockerfile built and its image run without an engine: buildah builds, podman runs by runc.

The base is Debian itself, made by mmdebstrap, since a registry of images may be out of reach: the same steps,
user, read-only root and entry point are tried as on the base that the Dockerfile names.
GUPSHUPCTL_TEST_IMAGE_BASE names another one, where a registry answers.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
IMAGE = "localhost/gupshup-controller:tested"
DEBIAN = "localhost/gupshup-controller-base:bookworm"
PROGRAMS = ("buildah", "podman", "runc", "mmdebstrap")
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
CONFINED = (
    "--read-only",
    "--read-only-tmpfs=false",
    "--tmpfs=/tmp:rw,size=16m,mode=1777",
    "--cap-drop=all",
    "--security-opt=no-new-privileges",
    "--ulimit=core=0",
    "--ulimit=nofile=1024:1024",
    "--ulimit=nproc=1024:1024",
)
"""How docs/deployment.md says that it is run."""

MEGABYTE = 1_000_000

_AS_ROOT = () if os.getuid() == 0 else ("sudo", "-n")
_NUMBERS = count(1)
_LEFT_OUT = ("man", "doc", "locale", "info")  # as the slim images of Debian leave them out
_PERL = ("usrmerge", "perl", "libperl5.36", "perl-modules-5.36")
_PATIENCE = 600


@dataclass(frozen=True, slots=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str


@dataclass(slots=True)
class Built:
    """An image, how long it took, and its size as layers of a registry (compressed) and on a disk."""

    config: dict[str, Any]
    seconds: dict[str, float] = field(default_factory=dict)
    compressed: int = 0
    unpacked: int = 0

    @property
    def story(self) -> str:
        took = ", ".join(f"{step} {seconds:.0f} s" for step, seconds in self.seconds.items())
        small, large = (f"{size / MEGABYTE:.0f} MB" for size in (self.compressed, self.unpacked))
        return f"{took}; {small} compressed, {large} unpacked"


def missing() -> list[str]:
    """Return the programs that have to be installed first."""
    return [program for program in PROGRAMS if shutil.which(program) is None]


def call(*words: str | Path, good: bool = True) -> Done:
    """Run a program, as root where it needs to be; it has to succeed unless *good* is false."""
    done = subprocess.run(
        [*_AS_ROOT, *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    assert done.returncode == 0 or not good, f"{words}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return Done(done.returncode, done.stdout, done.stderr)


def build(folder: Path) -> Built:
    """Build the Dockerfile as it stands, working in *folder*."""
    seconds: dict[str, float] = {}
    with _timed(seconds, "base"):
        base = os.environ.get("GUPSHUPCTL_TEST_IMAGE_BASE") or _debian(folder / "base.tar")
    with _timed(seconds, "build"):
        form = ("--isolation", "chroot", "--format", "docker", "--no-cache")
        call("buildah", "bud", *form, "--build-arg", f"BASE={base}", *_authority(), "-t", IMAGE, ".")
    with _timed(seconds, "compress"):
        call("buildah", "push", "-q", IMAGE, f"oci:{folder / 'oci'}:tested")
    config = json.loads(call("buildah", "inspect", "--type", "image", IMAGE).out)["Docker"]["config"]
    unpacked = int(call("podman", "image", "inspect", "--format", "{{.Size}}", IMAGE).out)
    return Built(config, seconds, _bytes(folder / "oci"), unpacked)


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    start = time.monotonic()
    yield
    seconds[step] = time.monotonic() - start


def _debian(tar: Path) -> str:
    """Make Debian with Python, without perl as the slim images of Debian, and import it; return its name."""
    without = [f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in _LEFT_OUT]
    hurry = ("--aptopt=Acquire::Languages none", "--dpkgopt=force-unsafe-io")
    packages = "--include=python3,python3-venv,ca-certificates,usr-is-merged"
    purge = f'--customize-hook=chroot "$1" apt-get -qq --yes purge {" ".join(_PERL)}'
    call("mmdebstrap", "--quiet", "--variant=minbase", packages, *hurry, *without, purge, "bookworm", tar)
    call("podman", "import", "--quiet", tar, DEBIAN)
    tar.unlink()
    return DEBIAN


def _authority() -> tuple[str, ...]:
    """Return how the build is told of a network's own certificate authority, where there is one."""
    if os.environ.get("PIP_CERT") != BUNDLE:
        return ()
    return ("--build-arg", f"PIP_CERT={BUNDLE}", "--volume", f"{BUNDLE}:{BUNDLE}:ro")


def _bytes(layout: Path) -> int:
    return sum(path.stat().st_size for path in (layout / "blobs").rglob("*") if path.is_file())


def run(*words: str, options: tuple[str, ...] = (), network: str = "host", good: bool = True) -> Done:
    """Run the image to its end, confined, and throw the container away."""
    form = (f"--network={network}", *CONFINED, *options)
    return call("podman", "--runtime", "runc", "run", "--rm", *form, IMAGE, *words, good=good)


def program(name: str, *words: str, options: tuple[str, ...] = (), good: bool = True) -> Done:
    """Run another program of the image than its entry point."""
    return run(*words, options=(*options, f"--entrypoint={name}"), good=good)


@contextmanager
def volume() -> Iterator[str]:
    """Make a volume, and remove it after the block."""
    name = f"gupshup-{os.getpid()}-{next(_NUMBERS)}"
    call("podman", "volume", "create", name)
    try:
        yield name
    finally:
        call("podman", "volume", "rm", "--force", name, good=False)


class Container:
    """A container that goes on."""

    def __init__(self, name: str) -> None:
        self.name = name

    def logs(self) -> str:
        done = call("podman", "logs", self.name)
        return done.out + done.err

    def healthy(self) -> bool:
        """Let the image's own health check be run."""
        return call("podman", "--runtime", "runc", "healthcheck", "run", self.name, good=False).code == 0

    def until(self, words: str) -> None:
        """Return when *words* stand in its logs."""
        end = time.monotonic() + 60
        while words not in self.logs():
            assert time.monotonic() < end, self.logs()

    def until_healthy(self) -> None:
        end = time.monotonic() + 60
        while not self.healthy():
            assert time.monotonic() < end, self.logs()

    def stop(self) -> tuple[int, float]:
        """Stop it as an engine does, by the image's signal; return its exit code and how long it took."""
        start = time.monotonic()
        call("podman", "stop", "--time", "60", self.name)
        seconds = time.monotonic() - start
        return int(call("podman", "inspect", self.name, "--format", "{{.State.ExitCode}}").out), seconds

    def changed(self) -> list[str]:
        """Return what was written beside the volumes, without what the engine itself lays there."""
        words = [line.split(" ", 1) for line in call("podman", "diff", self.name).out.splitlines()]
        return [path for kind, path in words if kind != "C"]


@contextmanager
def going(*words: str, options: tuple[str, ...] = ()) -> Iterator[Container]:
    """Start the image, confined; it is killed and removed after the block."""
    name = f"gupshup-{os.getpid()}-{next(_NUMBERS)}"
    call(
        "podman",
        "--runtime",
        "runc",
        "run",
        "--detach",
        f"--name={name}",
        "--network=host",
        *CONFINED,
        *options,
        IMAGE,
        *words,
    )
    try:
        yield Container(name)
    finally:
        call("podman", "rm", "--force", "--time", "0", name, good=False)
