"""Kill the process after any call of the store or of Gupshup: the next one gets there, and links once."""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from itertools import count, pairwise
from pathlib import Path

import pytest

from controller.edges.store import open_store
from controller.errors import Busy, Limited
from controller.model.manifest import AppId, Settle
from controller.model.upstream import LinkedWithoutCallback
from tests.builders.manifest import CALLBACK
from tests.clock import FakeClock
from tests.loop.apply_fixture import Fuse, Killed, app, bench, brittle, events
from tests.loop.fake_gupshup import NEVER, Gupshup, Lose, Reply

pytestmark = pytest.mark.usefixtures("unmeasured")

QUICK = Settle(late_effect=6, stale_list=2)
PROOF = QUICK.late_effect + QUICK.stale_list
DECLARED = (app(), events())


@pytest.mark.parametrize(
    ("replies", "stale"),
    [
        pytest.param((), 1.5, id="lists lag"),
        pytest.param((Lose(),), 1.5, id="the reply is lost and lists lag"),
        pytest.param((Lose(after=5.0),), 1.5, id="the effect is late and lists lag"),
        pytest.param((Lose(after=NEVER),), 0.0, id="it never arrives"),
        pytest.param((LinkedWithoutCallback(AppId("a"), "no"),), 0.0, id="the callback is refused"),
        pytest.param((Limited("429", 1_700_000_003.0),), 0.0, id="it is turned away"),
    ],
)
async def test_a_process_killed_after_any_call_is_finished_by_the_next_with_one_link(
    tmp_path: Path, replies: Sequence[Reply], stale: float
) -> None:
    fresh = tmp_path / "fresh.db"
    await open_store(fresh, FakeClock(), inline=True).close()
    for crossing in count(1):
        path = Path(shutil.copy(fresh, tmp_path / f"{crossing}.db"))
        remote = Gupshup(FakeClock(), live_after=2, stale=stale)
        remote.on("link", *replies)
        died = await _dies(path, remote, Fuse(crossing))
        async with bench(path, remote, QUICK) as there:
            run = await there.go(*DECLARED)
            entries = await there.history()
            memory = await there.memory()

        assert (remote.faults, run.error) == ([], None), crossing
        (linked,) = remote.apps
        assert memory.bindings["910000000001"].app_id == linked
        assert not memory.intents
        assert remote.callbacks == {linked: CALLBACK}
        assert list(remote.subs[linked]) == ["events"]
        assert _spaced(remote, replies), (crossing, remote.posts)
        assert len(entries) >= len(remote.writes), "each write has a line, written before it"
        assert sum(entry.outcome == "" for entry in entries) <= died
        if not died:
            return


async def _dies(path: Path, remote: Gupshup, fuse: Fuse) -> bool:
    """Run a process until *fuse* blows or all is done, and say which."""
    async with bench(path, remote, QUICK) as there:
        with suppress(Killed, BaseExceptionGroup):
            await there.go(*DECLARED, account=brittle(there, fuse))
        return fuse.blown


def _spaced(remote: Gupshup, replies: Sequence[Reply]) -> bool:
    """Say whether each further link came after one that was turned away, or was proven to be absent."""
    turned_away = sum(isinstance(each, Busy) for each in replies)
    times = [at for at, _ in remote.posts[turned_away:]]
    return all(later - sooner >= PROOF for sooner, later in pairwise(times))
