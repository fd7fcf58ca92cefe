"""`gupshupctl run`: a process that keeps Gupshup as the manifests say, until a signal ends it."""

import asyncio
import random
import signal
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from functools import partial

import click
from click.core import ParameterSource

from controller.doors.app import join_replicas, open_session
from controller.doors.cli.exits import INTERRUPTED, OK
from controller.doors.cli.options.arguments import DEFAULT_PATH
from controller.doors.cli.options.connection import ConnectionOptions, connection_options
from controller.doors.cli.options.git import GitOptions, git_options
from controller.doors.cli.options.listen import listen_options
from controller.doors.cli.options.mirrored import option, variable
from controller.doors.cli.options.output import OutputOptions, output_options
from controller.doors.cli.options.values import Duration, Releases, Word, digests
from controller.doors.cli.output.run_outputs import RunOutputs
from controller.doors.cli.run_once import run_once
from controller.doors.cli.signals import end_signals
from controller.doors.cli.source.location import (
    Branch,
    SourceLocation,
    decode_in_thread,
    open_source,
    watch_source,
)
from controller.doors.tokens import log_warning
from controller.doors.web import ListenOptions
from controller.errors import Usage
from controller.loop.run.controller import Controller
from controller.loop.run.partner_loop import LoopContext
from controller.loop.run.source_watcher import SourceWatcher
from controller.loop.run.timers import Timers
from controller.model.passes import Timing


@click.command()
@option(
    "--manifests", multiple=True, metavar="DIR", help=f"A folder of manifests; {DEFAULT_PATH} by default."
)
@git_options
@option(
    "--interval",
    type=Duration(),
    default="1m",
    show_default=True,
    help="Time between two lists of a partner.",
)
@option(
    "--drift-interval",
    type=Duration(),
    help="Time between two checks of an app's subscriptions. By default 15m; longer for many apps.",
)
@option(
    "--mode",
    type=Word(["enforce", "observe"]),
    default="enforce",
    show_default=True,
    help="With observe, nothing is written.",
)
@listen_options
@option("--notify-url-file", metavar="FILE", help="Services to notify if a person is needed, one URL a line.")
@option("--metrics-per-resource", is_flag=True, help="Show each resource by itself at /metrics.")
@option("--once", is_flag=True, help="Do what can be done now, then end, with the exit codes of apply.")
@option(
    "--release",
    multiple=True,
    metavar="DIGEST",
    help="Accept a source that lost too much. The log shows its digest.",
)
@output_options("text", "json", "markdown", "github")
@partial(connection_options, level="info")
def command(  # noqa: PLR0913  (one parameter an option, all by keyword)
    *,
    manifests: tuple[str, ...],
    git: GitOptions,
    interval: float,
    drift_interval: float | None,
    mode: str,
    listen: ListenOptions,
    notify_url_file: str | None,
    metrics_per_resource: bool,
    once: bool,
    release: tuple[str, ...],
    printing: OutputOptions,
    connection: ConnectionOptions,
) -> int:
    """Keep Gupshup as the manifests say: check again and again, and make only the calls that close the gap.

    SIGTERM ends it with 0, after the calls that are under way. If the source is bad, empty or shrunken, it is
    reported, and the last good revision stays in force. With --once, such a source exits with 3 or 4 each
    time; -o is the form of the report, and --output-file and --show-phones are about it, too.
    """
    location = _location(manifests, git, connection)
    released = digests(release)
    if once and mode == "observe":
        raise Usage(
            f"run --once writes as apply does, and {_as_given('mode')}; to write nothing, use gupshupctl plan"
        )
    if printing.files and not once:
        raise Usage("--output-file is about the report of run --once; without it, there is no report")
    if once:
        return run_once(location, connection, released, printing)
    timing = Timing(interval, drift_interval, enforce=mode == "enforce")
    outputs = RunOutputs(listen, notify_url_file, per_resource=metrics_per_resource)
    return asyncio.run(_run(location, connection, outputs, timing, released))


def _location(manifests: tuple[str, ...], git: GitOptions, connection: ConnectionOptions) -> SourceLocation:
    if git.url is None:
        return manifests or (DEFAULT_PATH,)
    if manifests:
        raise Usage("give either --manifests or --git")
    if not connection.store:
        raise Usage("run --git needs --store: a folder that outlives this process, or a PostgreSQL database")
    return Branch(git.remote(git.url, connection), git.copy)


def _as_given(name: str) -> str:
    """Return an option with its value, as it was given: by its flag, or by a variable set for many runs."""
    context = click.get_current_context()
    flag, value = f"--{name}", context.params[name]
    by_variable = context.get_parameter_source(name) is ParameterSource.ENVIRONMENT
    return f"{variable([flag])} is {value}" if by_variable else f"{flag} is {value}"


async def _run(
    location: SourceLocation,
    connection: ConnectionOptions,
    outputs: RunOutputs,
    timing: Timing,
    released: Releases,
) -> int:
    """Run the controller and its outputs until a signal ends it, and return the exit code."""
    stopping = asyncio.Event()
    timers = Timers()
    async with outputs.open() as opened:
        runtime = replace(
            connection.open("run", ""), on_call=opened.metrics.sent, endless=True, warn=log_warning
        )
        async with (
            runtime.store,
            open_source(location, runtime.clock) as source,
            join_replicas(runtime, stopping, enforce=timing.enforce) as elections,
        ):
            observability = opened.observability(runtime)
            context = LoopContext(
                sign_in=partial(open_session, runtime, stopping=stopping.is_set),
                hints=runtime.store.hints,
                reads=runtime.store.source_reads,
                clock=runtime.clock,
                timing=timing,
                triggers=timers,
                on_pass=observability.on_pass,
                chance=random.random,
                stopping=stopping,
                elections=elections,
                ci=bool(runtime.environ.get("CI")),
                store_words=runtime.store_words,
            )
            revisions, clock, admits = runtime.store.revisions, runtime.clock, timing.enforce
            watcher = SourceWatcher(source, revisions, decode_in_thread, clock, set(released), admits=admits)
            controller = Controller(watcher, context)
            received = _stop_on_signals(controller)
            watch = watch_source(location, controller.source_changed, stopping)
            start = opened.start(observability, controller, runtime, observe=not timing.enforce)
            await _run_beside(controller.run(), [asyncio.create_task(watch), *start], timers)
    return INTERRUPTED if signal.SIGINT in received else OK


async def _run_beside(
    main: Coroutine[object, object, None], beside: Sequence[asyncio.Task[None]], timers: Timers
) -> None:
    """Run *main* to its end. If a task *beside* it fails first, cancel *main* and raise the error."""
    timers.start()
    try:
        await _first(asyncio.ensure_future(main), beside)
    finally:
        timers.end()
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


async def _first(main: asyncio.Future[None], beside: Sequence[asyncio.Task[None]]) -> None:
    waiting: set[asyncio.Future[None]] = {main, *beside}
    while not main.done():
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        failed = [task.exception() for task in done if task is not main and task.exception()]
        if failed and not main.done():
            main.cancel()
            await asyncio.wait([main])
            raise failed[0] or AssertionError
    await main


def _stop_on_signals(controller: Controller) -> list[signal.Signals]:
    """Let end signals and SIGINT stop the controller in order. The returned list fills as they arrive."""
    received: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        received.append(number)
        controller.stop()

    loop = asyncio.get_running_loop()
    for number in (*end_signals(), signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    return received
