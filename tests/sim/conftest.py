"""Simulated runs are not measured for coverage: others execute the same, and it adds half to the time."""

import pytest


@pytest.fixture(autouse=True)
def _unmeasured(unmeasured: None) -> None:
    """Ask for it everywhere."""
