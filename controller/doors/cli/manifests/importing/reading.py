"""The reading of an import: what is declared, and every account, within the limits."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import Protocol

import click

from controller.core.closest import did_you_mean
from controller.core.importing.account import AccountRead, readable
from controller.core.importing.files import WEBHOOKS_FILE, NewPartner, Surroundings
from controller.core.importing.journal import Answers, Entry, answers_of
from controller.core.planning.match import phone_of
from controller.doors.app import Runtime, open_reader
from controller.doors.cli.exits import CONVERGING, code_of, worst
from controller.doors.cli.manifests.new.writing import existing
from controller.doors.cli.partners import for_each_partner
from controller.doors.cli.source.load import decode_source
from controller.edges import settings
from controller.edges.source import directory
from controller.errors import ControllerError, ManifestError, OutOfTime
from controller.loop.ports import Account, Reader
from controller.loop.read_account import Journal, read_apps, read_list
from controller.model.manifest import Bucket, Desired, Partner
from controller.model.problem import ENVIRONMENT
from controller.model.source import Rules, Source

_READS = 3
"""Calls for one app: its token, its WABA and its webhooks."""


@dataclass(frozen=True, slots=True)
class Around:
    """What is declared beside the import, which does not count what an earlier try of it wrote."""

    source: Source
    desired: Desired
    rules: Rules
    webhooks_file: str

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
            self.webhooks_file,
        )


def declared(paths: Sequence[str], folder: Path, written: frozenset[str]) -> Around:
    """Read what is declared. Raises ManifestError if it is not valid."""
    there = (str(folder),) if os.path.lexists(folder) else ()
    source, rules = directory.read((*existing(paths), *there)), settings.rules(os.environ)
    ours = {str((folder / path).resolve()) for path in written}
    kept = tuple(file for file in source.files if str(Path(file.path).resolve()) not in ours)
    beside = Source(source.identity, source.revision, kept, source.problems)
    decoded = decode_source(beside, rules)
    if decoded.desired is None:
        raise ManifestError(decoded.problems)
    return Around(beside, decoded.desired, rules, _webhooks_file(folder, written))


def _webhooks_file(folder: Path, written: frozenset[str]) -> str:
    """Return the first name that no file has, or one that this import wrote: earlier imports made others."""
    first = Path(WEBHOOKS_FILE)
    later = (f"{first.stem}-{number}{first.suffix}" for number in count(2))
    names = chain((WEBHOOKS_FILE,), later)
    return next(name for name in names if name in written or not os.path.lexists(folder / name))


class Kept(Journal, Protocol):
    """A journal with the lines of an earlier try."""

    @property
    def entries(self) -> Sequence[Entry]: ...


class NothingKept:
    """The journal of a run that writes nothing to the disk."""

    entries: Sequence[Entry] = ()

    def append(self, entry: Entry) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Import:
    """One run: it reads every partner, and what the journal holds is not read again.

    *anew*: what manifests declare is read, too.
    """

    runtime: Runtime
    journal: Kept
    around: Around
    names: tuple[str, ...]
    seconds: float
    anew: bool = False

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
        answers = answers_of(self.journal.entries, account.upstream, account.clock.now())
        if answers is None:
            answers = await read_list(account, self.journal, until)
        read = self._read_of(account, answers)
        rows = readable(replace(read, declared=frozenset()) if self.anew else read, self.names)
        missing = [row for row in rows if row.id not in answers.subscriptions]
        if missing:
            click.echo(_beginning(account.partner, len(rows), len(missing)), err=True)
        on_read = _progress(account.partner.name, len(rows) - len(missing))
        await read_apps(account, answers, self.journal, missing, until, on_read, whole=self.anew)
        return self._read_of(account, answers)

    def _read_of(self, account: Account[Reader], answers: Answers) -> AccountRead:
        declared = [app for app in self.around.desired.apps if app.partner == account.partner.name]
        ids, phones = {app.app_id for app in declared}, {app.phone for app in declared}
        known = frozenset(
            row.id for row in answers.rows if row.id in ids or phone_of(row, answers.facts) in phones
        )
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


def failed(errors: Mapping[str, ControllerError], *, kept: bool) -> int:
    """Print why partners could not be read, and return the exit code. *kept*: a journal has what was read."""
    for name, error in sorted(errors.items()):
        click.echo(f"Error: partner {name}: {error}", err=True)
    if kept and any(isinstance(error, OutOfTime) for error in errors.values()):
        click.echo("What was read is kept: run the same command again to go on.", err=True)
    return worst(CONVERGING if isinstance(error, OutOfTime) else code_of(error) for error in errors.values())


def refuse_unknown(names: Sequence[str], accounts: Sequence[AccountRead]) -> None:
    """Raise ControllerError if one of *names* is that of no app."""
    known = {row.name for account in accounts for row in account.rows}
    for name in names:
        if name not in known:
            mean = did_you_mean(name, known)
            raise ControllerError(f"--only {name}: no app of this account has that name{mean}")
