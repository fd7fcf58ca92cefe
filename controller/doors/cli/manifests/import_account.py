"""`gupshupctl import`: a live account becomes manifests. Its client sends GET requests and sign-ins only."""

import asyncio
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from controller.core.importing.account import AccountRead, LeftOut, readable
from controller.core.importing.check import Unfit, checked_files
from controller.core.importing.files import SCHEMA, ImportedFiles, NewPartner, Surroundings
from controller.core.importing.journal import Answers, answers_of, begun_writing, writing_entry
from controller.doors.app import Runtime, open_reader
from controller.doors.cli.exits import CONVERGING, FAILED, OK, code_of, worst
from controller.doors.cli.manifests.new.writing import source_paths
from controller.doors.cli.options.arguments import output_option, paths_argument
from controller.doors.cli.options.connection import ConnectionOptions, connection_options
from controller.doors.cli.options.mirrored import option
from controller.doors.cli.options.values import Duration
from controller.doors.cli.partners import for_each_partner
from controller.doors.cli.source.load import decode_source
from controller.edges import settings
from controller.edges.journal import JournalFile
from controller.edges.new_files import sole_writer, write_new
from controller.edges.source import directory, schemas
from controller.errors import ControllerError, ManifestError, OutOfTime
from controller.loop.ports import Account, Reader
from controller.loop.read_account import read_apps, read_list
from controller.model.manifest import Bucket, Desired, Partner
from controller.model.problem import ENVIRONMENT
from controller.model.source import Rules, Source

_JOURNAL = ".import.jsonl"
_READS = 3
"""Calls for one app: its token, its WABA and its webhooks."""


