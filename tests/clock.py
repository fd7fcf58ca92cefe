"""A clock for tests: time is what the test says, and sleeping takes none of it."""

import asyncio
from dataclasses import dataclass


@dataclass
class FakeClock:
    """Epoch seconds that move when slept, or by hand; *offset* is how the wall was set."""

    time: float = 1_700_000_000.0
    offset: float = 0.0
    boot: str = ""

    def now(self) -> float:
        return self.time + self.offset

    def monotonic(self) -> float:
        return self.time - 1_600_000_000.0

    async def sleep(self, seconds: float) -> None:
        """Let so much time pass, and others have their turn."""
        self.time += seconds
        await asyncio.sleep(0)
