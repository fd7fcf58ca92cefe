"""All of `run` but its options: the source, the loop and the doors of one process, and its end."""

import asyncio
import os
import random
import signal
import tempfile
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from controller.doors.app import join_replicas, open_session
from controller.doors.cli.exits import INTERRUPTED, OK
from controller.doors.cli.load import decoded
from controller.doors.cli.outward import Outward
from controller.doors.cli.reach import Reach
from controller.doors.cli.signals import ending
from controller.edges import log, settings
from controller.edges.source.changes import changes
from controller.edges.source.git import Access, GitSource, HttpsLogin, Remote, Signers, SshKey
from controller.edges.source.settling import QUIET
from controller.edges.source.sources import BranchSource, FolderSource
from controller.errors import Usage
from controller.loop.run.controller import Controller
from controller.loop.run.partner_loop import LoopContext
from controller.loop.run.source_watcher import SourceWatcher
from controller.loop.run.timers import Timers
from controller.model.clock import Clock
from controller.model.manifest import FromEnv, FromFile
from controller.model.passes import Timing
from controller.model.source import Decoded, Source


@dataclass(frozen=True, slots=True)
class Repository:
    """Where a branch is and how to reach it, as it was typed."""

    url: str
    branch: str | None
    path: str
    copy: str | None
    user: str
    token_file: str | None
    ssh_key: str | None
    known_hosts: str | None
    signers: str | None
    revoked: str | None
    proxy: str | None
    ca_file: str | None

    def remote(self) -> Remote:
        """Return it checked. Raises Usage."""
        signers = Signers(self.signers, self.revoked) if self.signers else None
        over_ssh = self.ssh_key is not None
        return Remote(
            self.url,
            self.branch,
            self.path,
            self._access(),
            signers,
            None if over_ssh else self.ca_file,
            None if over_ssh else self.proxy,
        )

    def _access(self) -> Access | None:
        if self.ssh_key is not None:
            if self.known_hosts is None:
                raise Usage("--git-ssh-key needs --git-known-hosts: no host is believed by itself")
            return SshKey(self.ssh_key, self.known_hosts)
        if self.token_file is not None:
            return HttpsLogin(FromFile(self.token_file), self.user)
        named = os.environ.get("GUPSHUPCTL_GIT_TOKEN") or os.environ.get("GUPSHUPCTL_GIT_TOKEN_FILE")
        return HttpsLogin(FromEnv("GUPSHUPCTL_GIT_TOKEN"), self.user) if named else None


Where: TypeAlias = tuple[str, ...] | Repository
"""Folders, or a branch of a repository."""


async def keep(where: Where, reach: Reach, outward: Outward, tempo: Timing, released: frozenset[str]) -> int:
    """Keep Gupshup as *where* says until a signal ends it."""
    stopping = asyncio.Event()
    timers = Timers()
    async with outward.opened() as open_:
        house = reach.open("run", "", open_.metrics.sent)
        async with (
            house.store,
            origin_of(where, house.clock) as origin,
            join_replicas(house, stopping, enforce=tempo.enforce) as spread,
        ):
            telling = open_.telling(house)
            context = LoopContext(
                sign_in=partial(open_session, house, stopping=stopping.is_set),
                hints=house.store.hints,
                clock=house.clock,
                timing=tempo,
                triggers=timers,
                on_pass=telling.on_pass,
                chance=random.random,
                stopping=stopping,
                elections=spread,
                ci=bool(house.environ.get("CI")),
            )
            revisions = house.store.revisions
            watched = SourceWatcher(origin, revisions, decode, house.clock, released, admits=tempo.enforce)
            controller = Controller(watched, context)
            came = _stop_on_signals(controller)
            timers.start()
            beside = [
                asyncio.create_task(_watch(where, controller, stopping)),
                *open_.doors(telling, controller, house, observe=not tempo.enforce),
            ]
            try:
                await _first(controller.run(), beside)
            finally:
                timers.end()
                await _cancelled(beside)
    return INTERRUPTED if signal.SIGINT in came else OK


async def _first(main: Coroutine[object, object, None], beside: Sequence[asyncio.Task[None]]) -> None:
    """Run *main* to its end; what goes on beside it must not fail meanwhile."""
    task = asyncio.ensure_future(main)
    waiting: set[asyncio.Future[None]] = {task, *beside}
    while not task.done():
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        failed = [each.exception() for each in done if each is not task and each.exception()]
        if failed and not task.done():
            task.cancel()
            await asyncio.wait([task])
            raise failed[0] or AssertionError
    await task


async def _cancelled(tasks: Sequence[asyncio.Task[None]]) -> None:
    for request in tasks:
        request.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def origin_of(
    where: Where, clock: Clock, quiet: float = QUIET
) -> AsyncIterator[FolderSource | BranchSource]:
    if not isinstance(where, Repository):
        yield FolderSource(where, clock.now, quiet)
        return
    remote = where.remote()
    with tempfile.TemporaryDirectory(prefix="gupshupctl-git-") as scratch:
        folder = Path(where.copy or scratch)
        yield BranchSource(GitSource(remote, folder, os.environ), remote.identity)


async def decode(source: Source) -> Decoded:
    """Decode beside the loop: ten thousand manifests take a second."""
    return await asyncio.to_thread(decoded, source, settings.rules(os.environ))


async def _watch(where: Where, controller: Controller, stopping: asyncio.Event) -> None:
    if isinstance(where, Repository):
        return
    try:
        await changes(where, controller.source_changed, stopping)
    except OSError as error:
        log.logger().warning("file watching unavailable", why=str(error), instead="read at each interval")


def _stop_on_signals(controller: Controller) -> list[signal.Signals]:
    """Have the signals that end a run, and SIGINT, end the process in peace; return which of them came."""
    came: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        came.append(number)
        controller.stop()

    loop = asyncio.get_running_loop()
    for number in (*ending(), signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    return came
