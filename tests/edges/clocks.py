"""A clock for stores in tests: time is what the test says, and sleeping takes none of it."""

from dataclasses import dataclass


@dataclass
class TestClock:
    """Epoch seconds that move when slept, or by hand; *offset* is how the wall was set."""

    __test__ = False

    time: float = 1_700_000_000.0
    offset: float = 0.0
    boot: str = ""

    def now(self) -> float:
        return self.time + self.offset

    def monotonic(self) -> float:
        return self.time - 1_600_000_000.0

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
