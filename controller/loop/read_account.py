"""Reading of a whole account for an import: every app's WABA, phone and webhooks, within the limits."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Protocol, TypeVar

from controller.core.importing.journal import (
    Answers,
    Entry,
    details_entry,
    list_entry,
    subscriptions_entry,
    waba_entry,
)
from controller.core.schedule.intervals import poll
from controller.errors import Busy, ControllerError, Denied, OutOfTime, Rejected, Unclear
from controller.loop.ports import Account, Reader
from controller.loop.reconcile.gather import gather
from controller.loop.reconcile.observe import CONCURRENT_READS, listed
from controller.model.clock import Clock
from controller.model.upstream import ReadFailed, Row

TRIES = 3
"""Tries of one read, waits for a limit aside, before its app is left out."""

T = TypeVar("T")


class Journal(Protocol):
    """Keeps what was read, line by line."""

    def append(self, entry: Entry) -> None: ...


OnRead = Callable[[int, int], None]
"""Called with how many apps were read, and of how many."""


async def read_list(account: Account[Reader], journal: Journal, until: float) -> Answers:
    """Read the list of apps. Raises Busy or Unclear if it cannot be read whole by *until* (epoch seconds)."""
    failures = 0
    while True:
        try:
            listing = await listed(account, until)
        except Busy as error:
            failures += 1
            await _wait(account.clock, error, failures, until)
            continue
        answers = Answers(await account.remote.sign_in(), listing.rows, listing.at)
        journal.append(list_entry(account.upstream, answers))
        return answers


async def read_apps(  # noqa: PLR0913  (what is read, where to, and how)
    account: Account[Reader],
    answers: Answers,
    journal: Journal,
    rows: Collection[Row],
    until: float,
    on_read: OnRead,
    *,
    whole: bool = False,
) -> None:
    """Read into *answers* what is missing about *rows*. What fails for good is a ReadFailed there.

    Of a live app without a WABA, the rest is read only if *whole*: a manifest may declare it.

    Raises OutOfTime if a limit asks for a wait beyond *until* (epoch seconds); the journal keeps the rest.
    """
    slots, done = asyncio.Semaphore(CONCURRENT_READS), 0

    async def one(row: Row) -> None:
        nonlocal done
        async with slots:
            await _read_app(account, answers, journal, row, until, whole=whole)
        done += 1
        on_read(done, len(rows))

    await gather(one(row) for row in rows)


async def _read_app(
    account: Account[Reader], answers: Answers, journal: Journal, row: Row, until: float, *, whole: bool
) -> None:
    """Read the WABA first: without one, no manifest can declare an app, so that no more is read of it."""
    remote, clock, upstream = account.remote, account.clock, account.upstream
    if row.id not in answers.wabas:
        found = await _patient(lambda: remote.waba(row.id), clock, until)
        answers.wabas[row.id] = found if isinstance(found, ReadFailed) else found.waba_id
        if not isinstance(found, ReadFailed):
            journal.append(waba_entry(upstream, row.id, found.waba_id))
    if isinstance(answers.wabas[row.id], ReadFailed) or not (answers.wabas[row.id] or (whole and row.live)):
        return
    if row.phone is None and row.id not in answers.details:
        details = await _patient(lambda: remote.details(row.id), clock, until)
        answers.details[row.id] = details
        if not isinstance(details, ReadFailed):
            journal.append(details_entry(upstream, row.id, details))
    if row.id not in answers.subscriptions:
        webhooks = await _patient(lambda: remote.subscriptions(row.id), clock, until)
        answers.subscriptions[row.id] = webhooks
        if not isinstance(webhooks, ReadFailed):
            journal.append(subscriptions_entry(upstream, row.id, webhooks))


async def _patient(read: Callable[[], Awaitable[T]], clock: Clock, until: float) -> T | ReadFailed:
    """Read, and wait for the limits. What Gupshup refuses, or fails to give TRIES times, is ReadFailed."""
    failures = 0
    while True:
        try:
            return await read()
        except (Rejected, Denied) as error:
            return ReadFailed(str(error))
        except (Busy, Unclear) as error:
            failures += not (isinstance(error, Busy) and error.until is not None)
            if failures >= TRIES:
                return ReadFailed(str(error))
            await _wait(clock, error, failures, until)


async def _wait(clock: Clock, error: ControllerError, failures: int, until: float) -> None:
    """Wait as *error* asks. Raises OutOfTime if that is later than *until*, and *error* after TRIES."""
    asked = error.until if isinstance(error, Busy) else None
    if failures >= TRIES and asked is None:
        raise error
    pause = poll(failures, 0) if asked is None else asked - clock.now()
    if clock.now() + pause > until:
        raise OutOfTime(f"the limits ask for a wait of {pause:.0f} s more: {error}", asked)
    await clock.sleep(max(pause, 0.001))
