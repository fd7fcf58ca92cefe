"""The health check of a container, without a shell or curl.

`python -m controller.doors.healthcheck` exits with 0 if `/healthz` answers 200, else with 1 and a line on
stderr. The request goes to loopback, at the port of GUPSHUPCTL_LISTEN. Nothing of the answer is printed.
"""

import os
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException

from controller.edges import streams

_DEFAULT = "127.0.0.1:8080"
_TIMEOUT = 4
_HEALTHY = 200
_LOOPBACK = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (compared with, not bound to)


def address(environ: Mapping[str, str]) -> tuple[str, int]:
    """Return the host and port: loopback, if the controller listens everywhere. Raises ValueError."""
    host, _colon, port = environ.get("GUPSHUPCTL_LISTEN", _DEFAULT).rpartition(":")
    bare = host.strip("[]")
    return _LOOPBACK.get(bare, bare), int(port)


def problem(environ: Mapping[str, str]) -> str | None:
    """Return why the controller is not healthy, None if it is."""
    try:
        host, port = address(environ)
        connection = HTTPConnection(host, port, timeout=_TIMEOUT)
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, ValueError, HTTPException) as error:
        return f"/healthz cannot be reached: {error}"
    return None if status == _HEALTHY else f"/healthz answered {status}"


def main() -> int:
    """Print a problem for the container's engine, which keeps the line, and return the exit code."""
    streams.guard()
    message = problem(os.environ)
    if message:
        sys.stderr.write(f"{message}\n")
    return 1 if message else 0


if __name__ == "__main__":
    sys.exit(main())
