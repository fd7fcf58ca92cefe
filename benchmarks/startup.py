"""How long a person waits before the command does anything."""

import subprocess
import sys
from collections.abc import Iterator

from benchmarks.figure import Figure, timed


def measure() -> Iterator[Figure]:
    for words in (["--version"], ["--help"], ["schema", "App"]):
        command = [sys.executable, "-m", "controller", *words]
        yield timed(
            f"gupshupctl {' '.join(words)}",
            lambda: subprocess.run(command, check=True, capture_output=True),  # noqa: B023, S603  (run at once; our own words)
        )
