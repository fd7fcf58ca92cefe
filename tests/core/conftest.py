"""What every table of the core begins with."""

import pytest

from controller.core.decode.urls import url_problem


@pytest.fixture(autouse=True)
def nothing_is_known_yet() -> None:
    """Let no test pass on what another one's answer left behind: a mutant would never be asked."""
    url_problem.cache_clear()
