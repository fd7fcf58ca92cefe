"""Canaries: a secret in every form in which it could be seen, and a spy on what a process reaches for."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

GRAM = 12
"""A part of a secret of so many characters counts as the secret."""

SPY = """
import logging, os, sys

logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
_told = open(os.environ["SPY_FILE"], "a", buffering=1)
_crash = os.environ.get("SPY_CRASH")

def _hook(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        whom = arguments[:2] if event == "socket.getaddrinfo" else arguments[-2:]
        print(event, *[repr(each) for each in whom if not hasattr(each, "fileno")], file=_told)
        if _crash:
            raise RuntimeError("a bug")
    elif event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.fork"):
        print(event, repr(arguments), file=_told)

sys.addaudithook(_hook)
"""


def spied(folder: Path, *, crash: bool = False) -> dict[str, str]:
    """Return what turns all logs on, and tells `spy/told` whom a process connects to and what it starts.

    *crash* makes its first connection fail in a way that nobody expects.
    """
    place = folder / "spy"
    place.mkdir(exist_ok=True)
    (place / "sitecustomize.py").write_text(SPY, encoding="utf-8")
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    environ = {
        "PYTHONPATH": str(place),
        "PYTHONASYNCIODEBUG": "1",
        "PYTHONUNBUFFERED": "1",
        "HTTPX_LOG_LEVEL": "trace",
        "SPY_FILE": str(place / "told"),
        "TMPDIR": str(temporary),
    }
    return {**environ, "SPY_CRASH": "1"} if crash else environ


def reached(folder: Path) -> list[str]:
    """Return what the spy recorded."""
    return (folder / "spy" / "told").read_text(encoding="utf-8").splitlines()


def forms(secret: str) -> Iterator[str]:
    """Yield *secret* raw, URL-encoded, JSON-escaped, in hex, and in Base64 at each of its three offsets."""
    value = secret.removeprefix("Bearer ")
    data = value.encode()
    yield from (value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1], repr(value)[1:-1])
    yield from (data.hex(), data.hex().upper())
    for shift in range(3):
        inner = base64.b64encode(b"\0" * shift + data).decode().rstrip("=")[(0, 2, 3)[shift] : -1]
        yield from (inner, inner.replace("+", "-").replace("/", "_"))


class Canaries:
    """Secrets by name, and a search for any of their forms, or any part of twelve characters of one."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._grams = {
            form[start : start + GRAM]: name
            for name, secret in secrets.items()
            for form in forms(secret)
            for start in range(max(len(form) - GRAM, 0) + 1)
        }

    def seen(self, artefacts: Iterable[tuple[str, bytes]]) -> list[str]:
        """Return which secrets are seen, where, and what stands around them."""
        return [found for place, data in artefacts for found in self._seen(place, data.decode("latin-1"))]

    def _seen(self, place: str, text: str) -> Iterator[str]:
        told = set()
        for start in range(len(text) - GRAM + 1):
            name = self._grams.get(text[start : start + GRAM])
            if name is not None and name not in told:
                told.add(name)
                yield f"{name} in {place}: {text[max(start - 60, 0) : start + 60]!r}"
