"""Applies that are killed, paused and rivalled still link each app once, within every limit, to the end."""

import os
import secrets
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.torture import torture, twice

KILLS = int(os.environ.get("TORTURE_KILLS", "12"))
SEED = int(os.environ.get("TORTURE_SEED") or secrets.randbelow(1_000_000))


def test_applies_that_are_killed_at_any_instant_link_each_app_once(tmp_path: Path) -> None:
    """`make torture` kills at least 200; TORTURE_FIGURES names a file for the figures."""
    print(f"TORTURE_SEED={SEED}")  # noqa: T201  (a failure can be looked for again)
    figures = torture(tmp_path, SEED, KILLS, each=4 if KILLS < 50 else 8)
    print(figures.text())  # noqa: T201  (what the run is for)
    if out := os.environ.get("TORTURE_FIGURES"):
        Path(out).write_text(figures.text() + "\n", encoding="utf-8")

    assert figures.violations == []
    assert figures.kills >= KILLS // 2, "most applies live long enough to be killed"
    assert figures.links >= figures.rounds, "kills that meet no link would prove nothing"


def sent(at: float, status: int, *, effect: bool = False, fault: str = "") -> dict[str, Any]:
    return {"at": at, "phone": "91", "status": status, "effect": effect, "fault": fault}


@pytest.mark.parametrize(
    ("links", "wrongs"),
    [
        pytest.param([sent(0, 429), sent(1, 200, effect=True)], 0, id="one that was turned away, and one"),
        pytest.param([sent(0, 500), sent(6, 200, effect=True)], 0, id="again after the whole wait"),
        pytest.param([sent(0, 500), sent(5.9, 200, effect=True)], 1, id="again too early"),
        pytest.param([sent(0, 0, effect=True), sent(9, 409)], 1, id="again although it is there"),
        pytest.param(
            [sent(0, 0), sent(2, 0, effect=True, fault="late (the effect)")], 0, id="a late effect is no link"
        ),
        pytest.param(
            [sent(0, 0), sent(2, 0, effect=True, fault="late (the effect)"), sent(7, 200, effect=True)],
            2,
            id="a second app after a late effect",
        ),
    ],
)
def test_the_oracle_sees_links_that_could_have_come_twice(links: list[dict[str, Any]], wrongs: int) -> None:
    assert len([*twice(links)]) == wrongs
