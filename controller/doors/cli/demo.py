"""`gupshupctl demo`: a fleet going live against a pretend Gupshup, on this machine alone."""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from controller.doors.cli.options import option
from controller.errors import ControllerError

PATIENCE = 10.0
"""Seconds in which the pretend Gupshup has to be there, and in which it has to be gone."""


@click.command()
@option("--time-scale", type=click.FloatRange(1, 10_000), default=60.0, show_default=True, help="How fast.")
@option(
    "--seed", type=int, default=1, show_default=True, help="Where the pretend Gupshup's chance comes from."
)
def command(time_scale: float, seed: int) -> int:
    """Reconcile examples/demo against a pretend Gupshup until every app is live and subscribed.

    Needs no account and leaves nothing behind. Exit codes as of apply.
    """
    from controller.doors.cli.apply import run  # noqa: PLC0415  (what is heavy waits for its verb)
    from controller.doors.cli.applying import Patience  # noqa: PLC0415  (likewise)
    from controller.doors.cli.fleet import Wish  # noqa: PLC0415  (likewise)
    from controller.doors.cli.load import load  # noqa: PLC0415  (likewise)
    from controller.doors.cli.reach import Reach  # noqa: PLC0415  (likewise)
    from controller.edges.source.schemas import shipped  # noqa: PLC0415  (likewise)

    folder = shipped("examples/demo")
    with (
        tempfile.TemporaryDirectory(prefix="gupshupctl-demo-") as scratch,
        _pretend(time_scale, seed) as told,
    ):
        _answer_to(told)
        click.echo(
            f"A pretend Gupshup listens on {told['GUPSHUP_URL']}; it provisions {time_scale:g} times as fast."
        )
        click.echo("$ gupshupctl apply examples/demo --yes --wait")
        loaded = load([str(folder)])
        reach = Reach(str(Path(scratch) / "state.db"), None, None)
        return run(loaded, Wish(), reach, Patience(wait=True, timeout=300, lock_timeout=0), "text")


def _answer_to(told: Mapping[str, str]) -> None:
    """Take what the pretend Gupshup says for the environment, and nothing of a real account beside it."""
    for name in ("GUPSHUP_PARTNER_TOKEN", "GUPSHUP_PARTNER_TOKEN_FILE"):
        os.environ.pop(name, None)
    os.environ.update(told)


@contextmanager
def _pretend(time_scale: float, seed: int) -> Iterator[dict[str, str]]:
    """Run `simulate` on a free port of this machine, and yield what it says to export."""
    words = [sys.executable, "-m", "controller", "simulate", "--listen", "127.0.0.1:0"]
    words += ["--time-scale", str(time_scale), "--seed", str(seed)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  (our own program)
        try:
            yield dict(_exports(process))
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _exports(process: "subprocess.Popen[str]") -> Iterator[tuple[str, str]]:
    """Read the three lines that the pretend Gupshup begins with."""
    told = process.stdout
    for _ in range(3):
        line = told.readline() if told is not None else ""
        found = re.fullmatch(r"export ([A-Z_]+)=(.*)\n", line)
        if found is None:
            raise ControllerError(f"the pretend Gupshup did not start: it said {line!r:.200}")
        yield found[1], shlex.split(found[2])[0]
