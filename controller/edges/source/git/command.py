"""The `git` command, controlled by its arguments alone: arguments go in, bytes come out."""

import asyncio
import os
import shutil
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple, TypeVar

from controller.errors import SourceError

_Stream = TypeVar("_Stream", asyncio.StreamReader, asyncio.StreamWriter)

MOST_OUTPUT = 128 * 1024 * 1024
_MOST_WORDS = 64 * 1024
_CHUNK = 256 * 1024
# No file of git may exceed 1 GiB (in blocks of 512 bytes), so that a repository cannot fill the disk.
_BOUNDED = ("/bin/sh", "-c", 'ulimit -f 2097152 2>/dev/null; exec "$@"', "sh")
_SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.attributesFile": os.devnull,
    "core.symlinks": "false",
    "protocol.allow": "never",
    "protocol.version": "2",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "fetch.unpackLimit": "1",  # one pack a fetch: they can be counted
    "fetch.recurseSubmodules": "false",
    "fetch.writeCommitGraph": "false",
    "submodule.recurse": "false",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "30",
    "gpg.format": "ssh",
    "gpg.program": "false",  # only ssh signatures are accepted: no keyring, no search for keys
    "gpg.x509.program": "false",
}


class Finished(NamedTuple):
    """The result of a run of git. *words* is the end of its standard error."""

    code: int
    output: bytes
    words: str


class Overflow(SourceError):
    """The answer is larger than any plausible one."""


class Git:
    """`git` with one set of settings. *search* is the PATH for programs, *extra* adds environment variables.

    The environment holds only what is set here, and the only settings file is the repository's own. Settings
    go through the environment, since every user of the machine can read arguments.
    """

    def __init__(self, search: str, settings: Mapping[str, str], extra: Mapping[str, str]) -> None:
        self._search = search
        self._settings = {**_SETTINGS, **settings}
        self._extra = extra

    async def run(
        self,
        folder: str,
        arguments: Sequence[str],
        *,
        feed: bytes = b"",
        handles: Sequence[int] = (),
        most: int = MOST_OUTPUT,
    ) -> Finished:
        """Run one command on the repository at *folder*. The child inherits the descriptors *handles*.

        However this ends, also if cancelled, no process is left. Raises Overflow past *most* bytes.
        """
        process = await asyncio.create_subprocess_exec(
            *_BOUNDED,
            self._program(),
            f"--git-dir={folder}",
            *arguments,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=self._environment(folder),
            cwd=folder,
            pass_fds=handles,
            start_new_session=True,
            limit=_CHUNK,
        )
        try:
            output, words = await _exchange(process, feed, most)
            code = await process.wait()
        except BaseException:  # also of a cancellation: git does not outlive its caller
            await _end(process)
            raise
        if len(output) > most:
            raise Overflow(
                f"git {arguments[0]} answered with more than {most:,} bytes; is this the repository?"
            )
        return Finished(code, output, words)

    def _program(self) -> str:
        program = shutil.which("git", path=self._search)
        if program is None:
            raise SourceError("the command git is not installed (or not on PATH); install git 2.34 or newer")
        return program

    def _environment(self, folder: str) -> dict[str, str]:
        variables = {
            "PATH": self._search,
            "HOME": "/nonexistent",
            "TMPDIR": folder,
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_LITERAL_PATHSPECS": "1",
            "GIT_CONFIG_COUNT": str(len(self._settings)),
        }
        for number, (key, value) in enumerate(self._settings.items()):
            variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        return variables | dict(self._extra)


async def _exchange(process: Process, feed: bytes, most: int) -> tuple[bytes, str]:
    """Write and read at the same time: a full pipe would block the child."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_write(_given(process.stdin), feed))
        output = group.create_task(_read(process, _given(process.stdout), most))
        words = group.create_task(_last_words(_given(process.stderr)))
    return output.result(), words.result()


async def _write(stream: asyncio.StreamWriter, feed: bytes) -> None:
    with suppress(ConnectionError):  # git ended without reading on: its exit code shows why
        stream.write(feed)
        await stream.drain()
    stream.close()


async def _read(process: Process, stream: asyncio.StreamReader, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := await stream.read(_CHUNK):
        parts.append(part)
        size += len(part)
        if size > most:
            _kill(process)
            break
    return b"".join(parts)


async def _last_words(stream: asyncio.StreamReader) -> str:
    words = b""
    while part := await stream.read(_CHUNK):
        words = (words + part)[-_MOST_WORDS:]
    return words.decode(errors="replace")


async def _end(process: Process) -> None:
    _kill(process)
    await process.communicate()


def _kill(process: Process) -> None:
    """Kill the process and its children: all share one process group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _given(stream: _Stream | None) -> _Stream:
    if stream is None:  # never so: each was opened as a pipe
        raise AssertionError
    return stream
