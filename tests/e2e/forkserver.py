"""A process that has imported the product, and forks for each run of the command: no run imports it anew.

A run is a process of its own, as the installed command's, with all that belongs to one. Only the start of the
interpreter, the imports and the freeing of memory are left out. commands.py is the other side.
"""

import atexit
import gc
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, cast

import controller
from controller.__main__ import main

_LAZY = (
    "anyio._backends._asyncio",
    "encodings.ascii",
    "psycopg",
    "psycopg_pool",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.h11_impl",
)
"""What libraries import when the product asks them for something."""

Asked = Mapping[str, Any]


class Server:
    """Forks for whoever asks at *control*: a line of JSON, and the three streams and a socket for its end."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: dict[int, socket.socket] = {}
        self._ended, self._wakeup = socket.socketpair()
        self._wakeup.setblocking(False)  # noqa: FBT003  (the only way to say it)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wakeup.fileno())

    def run(self) -> Asked | None:
        """Serve until nobody is there to ask. Return what was asked for in a child, None in the end."""
        with selectors.DefaultSelector() as selector:
            for end in (self._control, self._ended):
                selector.register(end, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select()]
                if self._ended in ready:
                    self._ended.recv(4096)
                    self._reap()
                if self._control in ready:
                    line, descriptors = _line(self._control)
                    if not line or self._forked(descriptors):
                        return cast("Asked", json.loads(line)) if line else None

    def _forked(self, descriptors: Sequence[int]) -> bool:
        """Fork, and return whether this is the child."""
        *streams, told = descriptors
        child = os.fork()
        if child:
            self._children[child] = socket.socket(fileno=told)
            self._children[child].sendall(b"%d\n" % child)
        else:
            self._leave()
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
            os.close(told)
        for stream in streams:
            os.close(stream)
        return not child

    def _leave(self) -> None:
        """Be no server any more."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for end in (self._control, self._ended, self._wakeup, *self._children.values()):
            end.close()

    def _reap(self) -> None:
        """Report the exit code of every child that ended."""
        while self._children:
            child, status = os.waitpid(-1, os.WNOHANG)
            if not child:
                return
            with suppress(OSError), self._children.pop(child) as told:  # nobody may wait for it
                told.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def _line(control: socket.socket) -> tuple[bytes, Sequence[int]]:
    """Return a line and the descriptors that came with it; no line where nobody asks any more."""
    line, descriptors, _, _ = socket.recv_fds(control, 1 << 16, 4)
    while line and not line.endswith(b"\n"):
        line += control.recv(1 << 16)
    return line, descriptors


def preload() -> None:
    """Import all that a verb may need."""
    for module in pkgutil.walk_packages(controller.__path__, "controller."):
        if ".migrations" not in module.name:
            import_module(module.name)
    for name in _LAZY:
        with suppress(ImportError):  # of an extra that is not installed
            import_module(name)
    gc.collect()
    gc.freeze()


def become(asked: Asked) -> None:
    """Be as a process is that was started so."""
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environ"])
    sys.argv = asked["argv"]
    sys.path[0] = os.path.dirname(sys.argv[0])  # noqa: PTH120  (as the interpreter does)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  (a descriptor, and it stays open)
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]  # as above


def leave(code: int) -> None:
    """End with *code*, without the freeing of all memory: of what is shared, it made a copy first."""
    with suppress(Exception):  # then it ends as any other process
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


if __name__ == "__main__":
    codes: list[int] = []
    atexit.register(lambda: leave(*codes) if codes else None)  # the first one is called last
    preload()
    asked = Server(socket.socket(fileno=int(sys.argv[1]))).run()
    if asked is not None:
        become(asked)
        try:
            main()
        except SystemExit as end:
            codes += [end.code] if isinstance(end.code, int) else []
            raise
