"""The standard streams, replaced so that a write to them never raises and never blocks for ever.

`guard` replaces them. Text that cannot be written is lost: `unprinted` reports that of stdout, and
`lines_lost` counts that of stderr.
"""

import codecs
import io
import os
import select
import sys
import threading
import time
from abc import abstractmethod
from collections import deque
from dataclasses import dataclass
from typing import TextIO, cast

STDIN, STDOUT, STDERR = 0, 1, 2

PATIENCE = 3600.0
"""Seconds for which a reader of stdout may pause: a person may read it in a pager."""

HURRIED = 2.0
"""The same once the process is to end; also the seconds in which stderr may catch up at the end."""

MOMENT = 0.2
"""Seconds to wait for a line on stderr, unless the stream is known to be stuck."""

MOST = 1 << 20
"""Bytes that wait for a reader of stderr at most. Lines beyond them are lost."""

GONE = "its reader went away"
"""The reason why stdout is not whole if its reader closed it."""

_POLL_MS = 100
_ESCAPED = "gupshupctl-escaped"


def _escaped(error: UnicodeError) -> tuple[str, int]:
    r"""Return \uXXXX for characters that an encoding lacks: JSON keeps its meaning."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(rf"\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)), error.end


codecs.register_error(_ESCAPED, _escaped)


class _Stream(io.TextIOBase):
    """Text for the descriptor *number*, written whenever a line is complete, and at a flush."""

    encoding = ""

    def __init__(self, number: int, encoding: str) -> None:
        self.encoding = encoding
        self._number = number
        self._encoder = codecs.getincrementalencoder(encoding)(_ESCAPED)
        self._held = ""
        self._writing = threading.RLock()

    def write(self, text: str) -> int:
        with self._writing:
            self._held += text
            if "\n" in text:
                self.flush()
        return len(text)

    def flush(self) -> None:
        with self._writing:
            data, self._held = self._encoder.encode(self._held), ""
            if data:
                self._carry(data)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._number

    def isatty(self) -> bool:
        return os.isatty(self._number)

    @abstractmethod
    def _carry(self, data: bytes) -> None:
        """Write *data* to the descriptor, or note that it is lost; never raise."""


class OutputStream(_Stream):
    """Standard output. After the first failure nothing more is written; *why* is its reason, "" before."""

    def __init__(self, number: int, encoding: str, why: str = "", patience: float = PATIENCE) -> None:
        super().__init__(number, encoding)
        self.why = why
        self.patience = patience

    def write_bytes(self, data: bytes) -> None:
        """Write *data* as it is, whatever the encoding."""
        with self._writing:
            self.flush()
            self._carry(data)

    def _carry(self, data: bytes) -> None:
        """Write all of *data*. A slow reader is waited for, as long as it reads now and then."""
        try:
            while data and not self.why:
                data = data[self._sent(data) :]
        except BrokenPipeError:
            self.why = GONE
        except OSError as error:
            self.why = error.strerror or type(error).__name__
        except KeyboardInterrupt:
            self.why = "interrupted"

    def _sent(self, data: bytes) -> int:
        began = time.monotonic()
        while not _ready(self._number, _POLL_MS):
            if time.monotonic() - began >= self.patience:
                raise TimeoutError(0, f"its reader read nothing for {self.patience:.0f} s")
        return _sent(self._number, data)


class ErrorStream(_Stream):
    """Standard error. A thread writes it, so that a reader who stops reading does not stop this process.

    Each line is waited for a moment: lines of other writers keep their order, and a crash loses no line.
    While the stream is stuck there is no such wait.
    """

    def __init__(self, number: int, encoding: str) -> None:
        super().__init__(number, encoding)
        self.lost = 0
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._stuck = False
        self._torn = False
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="stderr", daemon=True).start()

    def settle(self, seconds: float) -> bool:
        """Return whether everything is written or lost, within *seconds*."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting, seconds)

    def _carry(self, data: bytes) -> None:
        with self._changed:
            if self._size + len(data) > MOST:
                self.lost += _lines(data)
                return
            self._waiting.append(data)
            self._size += len(data)
            self._changed.notify_all()
        self._stuck = self._stuck or not self.settle(MOMENT)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                data = self._waiting[0]
            written = self._written(data)
            with self._changed:
                self.lost += 0 if written else _lines(data)
                self._size -= len(self._waiting.popleft())
                self._stuck = self._stuck and bool(self._waiting)
                self._changed.notify_all()

    def _written(self, data: bytes) -> bool:
        """Return whether *data* was written whole. A line break goes before it if the last line is torn."""
        rest = b"\n" + data if self._torn else data
        try:
            while rest:
                if _ready(self._number, _POLL_MS):
                    sent = _sent(self._number, rest)
                    rest = rest[sent:]
                    self._torn = bool(rest) if sent else self._torn
        except OSError:
            return False
        return True


