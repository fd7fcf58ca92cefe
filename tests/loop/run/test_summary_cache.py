"""The summary cache: counted again only if a pass may have changed something."""

from dataclasses import dataclass, field

from controller.core.render.statuses import document
from controller.loop.run.summary_cache import FRESH, STALE, SummaryCache
from controller.model.passes import Pass
from controller.model.plan import Kind
from controller.model.status import Truth
from tests.builders.passes import finished_pass, transition
from tests.builders.status import condition, item_named, status_of
from tests.builders.upstream import HERE, THEM
from tests.clock import FakeClock

READY = condition("Ready")


@dataclass
class Pages:
    """A store of statuses that counts how often it is read."""

    apps: int = 1
    read_: list[str] = field(default_factory=list)

    async def read(self, upstream: str) -> dict[str, str]:
        self.read_.append(upstream)
        found = [status_of(f"a{i}", READY) for i in range(self.apps)]
        return {str(each.item): document(each) for each in found}

    async def counted(self) -> dict[str, int]:
        return {HERE: 2}

    @property
    def statuses(self) -> "Pages":
        return self

    @property
    def intents(self) -> "Pages":
        return self


def over(*, moved: bool = True) -> Pass:
    return finished_pass(transitions=(transition(None, READY, item_named("a0")),) if moved else ())


def ready(counted: SummaryCache, upstream: str = HERE) -> int:
    return counted.summary(upstream).conditions.get((Kind.APP, "Ready", Truth.TRUE), 0)


async def test_a_summary_is_cached_until_a_pass_may_have_changed_it() -> None:
    pages, clock = Pages(), FakeClock()
    counted = SummaryCache(pages, clock)
    await counted.refresh([HERE])
    pages.apps = 5
    counted.on_pass(over(moved=False))
    clock.time += FRESH + 1
    await counted.refresh([HERE])
    assert ready(counted) == 1
    counted.on_pass(over())
    await counted.refresh([HERE])
    clock.time += FRESH + 1
    await counted.refresh([HERE])
    assert ready(counted) == 5
    assert len(pages.read_) == 2, "it was counted since that pass"
    assert counted.open_intents == {HERE: 2}


async def test_many_passes_do_not_cause_many_summaries() -> None:
    pages, clock = Pages(), FakeClock()
    counted = SummaryCache(pages, clock)
    for _ in range(100):
        counted.on_pass(over())
        await counted.refresh([HERE])
        clock.time += FRESH / 20
    assert len(pages.read_) == 5


async def test_a_summary_is_refreshed_after_a_while_even_without_a_pass() -> None:
    """Another replica may have written."""
    pages, clock = Pages(), FakeClock()
    counted = SummaryCache(pages, clock)
    await counted.refresh([HERE])
    clock.time += STALE
    await counted.refresh([HERE])
    assert pages.read_ == [HERE, HERE]


async def test_an_upstream_that_is_no_longer_in_use_leaves_the_summary_cache() -> None:
    counted = SummaryCache(Pages(), FakeClock())
    await counted.refresh([HERE, THEM, ""])
    await counted.refresh([THEM])
    assert (ready(counted), ready(counted, THEM)) == (0, 1)
