"""Simulated runs are not measured for coverage: others execute the same, and it adds half to the time."""

from collections.abc import Iterator

import pytest
from coverage import Coverage


@pytest.fixture(autouse=True)
def _unmeasured() -> Iterator[None]:
    """Pause the measurement where there is one."""
    measuring = Coverage.current()
    if measuring is None:
        yield
        return
    measuring.stop()
    try:
        yield
    finally:
        measuring.start()
