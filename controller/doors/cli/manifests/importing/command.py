"""`gupshupctl import`: a live account becomes manifests. Its client sends GET requests and sign-ins only."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from controller.core.importing.account import AccountRead, still_left_out
from controller.core.importing.check import Unfit, checked_files
from controller.core.importing.differences import AccountsRead
from controller.core.importing.files import SCHEMA, ImportedFiles
from controller.core.importing.journal import (
    JournalError,
    begun_writing,
    left_out_entry,
    left_out_of,
    writing_entry,
)
from controller.doors.cli.exits import CHANGES, FAILED, OK
from controller.doors.cli.manifests.importing.patch import print_patch, refuse_elsewhere
from controller.doors.cli.manifests.importing.reading import (
    Import,
    NothingKept,
    declared,
    failed,
    refuse_unknown,
)
from controller.doors.cli.manifests.importing.report import print_files
from controller.doors.cli.manifests.new.writing import default_folder
from controller.doors.cli.options.arguments import output_option, paths_argument
from controller.doors.cli.options.connection import ConnectionOptions, connection_options
from controller.doors.cli.options.mirrored import option
from controller.doors.cli.options.values import Duration
from controller.edges.journal import JournalFile
from controller.edges.new_files import sole_writer, write_new
from controller.edges.source import schemas
from controller.errors import ManifestError, Usage

_JOURNAL = ".import/journal.jsonl"


@click.command("import")
@paths_argument
@option("--out", metavar="DIR", help="The folder for the manifests. With --patch, by default as for `new`.")
@option("--patch", is_flag=True, help="Write nothing. Print what differs here from Gupshup, for `git apply`.")
@option("--detailed-exitcode", is_flag=True, help="With --patch: exit 2 if the patch is not empty.")
@option("--only", multiple=True, metavar="NAME", help="Only the app with this name at Gupshup. Repeatable.")
@option(
    "--timeout",
    type=Duration(),
    default="1h",
    show_default=True,
    help="Stop waiting for Gupshup's limits after this long.",
)
@output_option("text", "json")
@connection_options
def command(  # noqa: PLR0913  (one parameter an option, all by keyword)
    *,
    paths: tuple[str, ...],
    out: str | None,
    patch: bool,
    detailed_exitcode: bool,
    only: tuple[str, ...],
    timeout: float,
    output: str,
    connection: ConnectionOptions,
) -> int:
    """Write the apps and webhooks of a live account as manifests. It changes nothing at Gupshup.

    PATHS are the manifests that exist, or manifests/ if there is such a folder: what they declare is not
    imported again. A run that was cut short goes on where it was. No file is overwritten: exit 1 if another
    one is in the way. Exit 5 if something is left out, each with the reason; 6 if the time was over.
    """
    names = tuple(name.removeprefix("App/") for name in only)
    if patch:
        if output != "text":
            raise Usage("--patch prints a patch and nothing else: leave -o out")
        code = _patch(paths, Path(out or default_folder(paths)), names, timeout, connection)
        return OK if code == CHANGES and not detailed_exitcode else code
    if out is None:
        raise Usage("give --out with a folder for the manifests, or --patch")
    if detailed_exitcode:
        raise Usage("--detailed-exitcode goes with --patch: give it, or leave that out")
    return _write(paths, Path(out), names, timeout, output, connection)


def _write(
    paths: Sequence[str],
    folder: Path,
    names: tuple[str, ...],
    timeout: float,
    output: str,
    connection: ConnectionOptions,
) -> int:
    with sole_writer(folder):
        journal = JournalFile(folder / _JOURNAL)
        around = declared(paths, folder, begun_writing(journal.entries))
        work = Import(connection.open("import", around.source.revision), journal, around, names, timeout)
        try:
            earlier = left_out_of(journal.entries)
            accounts, errors = asyncio.run(work.read())
        except JournalError:
            raise journal.damaged() from None
        if errors:
            return failed(errors, kept=True)
        files = _files(work, accounts)
        still = still_left_out(earlier, accounts, around.desired)
        files = replace(files, left_out=tuple(sorted([*files.left_out, *still])))
        texts = {f"{folder.as_posix()}/{path}": text for path, text in files.texts.items()}
        journal.append(writing_entry(files.texts))
        write_new({**_schema(folder), **texts})
        if files.left_out:
            journal.keep(left_out_entry(files.left_out))
        else:
            journal.remove()
    print_files(files, accounts, folder, output)
    return FAILED if files.left_out else OK


def _patch(
    paths: Sequence[str],
    folder: Path,
    names: tuple[str, ...],
    timeout: float,
    connection: ConnectionOptions,
) -> int:
    around = declared(paths, folder, frozenset())
    refuse_elsewhere(around, folder)
    runtime = connection.open("import", around.source.revision)
    work = Import(runtime, NothingKept(), around, names, timeout, anew=True)
    accounts, errors = asyncio.run(work.read())
    if errors:
        return failed(errors, kept=False)
    refuse_unknown(names, accounts)
    return print_patch(around, AccountsRead(accounts, runtime.clock.now(), names), folder)


def _files(work: Import, accounts: Sequence[AccountRead]) -> ImportedFiles:
    """Return the files that are valid beside what is declared. Raises ControllerError for an unknown name."""
    refuse_unknown(work.names, accounts)
    try:
        return checked_files(
            accounts,
            work.around.surroundings,
            beside=work.around.source.files,
            schemas=schemas.load(),
            rules=work.around.rules,
            now=work.runtime.clock.now(),
            names=work.names,
        )
    except Unfit as unfit:
        raise ManifestError(unfit.problems) from None


def _schema(folder: Path) -> Mapping[str, str]:
    """Return the schema for editors, if the folder has none yet."""
    path = folder / SCHEMA
    return {} if path.exists() else {path.as_posix(): schemas.any_kind()}
