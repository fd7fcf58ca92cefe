"""The report that could not be printed: kept in the store, so that `get report` can show it."""

from functools import partial

import click

from controller.doors.stored import use_store
from controller.edges.store import SqlStore
from controller.errors import ControllerError
from controller.model.history import KeptReport


def keep(location: str | None, report: KeptReport) -> None:
    """Keep *report* in the store at *location* (None: the usual place), and say on stderr how that went."""
    warning = f"Warning: the report could not be printed ({report.why})"
    try:
        use_store(location, partial(_keep, report))
    except ControllerError as error:
        click.echo(f"{warning} and not be kept: {error}", err=True)
    else:
        click.echo(f"{warning}; it is kept: gupshupctl get report", err=True)


async def _keep(report: KeptReport, store: SqlStore) -> None:
    await store.reports.keep(report)
