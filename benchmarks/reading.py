"""How long the simulator takes to tell five thousand apps, page by page, and the demo to go live.

Run: python -m benchmarks reading.
"""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure
from tests.e2e.world import COMMAND, World, world

APPS = 5_000
PAGE = 100


def measure() -> Iterator[Figure]:
    """Yield the seconds that a whole list takes of the simulator, and a demo of its reader."""
    with (
        tempfile.TemporaryDirectory(prefix="reading-") as scratch,
        world(Path(scratch), "--switch", f"page-size-max={PAGE}") as there,
    ):
        yield Figure(f"{APPS} apps read from the simulator, its limits aside", _read(there))
        yield Figure("the demo, from its begin to its end (goal: a minute)", _demo(Path(scratch)))


def _read(there: World) -> float:
    """Read page by page; what is refused by the limits, and the wait for them, does not count."""
    for first in range(0, APPS, 500):
        there.seed(*({"name": f"App{n:05}", "phone": f"91{n:010}"} for n in range(first, first + 500)))
    spent, seen, token = 0.0, 0, there.token()
    while seen < APPS:
        began = time.perf_counter()
        query = {"pageSize": str(PAGE), "pageNo": str(seen // PAGE + 1)}
        answer = there.http.get("/partner/app/list", params=query, headers={"token": token})
        if answer.is_success:
            spent += time.perf_counter() - began
            seen += len(answer.json()["apps"])
        else:
            time.sleep(1.0)
    return spent


def _demo(folder: Path) -> float:
    began = time.perf_counter()
    subprocess.run([COMMAND, "demo"], cwd=folder, capture_output=True, check=True)  # noqa: S603  (our own command)
    return time.perf_counter() - began
