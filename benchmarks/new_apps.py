"""How long `new app --from` takes over a table of 1,000 customers, against `validate` over what it writes.

The goal is at most three times as long, startup included: each manifest is made, read as `validate` does, and
written.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

from benchmarks.figure import Figure, timed

ROWS = 1_000
GOAL = 3
COMMAND = (sys.executable, "-m", "controller")


def measure() -> Iterator[Figure]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        table, apps = folder / "customers.csv", folder / "apps"
        table.write_text(rows(), encoding="utf-8")
        new = [*COMMAND, "new", "app", str(folder), "--from", str(table), "--out", str(apps)]

        def anew() -> None:
            rmtree(apps, ignore_errors=True)
            again()

        def again() -> None:
            subprocess.run(new, check=True, capture_output=True)  # noqa: S603  (our own words)

        again()
        check = [*COMMAND, "validate", str(apps)]
        bare = timed(
            f"`gupshupctl validate` over {ROWS:,} apps",
            lambda: subprocess.run(check, check=True, capture_output=True),  # noqa: S603  (our own words)
        )
        yield bare
        yield compared(f"`gupshupctl new app` of {ROWS:,} customers", timed("", anew), bare)
        yield compared("the same once more: all are declared", timed("", again), bare)


def compared(what: str, figure: Figure, bare: Figure) -> Figure:
    times = figure.seconds / bare.seconds
    return Figure(f"{what}: {times:.2f} times as long (goal: at most {GOAL})", figure.seconds)


def rows() -> str:
    """Return a table in which half of the names are those of another customer, too."""
    customers = (f"Café {n % 500},1{n:014},+49 171 {n:07},tier=gold;country=de,\n" for n in range(ROWS))
    return "name,wabaId,phone,labels,partner\n" + "".join(customers)