def _ready(number: int, milliseconds: int) -> bool:
    """Return whether a write would not block. The write itself may still fail."""
    poll = select.poll()
    poll.register(number, select.POLLOUT)
    return bool(poll.poll(milliseconds))


def _sent(number: int, data: bytes) -> int:
    """Write what a pipe accepts at once, and return the bytes: 0 if another writer filled the pipe first."""
    try:
        return os.write(number, data[: select.PIPE_BUF])
    except BlockingIOError:
        time.sleep(_POLL_MS / 1000)
        return 0


def _lines(data: bytes) -> int:
    return data.count(b"\n")


@dataclass(slots=True)
class _Guarded:
    output_stream: OutputStream | None = None
    error_stream: ErrorStream | None = None


_guarded = _Guarded()


def guard() -> None:
    """Replace the standard streams of this process, before anything else is opened.

    A stream that the caller closed becomes the null device. Otherwise the next file that is opened would get
    its number, and messages would be written into a database.
    """
    closed = [number for number in (STDIN, STDOUT, STDERR) if _filled(number)]
    encodings = [getattr(stream, "encoding", "utf-8") for stream in (sys.stdout, sys.stderr)]
    why = "it was closed" if STDOUT in closed else ""
    _guarded.output_stream, _guarded.error_stream = (
        OutputStream(STDOUT, encodings[0], why),
        ErrorStream(STDERR, encodings[1]),
    )
    sys.stdout, sys.stderr = cast("TextIO", _guarded.output_stream), cast("TextIO", _guarded.error_stream)
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")


def _filled(number: int) -> bool:
    """Return whether *number* was closed. If it was, open the null device under it."""
    try:
        os.fstat(number)
    except OSError:
        null = os.open(os.devnull, os.O_RDWR)
        if null != number:
            os.dup2(null, number)
            os.close(null)
        os.set_inheritable(number, True)  # noqa: FBT003  (the function's own signature)
        return True
    return False


def print_bytes(data: bytes) -> None:
    """Write *data* to stdout as it is: what another program reads has an encoding of its own."""
    if _guarded.output_stream is None:
        sys.stdout.buffer.write(data)
    else:
        _guarded.output_stream.write_bytes(data)


def unprinted() -> str:
    """Return why stdout is not whole, "" if it is."""
    return _guarded.output_stream.why if _guarded.output_stream is not None else ""


def lines_lost() -> int:
    """Return how many lines for stderr were lost so far."""
    return _guarded.error_stream.lost if _guarded.error_stream is not None else 0


def hurry() -> None:
    """Wait at most HURRIED seconds for a reader of stdout: the process is to end. Safe in signal handlers."""
    if _guarded.output_stream is not None:
        _guarded.output_stream.patience = HURRIED


def end() -> None:
    """Write what is left, within HURRIED seconds."""
    sys.stdout.flush()
    sys.stderr.flush()
    if _guarded.error_stream is not None:
        _guarded.error_stream.settle(HURRIED)
