"""`gupshupctl demo`: a fleet that goes live against a simulated Gupshup, on this machine alone."""

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

from controller.doors.cli.apply import run
from controller.doors.cli.apply_all import ApplyRequest, WaitOptions
from controller.doors.cli.options.connection import ConnectionOptions
from controller.doors.cli.options.mirrored import option
from controller.doors.cli.options.output import OutputOptions
from controller.doors.cli.output.forms import Command
from controller.doors.cli.output.report import ReportOptions
from controller.doors.cli.partners import Selection
from controller.doors.cli.source.load import load
from controller.edges.source.schemas import shipped
from controller.errors import ControllerError

LONGEST_END = 10.0
"""Seconds in which the simulator has to end."""


@click.command()
@option(
    "--time-scale",
    type=click.FloatRange(1, 10_000),
    default=60.0,
    show_default=True,
    help="How many virtual seconds of provisioning pass in one.",
)
@option(
    "--seed", type=int, default=1, show_default=True, help="Seed of what is random at the simulated Gupshup."
)
def command(time_scale: float, seed: int) -> int:
    """Apply examples/demo to a simulated Gupshup until every app is live and subscribed.

    Needs no account and leaves nothing behind. The exit codes are those of apply.
    """
    folder = shipped("examples/demo")
    with (
        tempfile.TemporaryDirectory(prefix="gupshupctl-demo-") as temporary,
        _simulator(time_scale, seed) as exports,
    ):
        _set_environment(exports)
        url = exports["GUPSHUP_URL"]
        click.echo(f"A simulated Gupshup listens on {url}; it provisions {time_scale:g} times as fast.")
        click.echo("$ gupshupctl apply examples/demo --yes --wait")
        loaded = load([str(folder)])
        connection = ConnectionOptions(str(Path(temporary) / "state.db"), None, None)
        options = WaitOptions(wait=True, timeout=300, lock_timeout=0)
        report = ReportOptions(OutputOptions("text"), Command())
        return run(ApplyRequest(loaded, Selection()), connection, options, report)


def _set_environment(exports: Mapping[str, str]) -> None:
    """Set the variables of the simulated account, and unset those of a real one."""
    for name in ("GUPSHUP_PARTNER_TOKEN", "GUPSHUP_PARTNER_TOKEN_FILE"):
        os.environ.pop(name, None)
    os.environ.update(exports)


@contextmanager
def _simulator(time_scale: float, seed: int) -> Iterator[dict[str, str]]:
    """Run `simulate` on a free port of this machine, and yield the variables that it exports."""
    words = [sys.executable, "-m", "controller", "simulate", "--listen", "127.0.0.1:0"]
    words += ["--time-scale", str(time_scale), "--seed", str(seed)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  (our own program)
        try:
            yield dict(_exports(process))
        finally:
            process.terminate()
            process.wait(LONGEST_END)


def _exports(process: "subprocess.Popen[str]") -> Iterator[tuple[str, str]]:
    """Yield the variables in the first three lines of the simulated Gupshup."""
    stdout = process.stdout
    for _ in range(3):
        line = stdout.readline() if stdout is not None else ""
        match = re.fullmatch(r"export ([A-Z_]+)=(.*)\n", line)
        if match is None:
            raise ControllerError(f"the simulated Gupshup did not start: it printed {line!r:.200}")
        yield match[1], shlex.split(match[2])[0]
