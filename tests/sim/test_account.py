"""What one process stands on may change while it waits: an account may turn out to be another one."""

from controller.doors.app import Runtime, open_session
from controller.errors import Busy
from controller.loop.apply import PartnerRun
from controller.loop.reconcile.state import PassRequest
from controller.model.upstream import Upstream
from tests.sim.run_dirs import run_dir
from tests.sim.scenario import SCENARIOS
from tests.sim.simulated_world import SimulatedWorld


def test_a_session_of_an_account_that_was_renamed_signs_in_anew() -> None:
    """Under that name nobody else's lock would hold."""
    desired = SCENARIOS["link"].last
    with run_dir() as context:
        sim = SimulatedWorld(SCENARIOS["link"], context)
        life, loop, clock = sim._begin_process()
        runtime = sim._runtime(life, clock, "run", desired)
        lives: list[Runtime] = [runtime]

        async def main() -> None:
            async with open_session(runtime, desired.partners[0]) as session:
                async with session.writing():
                    pass
                await runtime.store.accounts.join(session.account.upstream, Upstream("elsewhere#1"))
                async with session.writing():
                    pass

        ended = sim._live(life, loop, PartnerRun(PassRequest(desired, desired)), main, lives)
    assert isinstance(ended.error, Busy)
    assert "this process signs in again" in str(ended.error)
