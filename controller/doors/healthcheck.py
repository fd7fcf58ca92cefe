"""What a container asks itself, without a shell or curl: is the controller beside it healthy.

`python -m controller.doors.healthcheck` ends with 0 when `/healthz` answers 200, else with 1 and a line on
stderr. It asks on loopback, at the port of GUPSHUPCTL_LISTEN, and shows nothing of the answer.
"""

import os
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException

from controller.edges import streams

_DEFAULT = "127.0.0.1:8080"
_SECONDS = 4
_HEALTHY = 200
_HERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (compared with, not bound to)


def place(environ: Mapping[str, str]) -> tuple[str, int]:
    """Return where to ask: who listens on every address is asked on loopback. Raises ValueError."""
    host, _colon, port = environ.get("GUPSHUPCTL_LISTEN", _DEFAULT).rpartition(":")
    bare = host.strip("[]")
    return _HERE.get(bare, bare), int(port)


def trouble(environ: Mapping[str, str]) -> str | None:
    """Return what is wrong, or None."""
    try:
        host, port = place(environ)
        connection = HTTPConnection(host, port, timeout=_SECONDS)
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, ValueError, HTTPException) as error:
        return f"/healthz cannot be asked: {error}"
    return None if status == _HEALTHY else f"/healthz answered {status}"


def main() -> int:
    """Tell the container's engine, which reads the exit code and keeps the line."""
    streams.guard()
    wrong = trouble(os.environ)
    if wrong:
        sys.stderr.write(f"{wrong}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
