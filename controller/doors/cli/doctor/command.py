"""`gupshupctl doctor`: everything that a run depends on, looked at once. Nothing is changed."""

import asyncio
import sys

import click

from controller.core.doctor.installation import of_callbacks
from controller.core.render.diagnoses import diagnoses_document, diagnoses_text
from controller.doors.cli.doctor.diagnoses import Diagnoses
from controller.doors.cli.doctor.here import check_hooks, check_versions
from controller.doors.cli.doctor.partner import Look, check_partner
from controller.doors.cli.doctor.source import check_source
from controller.doors.cli.doctor.store import check_store, opened_to_look, stands_in
from controller.doors.cli.options.arguments import output_option, paths_argument, paths_or_default
from controller.doors.cli.options.connection import ConnectionOptions, connection_options
from controller.doors.cli.options.git import GitOptions, git_options
from controller.doors.cli.options.mirrored import option
from controller.doors.cli.output.documents import print_document
from controller.doors.cli.output.forms import width_of
from controller.doors.cli.source.location import Branch, SourceLocation
from controller.edges import log
from controller.edges.clock import SystemClock
from controller.edges.gupshup import Network
from controller.errors import Usage


@click.command()
@paths_argument
@git_options
@option(
    "--listen", metavar="HOST:PORT", default="127.0.0.1:8080", show_default=True, help="Where run listens."
)
@option("--waba", is_flag=True, help="Ask Gupshup for the WABA of every linked app: one call for each.")
@output_option("text", "json")
@connection_options
def command(
    *,
    paths: tuple[str, ...],
    git: GitOptions,
    listen: str,
    waba: bool,
    output: str,
    connection: ConnectionOptions,
) -> int:
    """Check everything that a run depends on, and say for each what to do. Nothing is changed.

    Exit 0 if all is well (what is unknown fails nothing), 7 for refused or missing credentials, 3 for invalid
    manifests, 1 if something cannot be reached or read, 5 for anything else that needs a person.
    """
    log.configure(connection.log_format, connection.log_level)
    location = _location(paths, git, connection)
    found = asyncio.run(_check(location, connection, listen, waba=waba))
    if output == "json":
        print_document(diagnoses_document(found.found))
    else:
        click.echo(diagnoses_text(found.found, width_of(sys.stdout)))
    return found.code


def _location(paths: tuple[str, ...], git: GitOptions, connection: ConnectionOptions) -> SourceLocation:
    if git.url is None:
        return paths_or_default(paths)
    if paths:
        raise Usage("give either PATHS or --git")
    return Branch(git.remote(git.url, connection), git.copy)


async def _check(
    location: SourceLocation, connection: ConnectionOptions, listen: str, *, waba: bool
) -> Diagnoses:
    found = Diagnoses()
    check_versions(found)
    desired = await check_source(found, location)
    facts = await check_store(found, connection.store)
    check_hooks(found, listen)
    found.extend(of_callbacks(desired))
    async with opened_to_look(connection.store, facts) as store:
        network = Network(proxy=connection.proxy, ca_file=connection.ca_file)
        look = Look(store, network, SystemClock(), waba, knows_store=not stands_in(store, facts))
        for partner in desired.partners:
            await check_partner(found, look, partner, desired)
    return found
