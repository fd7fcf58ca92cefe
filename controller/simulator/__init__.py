"""The simulated Gupshup: its Partner API on this machine, without an import from the other packages.

`World` is its state, `create_app` is its HTTP interface, `server` runs it on a port of its own.
"""

from controller.simulator.accounts import PartnerAccount
from controller.simulator.app import create_app
from controller.simulator.faults.fault import Fault
from controller.simulator.faults.file import FaultFileError
from controller.simulator.faults.file import parse as parse_faults
from controller.simulator.server import address, listen, server, steady_clock
from controller.simulator.settings import SimulatorSettings
from controller.simulator.switches import SwitchError, Switches
from controller.simulator.switches import parse as parse_switches
from controller.simulator.wire import Cut
from controller.simulator.world import LoggedCall, World

__all__ = [
    "Cut",
    "Fault",
    "FaultFileError",
    "LoggedCall",
    "PartnerAccount",
    "SimulatorSettings",
    "SwitchError",
    "Switches",
    "World",
    "address",
    "create_app",
    "listen",
    "parse_faults",
    "parse_switches",
    "server",
    "steady_clock",
]
