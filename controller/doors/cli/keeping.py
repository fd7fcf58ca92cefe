"""Keeping a report that could not be printed, so that `get` can tell it; no exit code depends on it."""

import asyncio
import os
from pathlib import Path

import click

from controller.edges.clock import SystemClock
from controller.edges.store import chosen_location, open_store
from controller.errors import ControllerError
from controller.model.history import KeptReport


def keep(location: str | None, report: KeptReport) -> None:
    """Keep *report* in the store at *location* (None: the usual place), and say on stderr how that went."""
    told = f"Warning: the report could not be printed ({report.why})"
    try:
        asyncio.run(_keep(location, report))
    except ControllerError as error:
        click.echo(f"{told} and not be kept: {error}", err=True)
    else:
        click.echo(f"{told}; it is kept: gupshupctl get report", err=True)


async def _keep(location: str | None, report: KeptReport) -> None:
    place = chosen_location(location, os.environ, Path.cwd())
    async with open_store(place, SystemClock(), make=False) as store:
        await store.reports.keep(report)
