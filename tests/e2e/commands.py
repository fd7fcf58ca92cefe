"""The installed command as a process: started as people start it, or forked by one that has imported it."""

import atexit
import json
import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from types import TracebackType
from typing import IO, Protocol, Self

COMMAND = Path(sys.executable).with_name("gupshupctl")
_SERVER = Path(__file__).with_name("forkserver.py")
_READ_AT_THE_START = ("PYTHON", "LC_", "LANG", "COVERAGE")
"""How variables begin that an interpreter asks about when it starts, and never again."""

MEASURED = "COVERAGE_PROCESS_CONFIG"
"""The variable by which coverage measures a process that is started."""

Words = Sequence[str | Path]


class Process(Protocol):
    """What tests ask of a process, as `subprocess.Popen` has it."""

    pid: int
    stdout: IO[str] | None
    stderr: IO[str] | None

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int, /) -> None: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


def on_a_terminal(words: Words, cwd: Path, environ: Mapping[str, str]) -> bytes:
    """Run *words* on a terminal, and return what it shows."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(words, cwd=cwd, env=environ, stdout=theirs, stderr=theirs, stdin=theirs):
        os.close(theirs)
        said = b""
        with suppress(OSError):  # how a pseudo-terminal says that it is over
            while part := os.read(ours, 4_096):
                said += part
    os.close(ours)
    return said


def start(
    words: Words, cwd: Path, environ: Mapping[str, str], *, forks: bool = True, stderr: bool = True
) -> Process:
    """Start *words*, a program first. What it prints is read from pipes; without *stderr* nobody reads that.

    *forks*: it may be forked if nobody could see the difference.
    """
    if forks and forkable(words, environ):
        return Forked.start(words, cwd, environ, stderr=stderr)
    return subprocess.Popen(
        words,
        cwd=cwd,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if stderr else subprocess.DEVNULL,
        text=True,
    )


def run(
    words: Words, cwd: Path, environ: Mapping[str, str], *, forks: bool = True, timeout: float
) -> tuple[int, str, str]:
    """Run *words* to their end; return the exit code and what was printed."""
    if forks and forkable(words, environ):
        return _forked(words, cwd, environ, timeout)
    done = subprocess.run(
        words,
        cwd=cwd,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def _forked(words: Words, cwd: Path, environ: Mapping[str, str], timeout: float) -> tuple[int, str, str]:
    with TemporaryFile("r+") as out, TemporaryFile("r+") as err, open(os.devnull) as nothing:  # noqa: PTH123  (a device)
        streams = [each.fileno() for each in (nothing, out, err)]
        with Forked(*server().fork(words, cwd, environ, streams)) as process:
            try:
                code = process.wait(timeout)
            finally:
                process.kill()
        return code, _whole(out), _whole(err)


def _whole(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


def forkable(words: Words, environ: Mapping[str, str]) -> bool:
    """Say whether a fork of a process with our own environment would be the same."""
    ours, theirs = (
        {name: value for name, value in each.items() if name.startswith(_READ_AT_THE_START)}
        for each in (os.environ, environ)
    )
    return words[0] == COMMAND and ours == theirs


@dataclass
class Forked:
    """A process that was forked. A socket reports its end."""

    pid: int
    _told: socket.socket
    stdout: IO[str] | None = None
    stderr: IO[str] | None = None
    _code: int | None = None

    @classmethod
    def start(cls, words: Words, cwd: Path, environ: Mapping[str, str], *, stderr: bool) -> Self:
        out, err = os.pipe(), os.pipe() if stderr else None
        with open(os.devnull, "r+b") as nothing:  # noqa: PTH123  (a device)
            streams = (nothing.fileno(), out[1], nothing.fileno() if err is None else err[1])
            pid, told = server().fork(words, cwd, environ, streams)
        for end in (out[1], *(() if err is None else err[1:])):
            os.close(end)
        return cls(pid, told, os.fdopen(out[0]), None if err is None else os.fdopen(err[0]))

    def poll(self) -> int | None:
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("gupshupctl", timeout or 0)
        return code

    def _ended(self, timeout: float | None) -> int | None:
        if self._code is None:
            self._told.settimeout(timeout)
            try:
                self._code = _number(self._told)
            except (BlockingIOError, TimeoutError):
                return None
            self._told.close()
        return self._code

    def send_signal(self, sig: int, /) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self.stdout, self.stderr):
            if stream is not None:
                stream.close()
        self.wait()


class Server:
    """The process that forks, for all tests of this one."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._control, self._turn = ours, Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, _SERVER, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                cwd=_SERVER.parents[2],
                pass_fds=[theirs.fileno()],
                process_group=0,  # what ends the tests' own processes does not end it first
            )

    def fork(
        self, words: Words, cwd: Path, environ: Mapping[str, str], streams: Sequence[int]
    ) -> tuple[int, socket.socket]:
        """Return the id of a new process, and the socket that will report its end."""
        asked = {"argv": list(map(str, words)), "cwd": str(cwd), "environ": dict(environ)}
        ours, theirs = socket.socketpair()
        with theirs, self._turn:
            line = json.dumps(asked).encode() + b"\n"
            sent = socket.send_fds(self._control, [line], [*streams, theirs.fileno()])
            self._control.sendall(line[sent:])
            return _number(ours), ours

    def end(self) -> None:
        self._control.close()
        self._process.wait()


_SERVERS: dict[bool, Server] = {}


def server() -> Server:
    """Return this process's server, begun when somebody asks for it: one that is measured, or another one."""
    measured = MEASURED in os.environ
    if measured not in _SERVERS:
        _SERVERS[measured] = Server()
    return _SERVERS[measured]


def end_server() -> None:
    """End the servers in the process that began them; a later request starts another one."""
    while _SERVERS:
        _SERVERS.popitem()[1].end()


atexit.register(end_server)


def _number(told: socket.socket) -> int:
    line = b""
    while not line.endswith(b"\n"):
        part = told.recv(1)
        assert part, "the server of forks is gone"
        line += part
    return int(line)
