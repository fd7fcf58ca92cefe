"""Waits: each member has a row, and the page of reasons has the same."""

import re
from pathlib import Path

from controller.core.planning.waits import BY_REASON, WAITS
from controller.model.plan import WaitFor

PAGE = Path(__file__).parents[3] / "docs" / "reasons.md"


def test_each_wait_has_a_row() -> None:
    assert WAITS.keys() == set(WaitFor)


def test_each_wait_has_a_reason_of_its_own() -> None:
    assert len(BY_REASON) == len(WAITS)


def test_the_page_of_reasons_says_which_wait_a_reason_stands_for() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `([\w-]+)` \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert dict(rows) == {wait.reason: str(wait_for) for wait_for, wait in WAITS.items()}
