"""Signals that end a run: SIGTERM, and SIGHUP, of a terminal that was closed."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def ending() -> tuple[signal.Signals, ...]:
    """Return them. SIGHUP is none where whoever started the process had it ignored, as `nohup` does."""
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return (signal.SIGTERM,) if ignored else (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def answered(answer: Callable[[], None]) -> Iterator[None]:
    """Have *answer* called for each of them that comes meanwhile, in the main thread."""
    before = {number: signal.signal(number, lambda *_: answer()) for number in ending()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def interrupt() -> None:
    """Answer as Ctrl-C is answered just now; where that is ignored, as in a shell's background, as usual."""
    handler = signal.getsignal(signal.SIGINT)
    (handler if callable(handler) else signal.default_int_handler)(signal.SIGINT, None)
