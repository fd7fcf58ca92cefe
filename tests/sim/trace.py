"""What a run did, line by line: every call with its time, status and effect, every note to the store."""

import hashlib
import re
from dataclasses import dataclass, field

_SEALED = re.compile(r"gAAAA[\w=-]+")
"""An encrypted token, which is never the same twice."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it left. *status* is 0 without an answer; *clear*: the answer settles what happened.

    *killed*: its process died at it. *arrived*: it reached Gupshup, if perhaps late. *name* is the one that a
    link asks for, *fault* what Gupshup made of the request instead of answering it.
    """

    at: float
    ended: float
    process: int
    purpose: str
    method: str
    path: str
    verb: str
    target: str
    phone: str
    status: int
    clear: bool
    killed: bool
    arrived: bool
    route: str
    app: str
    name: str
    fault: str


@dataclass(slots=True)
class Trace:
    """Lines in order, the requests among them, and what was found to be wrong on the way.

    *hidden* is left out of every line: where the run takes place. *writer* is the process that was last given
    the right to write.
    """

    hidden: str = ""

    lines: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    writer: int = 0

    def line(self, at: float, process: int, *words: str) -> None:
        said = _SEALED.sub("sealed", " ".join(words))
        self.lines.append(f"{at:.6f} p{process} {said.replace(self.hidden, '') if self.hidden else said}")

    def wrong(self, promise: str, what: str) -> None:
        self.violations.append(f"{promise}: {what}")

    def digest(self) -> str:
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()
