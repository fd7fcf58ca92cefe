"""The command `gupshupctl`, also as `python -m controller`."""

import sys

from controller.doors.cli import run
from controller.edges import streams


def main() -> None:
    """Run the command line and exit with its code, even if its output cannot be printed."""
    streams.guard()
    code = run(sys.argv[1:])
    streams.end()
    sys.exit(code)


if __name__ == "__main__":
    main()
