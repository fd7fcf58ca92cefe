"""Gupshup's Partner API, the only room that knows its URLs, JSON keys and status codes.

`reader` and `writer` are the doors: values and exceptions of ours come out, whatever the wire does.
"""

from controller.edges.gupshup.forms import SubscriptionForm
from controller.edges.gupshup.gate import Gate, Slot
from controller.edges.gupshup.network import Network
from controller.edges.gupshup.reader import Reader
from controller.edges.gupshup.routes import app_id, subscription_id
from controller.edges.gupshup.session import Session
from controller.edges.gupshup.signin import Reveal, SignIn
from controller.edges.gupshup.wire import Holds, Wire
from controller.edges.gupshup.writer import Writer
from controller.model.clock import Clock
from controller.model.manifest import Partner

__all__ = [
    "Gate",
    "Network",
    "Reader",
    "Reveal",
    "Slot",
    "SubscriptionForm",
    "Writer",
    "app_id",
    "reader",
    "subscription_id",
    "writer",
]

_DIRECT = Network()


def _unchallenged() -> bool:
    return True


def reader(
    partner: Partner, *, reveal: Reveal, gate: Gate, clock: Clock, network: Network = _DIRECT
) -> Reader:
    """Return a client for *partner* whose wire refuses to write. Close it by `async with`."""
    wire = Wire(partner.url, network=network, gate=gate, clock=clock, may_write=None)
    return Reader(Session(wire, SignIn(wire, partner, reveal, clock), clock))


def writer(
    partner: Partner,
    *,
    reveal: Reveal,
    gate: Gate,
    clock: Clock,
    network: Network = _DIRECT,
    holds: Holds = _unchallenged,
) -> Writer:
    """Return a client for *partner* that also writes. Close it by `async with`.

    *holds* is asked right before the bytes of each write go; where it says no, that write is Busy.
    """
    wire = Wire(partner.url, network=network, gate=gate, clock=clock, may_write=holds)
    return Writer(Session(wire, SignIn(wire, partner, reveal, clock), clock))
