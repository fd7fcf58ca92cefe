"""The standard streams: output arrives whole, or its loss is known; it is never an error of the writer."""

import fcntl
import json
import os
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.edges import streams
from controller.edges.log import LostLines
from controller.edges.streams import MOST, ErrorStream, OutputStream

LONG = "".join(f"line {number} …\n" for number in range(40_000))
"""Several times what a pipe holds."""


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Give both ends of a pipe, and close what a test left open."""
    reading, writing = os.pipe()
    yield reading, writing
    for number in (reading, writing):
        try:
            os.close(number)
        except OSError:
            continue


class Reader:
    """Takes everything from a pipe in a thread, until it is closed."""

    def __init__(self, number: int) -> None:
        self._data: list[bytes] = []
        self._number = number
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        while data := os.read(self._number, 999):
            self._data.append(data)

    def text(self) -> str:
        self._thread.join(30)
        return b"".join(self._data).decode()


@pytest.mark.parametrize("blocking", [True, False])
def test_output_arrives_whole_however_little_its_reader_takes_at_once(
    pipe: tuple[int, int], *, blocking: bool
) -> None:
    reading, writing = pipe
    os.set_blocking(writing, blocking)
    stream, reader = OutputStream(writing, "utf-8"), Reader(reading)
    stream.write(LONG)
    os.close(writing)
    assert (reader.text() == LONG, stream.why) == (True, "")


@pytest.mark.parametrize("blocking", [True, False])
def test_a_reader_that_takes_nothing_is_waited_for_up_to_a_limit(
    pipe: tuple[int, int], *, blocking: bool
) -> None:
    reading, writing = pipe
    os.set_blocking(writing, blocking)
    stream = OutputStream(writing, "utf-8", patience=0.1)
    stream.write(LONG)
    assert stream.why == "its reader read nothing for 0 s"
    os.set_blocking(reading, False)
    held = os.read(reading, len(LONG)).decode()
    stream.write("more\n")
    os.close(writing)
    assert (LONG.startswith(held), os.read(reading, 9)) == (True, b""), "and nothing comes after a gap"


def test_a_reader_of_stdout_that_went_away_raises_nothing(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.close(reading)
    stream = OutputStream(writing, "utf-8")
    stream.write("gone\n")
    assert stream.why == streams.GONE


@pytest.mark.parametrize(
    ("path", "flags", "why"),
    [
        pytest.param("/dev/full", os.O_WRONLY, "No space left on device", id="a full disk"),
        pytest.param(os.devnull, os.O_RDONLY, "Bad file descriptor", id="a file that is read only"),
        pytest.param(os.devnull, os.O_WRONLY, "", id="nowhere, as was asked for"),
    ],
)
def test_output_that_stdout_cannot_take_is_noted_and_raises_nothing(path: str, flags: int, why: str) -> None:
    number = os.open(path, flags)
    stream = OutputStream(number, "utf-8")
    stream.write("one\n")
    stream.flush()
    os.close(number)
    assert stream.why == why


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8", "utf-16"])
def test_json_means_the_same_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    document = {"⏸ held": "→ … é", "😀": "\x00 \x7f"}
    with (tmp_path / "out").open("wb") as file:
        stream = OutputStream(file.fileno(), encoding)
        for text in (json.dumps(document, ensure_ascii=False), "\n"):
            stream.write(text)
    assert json.loads((tmp_path / "out").read_text(encoding=encoding)) == document
    assert stream.why == ""


def test_a_name_that_is_no_text_is_shown_and_raises_nothing(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as file:
        OutputStream(file.fileno(), "utf-8").write(os.fsdecode(b"odd \xff\n"))
    assert (tmp_path / "out").read_bytes() == b"odd \\udcff\n"


def test_a_partial_line_waits_for_its_end_or_for_a_flush(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    stream = ErrorStream(writing, "utf-8")
    stream.write("one")
    stream.write(" two\n")
    assert os.read(reading, 99) == b"one two\n"
    stream.write("Apply this? ")
    stream.flush()
    assert stream.settle(30)
    assert os.read(reading, 99) == b"Apply this? "


def unread(number: int) -> int:
    """Return how many bytes wait in the pipe *number*."""
    return int.from_bytes(fcntl.ioctl(number, termios.FIONREAD, b"\0" * 4), "little")


@pytest.mark.parametrize("blocking", [True, False])
def test_a_reader_of_stderr_that_stops_reading_does_not_block_the_process(
    pipe: tuple[int, int], *, blocking: bool
) -> None:
    """What it may still want is kept up to a limit, in order; the rest is lost and counted."""
    reading, writing = pipe
    os.set_blocking(writing, blocking)
    stream = ErrorStream(writing, "utf-8")
    lines = [f"{number:>7} {'.' * 991}\n" for number in range(2 * MOST // 1000)]
    for line in lines:
        stream.write(line)
    assert not stream.settle(0.0)
    assert stream.lost > 0
    reader = Reader(reading)
    assert stream.settle(30)
    stream.write("last\n")
    assert stream.settle(30)
    os.close(writing)
    assert reader.text() == "".join(lines[: len(lines) - stream.lost]) + "last\n"


def test_lines_on_stderr_are_written_at_once_while_it_is_not_blocked(pipe: tuple[int, int]) -> None:
    """The lines of a process that is killed are written."""
    reading, writing = pipe
    stream = ErrorStream(writing, "utf-8")
    for number in range(50):
        stream.write("line\n")
        assert unread(reading) == 5 * (number + 1)


def test_lines_on_stderr_that_a_disk_does_not_take_are_counted() -> None:
    number = os.open("/dev/full", os.O_WRONLY)
    stream = ErrorStream(number, "utf-8")
    stream.write("one\ntwo\n")
    stream.write("three\n")
    assert stream.settle(30)
    os.close(number)
    assert stream.lost == 3


def test_the_line_after_a_torn_one_begins_anew(tmp_path: Path) -> None:
    """A limit of the file's size stands for a disk that is full and then is not."""
    script = (
        "import os, resource, sys\n"
        "from controller.edges.streams import ErrorStream\n"
        "hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n"
        "stream = ErrorStream(1, 'utf-8')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (6, hard))\n"
        "stream.write('one\\n')\n"
        "stream.write('two\\n')\n"
        "stream.settle(30)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))\n"
        "stream.write('three\\n')\n"
        "stream.settle(30)\n"
        "sys.exit(stream.lost)\n"
    )
    with (tmp_path / "out").open("wb") as file:
        done = subprocess.run([sys.executable, "-c", script], stdout=file, timeout=60, check=False)
    assert (tmp_path / "out").read_text() == "one\ntw\nthree\n"
    assert done.returncode == 1


def test_the_count_of_lost_lines_is_logged_once_with_the_next_event() -> None:
    lost = iter([0, 3, 3, 4])
    lines_lost = LostLines(lambda: next(lost))
    events = [lines_lost(None, "info", {"event": "x"}) for _ in range(4)]
    assert [event.get("lines_lost") for event in events] == [None, 3, None, 4]