@click.command("import")
@paths_argument
@option("--out", required=True, metavar="DIR", help="The folder for the manifests.")
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
def command(
    *,
    paths: tuple[str, ...],
    out: str,
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
    folder = Path(out)
    names = tuple(name.removeprefix("App/") for name in only)
    with sole_writer(folder):
        journal = JournalFile(folder / _JOURNAL)
        around = _declared(paths, folder, begun_writing(journal.entries))
        runtime = connection.open("import", around.source.revision)
        work = _Import(runtime, journal, around, names, timeout)
        accounts, errors = asyncio.run(work.read())
        if errors:
            return _failed(errors)
        files = _files(work, accounts)
        texts = {f"{folder.as_posix()}/{path}": text for path, text in files.texts.items()}
        if schema := _schema(folder):
            texts = {**schema, **texts}
        journal.append(writing_entry(files.texts))
        for parent in sorted({Path(path).parent for path in texts}):
            parent.mkdir(parents=True, exist_ok=True)
        write_new(texts)
        journal.remove()
    _print(files, accounts, folder, output)
    return FAILED if files.left_out else OK


@dataclass(frozen=True, slots=True)
class _Around:
    """What is declared beside the import, which does not count what an earlier try of it wrote."""

    source: Source
    desired: Desired
    rules: Rules

    @property
    def surroundings(self) -> Surroundings:
        first, desired = self.desired.partners[0], self.desired
        usual = self.rules.url == Rules().url
        new = NewPartner(first.name, None if usual else self.rules.url)
        return Surroundings(
            frozenset(app.name for app in desired.apps),
            frozenset(one.name for one in desired.subscriptions),
            len(desired.partners),
            new if first.place == ENVIRONMENT else None,
        )


def _declared(paths: Sequence[str], folder: Path, written: frozenset[str]) -> _Around:
    """Read what is declared. Raises ManifestError if it is not valid."""
    source, rules = directory.read(source_paths(paths, str(folder))), settings.rules(os.environ)
    ours = {str((folder / path).resolve()) for path in written}
    kept = tuple(file for file in source.files if str(Path(file.path).resolve()) not in ours)
    beside = Source(source.identity, source.revision, kept, source.problems)
    decoded = decode_source(beside, rules)
    if decoded.desired is None:
        raise ManifestError(decoded.problems)
    return _Around(beside, decoded.desired, rules)


@dataclass(frozen=True, slots=True)
class _Import:
    """One run: it reads every partner, and what the journal holds is not read again."""

    runtime: Runtime
    journal: JournalFile
    around: _Around
    names: tuple[str, ...]
    seconds: float

    async def read(self) -> tuple[list[AccountRead], Mapping[str, ControllerError]]:
        accounts: dict[str, AccountRead] = {}

        async def read_one(partner: Partner) -> None:
            async with open_reader(self.runtime, partner) as account:
                accounts[partner.name] = await self._account(account)

        async with self.runtime.store:
            errors = await for_each_partner(self.around.desired.partners, read_one)
        return [accounts[name] for name in sorted(accounts)], errors

    async def _account(self, account: Account[Reader]) -> AccountRead:
        until = account.clock.now() + self.seconds
        answers = self._kept(account)
        if answers is None:
            answers = await read_list(account, self.journal, until)
        rows = readable(self._read_of(account, answers), self.names)
        missing = [row for row in rows if row.id not in answers.subscriptions]
        if missing:
            click.echo(_beginning(account.partner, len(rows), len(missing)), err=True)
        on_read = _progress(account.partner.name, len(rows) - len(missing))
        await read_apps(account, answers, self.journal, missing, until, on_read)
        return self._read_of(account, answers)

    def _kept(self, account: Account[Reader]) -> Answers | None:
        try:
            return answers_of(self.journal.entries, account.upstream, account.clock.now())
        except (KeyError, TypeError, ValueError):
            raise self.journal.damaged() from None

    def _read_of(self, account: Account[Reader], answers: Answers) -> AccountRead:
        declared = [app for app in self.around.desired.apps if app.partner == account.partner.name]
        ids, phones = {app.app_id for app in declared}, {app.phone for app in declared}
        known = frozenset(row.id for row in answers.rows if row.id in ids or row.phone in phones)
        return AccountRead(
            account.partner, answers.partner_id, answers.rows, answers.facts, answers.wabas, known
        )


def _beginning(partner: Partner, every: int, missing: int) -> str:
    limit = partner.limits[Bucket.OTHER]
    seconds = missing * _READS * limit.seconds / limit.calls
    known = "" if missing == every else f"; {every - missing} are in the journal of an earlier try"
    return f"Partner {partner.name}: reading {missing} of {every} apps, at least {seconds:.0f} s{known}."


def _progress(partner: str, before: int) -> Callable[[int, int], None]:
    """Return what prints a line for each tenth of the apps."""

    def on_read(done: int, total: int) -> None:
        if done * 10 // total != (done - 1) * 10 // total:
            click.echo(f"Partner {partner}: {before + done} of {before + total} apps read.", err=True)

    return on_read


def _failed(errors: Mapping[str, ControllerError]) -> int:
    for name, error in sorted(errors.items()):
        click.echo(f"Error: partner {name}: {error}", err=True)
    if any(isinstance(error, OutOfTime) for error in errors.values()):
        click.echo("What was read is kept: run the same command again to go on.", err=True)
    return worst(CONVERGING if isinstance(error, OutOfTime) else code_of(error) for error in errors.values())


def _files(work: _Import, accounts: Sequence[AccountRead]) -> ImportedFiles:
    """Return the files that are valid beside what is declared. Raises ControllerError for an unknown name."""
    known = {row.name for account in accounts for row in account.rows}
    for name in work.names:
        if name not in known:
            raise ControllerError(f"--only {name}: no app of this account has that name")
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


def _print(files: ImportedFiles, accounts: Sequence[AccountRead], folder: Path, output: str) -> None:
    if output == "json":
        document = {
            "formatVersion": "1.0",
            "files": [f"{folder.as_posix()}/{path}" for path in sorted(files.texts)],
            "declared": sum(len(account.declared) for account in accounts),
            "leftOut": [_fields(each) for each in files.left_out],
        }
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    click.echo(_summary(files, accounts, folder))
    for each in files.left_out:
        click.echo(f"! left out  {_subject(each)}: {each.why}")


def _summary(files: ImportedFiles, accounts: Sequence[AccountRead], folder: Path) -> str:
    kinds = [kind for kind, _ in files.keys]
    apps, webhooks = kinds.count("App"), kinds.count("Subscription")
    before = sum(len(account.declared) for account in accounts)
    declared = f" {_counted(before, 'app')} declared before." if before else ""
    written = f"{_counted(apps, 'app')} and {_counted(webhooks, 'subscription')}"
    places = _counted(len(files.texts), "file")
    return f"{written} in {places} below {folder}.{declared} {len(files.left_out)} left out."


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _subject(each: LeftOut) -> str:
    return f"webhook {each.webhook} on {each.app}" if each.webhook else f"app {each.app} ({each.app_id})"


def _fields(each: LeftOut) -> Mapping[str, str]:
    return {
        "partner": each.partner,
        "app": each.app,
        "appId": each.app_id,
        "webhook": each.webhook,
        "why": each.why,
    }
