"""Settings of one run of the simulated Gupshup."""

from dataclasses import dataclass, field

from controller.simulator.accounts import PartnerAccount
from controller.simulator.faults.fault import Fault
from controller.simulator.switches import Switches


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    """The settings of one run. Equal settings, clock and calls give equal answers.

    Apps are provisioned in virtual seconds. *time_scale* of them pass in one second of the clock.
    """

    seed: int = 1
    time_scale: float = 60.0
    switches: Switches = field(default_factory=Switches)
    faults: tuple[Fault, ...] = ()
    partners: tuple[PartnerAccount, ...] = (PartnerAccount(),)
    deliver_any: bool = False
