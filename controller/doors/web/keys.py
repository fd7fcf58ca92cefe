"""Who may come in: one or two accepted secrets, read anew for each request, compared in constant time."""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping

from controller.edges.secrets import reveal
from controller.errors import Denied, Usage
from controller.model.manifest import FromEnv, FromFile
from controller.model.secret import Secret

HOOK_SECRET = "GUPSHUPCTL_HOOK_SECRET"  # noqa: S105  (the name of a variable)
SHORTEST = 32
MOST = 2
_SAFE = re.compile(r"[A-Za-z0-9._~-]+")
_MAKE_ONE = "make one with `openssl rand -hex 32`"


class Keys:
    """The secrets that *read* returns, one a line: the old and the new one while they are exchanged.

    A secret that cannot be read any more opens nothing.
    """

    def __init__(self, read: Callable[[], Secret], name: str) -> None:
        self._read = read
        self._name = name
        self._wanted()

    def match(self, given: str) -> bool:
        """Say whether *given* is accepted, in a time that tells nothing about what is."""
        try:
            wanted = self._wanted()
        except (Denied, Usage):
            return False
        found = _digest(given)
        return any(hmac.compare_digest(found, _digest(key)) for key in wanted)

    def _wanted(self) -> list[str]:
        keys = self._read().reveal().split()
        if not 1 <= len(keys) <= MOST:
            raise Usage(f"{self._name} must hold one secret, or two, one a line, while they are exchanged")
        if any(len(key) < SHORTEST or not _SAFE.fullmatch(key) for key in keys):
            raise Usage(
                f"{self._name}: a secret is at least {SHORTEST} letters, digits, `-`, `_`, `.` or `~`; "
                f"{_MAKE_ONE}"
            )
        return keys


def hook_keys(environ: Mapping[str, str]) -> Keys | None:
    """Return what opens the hook of Gupshup, None where no secret is set: then there is no such hook.

    Raises Usage where it is too short or cannot stand in a URL, Denied where it cannot be read.
    """
    if not (environ.get(HOOK_SECRET) or environ.get(f"{HOOK_SECRET}_FILE")):
        return None
    return Keys(lambda: reveal(FromEnv(HOOK_SECRET), environ), HOOK_SECRET)


def token_keys(path: str | None) -> Keys | None:
    """Return what opens everything but health and hooks, from the file *path*; None without one.

    Raises Usage where a token is too short, Denied where the file cannot be read.
    """
    return None if path is None else Keys(lambda: reveal(FromFile(path), {}), f"the token file {path}")


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
