"""`gupshupctl new app`: customers who have signed up become manifests, from options or from a table."""

import sys
from pathlib import Path

import click

from controller.core.writing.new_apps import Target, new_apps
from controller.core.writing.records import REQUIRED, Fields, Record, Table, read_table
from controller.core.writing.sign_ups import sign_ups
from controller.core.writing.whole import NewManifests, WholeSource
from controller.doors.cli.manifests.new.writing import COMMAND_LINE, Look, look_at_nothing, out_option, write
from controller.doors.cli.options.arguments import output_option, paths_argument
from controller.doors.cli.options.connection import ConnectionOptions, connection_options
from controller.doors.cli.options.mirrored import option
from controller.doors.cli.options.selection import parse_labels
from controller.errors import ControllerError, Usage

_STDIN = "-"


@click.command()
@paths_argument
@option("--name", metavar="TEXT", help="The customer's name, as people write it. Both names come from it.")
@option("--waba-id", metavar="ID", help="The id of the customer's WhatsApp Business Account.")
@option("--phone", metavar="PHONE", help="The customer's number with its country code: +91 98765 43210.")
@option(
    "--label",
    "labels",
    multiple=True,
    metavar="KEY=VALUE",
    callback=parse_labels,
    help="A label of the app. May be repeated. With --from, of each app whose record lacks that label.",
)
@option(
    "--partner",
    metavar="NAME",
    help="The app's Partner. With --from, where a record names none.",
)
@option(
    "--from",
    "table",
    metavar="PATH",
    help="A table of customers, .csv, .json or .jsonl: name, wabaId, phone, labels, partner. - is stdin.",
)
@out_option
@option("--check-live", is_flag=True, help="Look whether a link would meet a conflict at Gupshup.")
@output_option("text", "json")
@connection_options
def app(  # noqa: PLR0913  (one parameter an option, all by keyword)
    *,
    paths: tuple[str, ...],
    name: str | None,
    waba_id: str | None,
    phone: str | None,
    labels: dict[str, str],
    partner: str | None,
    table: str | None,
    out: str | None,
    check_live: bool,
    output: str,
    connection: ConnectionOptions,
) -> int:
    """Write the manifest of a new app, or of each app in a table.

    PATHS are the manifests that exist, or manifests/. Exit 0 if the apps are declared now, also if they were
    before; 3 if a value or a record is wrong, or if a phone is declared with another WABA; 1 if another file
    is in the way. In these cases nothing is written. With --check-live, 5 if a link would meet a conflict.
    """
    single: Fields = {"name": name, "wabaId": waba_id, "phone": phone}
    read = _records(table, {key: value for key, value in single.items() if value is not None})
    found, problems = sign_ups(read.records, labels, partner or "")

    def make(whole: WholeSource, target: Target) -> NewManifests:
        return new_apps(found, whole, target, [*read.problems, *problems])

    look: Look = look_at_nothing
    if check_live:
        from controller.doors.cli.manifests.new.live import conflicts_of  # noqa: PLC0415  (the way to Gupshup)

        look = conflicts_of(connection)
    return write(paths, out, output, make, look)


def _records(path: str | None, single: Fields) -> Table:
    """Return the records of the table at *path*, or the one of the options. Raises Usage."""
    if path is None:
        if len(single) < len(REQUIRED):
            raise Usage("give --name, --waba-id and --phone, or --from with a table")
        return Table([Record(single, COMMAND_LINE)])
    if single:
        raise Usage("with --from, names, WABA ids and phones are in the table")
    if path == _STDIN:
        if sys.stdin is None:
            raise ControllerError("--from -: standard input is closed; give a file, or pass the table to it")
        return read_table(sys.stdin.buffer.read(), "(stdin)")
    return read_table(Path(path).read_bytes(), path)
