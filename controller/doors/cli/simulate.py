"""`gupshupctl simulate`: a simulated Gupshup on a port of this machine, until it is stopped."""

import asyncio
import shlex
import signal
import socket
from pathlib import Path
from types import FrameType

import click

from controller.doors.cli.exits import INTERRUPTED, OK
from controller.doors.cli.options.mirrored import option
from controller.doors.cli.options.values import Word
from controller.simulator import (
    Fault,
    FaultFileError,
    LoggedCall,
    PartnerAccount,
    SimulatorSettings,
    SwitchError,
    Switches,
    World,
    address,
    listen,
    parse_faults,
    parse_switches,
    server,
    steady_clock,
)

_HIGHEST_PORT = 65_535


def _listen_on(_: click.Context, __: click.Parameter, value: str) -> tuple[str, int]:
    host, _colon, port = value.rpartition(":")
    if not host or not port.isdecimal() or int(port) > _HIGHEST_PORT:
        raise click.BadParameter(
            f"{value!r} is not HOST:PORT, as in 127.0.0.1:8085 (port 0 takes a free one)"
        )
    return host.strip("[]"), int(port)


def _switched(_: click.Context, __: click.Parameter, value: tuple[str, ...]) -> Switches:
    try:
        return parse_switches(value)
    except SwitchError as error:
        raise click.BadParameter(str(error)) from error


def _faults_of(_: click.Context, __: click.Parameter, value: Path | None) -> tuple[Fault, ...]:
    if value is None:
        return ()
    try:
        return parse_faults(value.read_text(encoding="utf-8"), str(value))
    except FaultFileError as error:
        raise click.ClickException(f"the faults cannot be used:\n{error}") from error
    except (OSError, ValueError) as error:
        raise click.ClickException(f"cannot read the faults in {value}: {error}") from error


@click.command(
    "simulate",
    help="Run a simulated Gupshup on this machine. It prints variables to export, and fails on demand.",
)
@option(
    "--listen",
    "place",
    metavar="HOST:PORT",
    default="127.0.0.1:8085",
    show_default=True,
    callback=_listen_on,
    help="Address to listen on. Port 0 takes a free port.",
)
@option(
    "--time-scale",
    type=click.FloatRange(0.001, 1_000_000),
    default=60.0,
    show_default=True,
    help="How many virtual seconds of provisioning pass in one real second. Limits use real time.",
)
@option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    help="Seed of what is random: ids, tokens, durations, faults by probability.",
)
@option(
    "--faults",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    callback=_faults_of,
    help="A YAML or JSON list of faults (docs/simulator.md).",
)
@option(
    "--switch",
    "switches",
    metavar="NAME=VALUE",
    multiple=True,
    callback=_switched,
    help="Change the answer to an open question of the API. May be repeated (docs/simulator.md).",
)
@option(
    "--deliver",
    type=Word(["loopback", "any"]),
    default="loopback",
    show_default=True,
    help="Where events are posted: to this machine only, or to any address. All others are recorded.",
)
@option(
    "--email",
    default="partner@example.com",
    show_default=True,
    help="The e-mail address of the one partner account.",
)
@option(
    "--secret",
    default="pretend-secret",
    show_default=True,
    help="Its client secret. It is printed, so invent one.",
)
@option("--log-calls", is_flag=True, help="Write one line for each call on stderr.")
def command(  # noqa: PLR0913 - one parameter an option, all by keyword
    *,
    place: tuple[str, int],
    time_scale: float,
    seed: int,
    faults: tuple[Fault, ...],
    switches: Switches,
    deliver: str,
    email: str,
    secret: str,
    log_calls: bool,
) -> int:
    partner = PartnerAccount(email=email, secret=secret)
    settings = SimulatorSettings(seed, time_scale, switches, faults, (partner,), deliver_any=deliver == "any")
    world = World(steady_clock(), settings)
    if log_calls:
        world.on_call = _print_call
    with _socket(*place) as listening:
        _print_export("GUPSHUP_URL", address(listening))
        _print_export("GUPSHUP_EMAIL", email)
        _print_export("GUPSHUP_SECRET", secret)
        stopped_by = _serve(world, listening)
    return INTERRUPTED if stopped_by == signal.SIGINT else OK


def _socket(host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except (OSError, UnicodeError) as error:
        wanted = f"{host}:{port}"
        raise click.ClickException(
            f"cannot listen on {wanted}: {error}; choose another address with --listen (0: a free port)"
        ) from error


def _print_export(name: str, value: str) -> None:
    print(f"export {name}={shlex.quote(value)}", flush=True)


def _print_call(call: LoggedCall) -> None:
    effect = " effect" if call.effect else ""
    fault = f" fault={call.fault}" if call.fault else ""
    click.echo(
        f"{call.at:.3f} {call.method} {call.path!a} {call.route or '-'} {call.status}{effect}{fault}",
        err=True,
    )


def _serve(world: World, listening: socket.socket) -> int:
    """Serve until a signal arrives, and return the signal.

    The server passes signals on after its end. Here a signal is only recorded, so that the end stays clean.
    """
    received = []

    def record(number: int, _: FrameType | None) -> None:
        received.append(number)

    before = {number: signal.signal(number, record) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        asyncio.run(server(world).serve(sockets=[listening]))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return received[0] if received else 0
