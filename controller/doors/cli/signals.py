"""Signals that end a command: SIGTERM, and SIGHUP when its terminal was closed."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def end_signals() -> tuple[signal.Signals, ...]:
    """Return the end signals. SIGHUP is not among them if the caller ignores it, as `nohup` does."""
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return (signal.SIGTERM,) if ignored else (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def on_end_signal(handler: Callable[[], None]) -> Iterator[None]:
    """Call *handler* in the main thread for each end signal that arrives during the block."""
    before = {number: signal.signal(number, lambda *_: handler()) for number in end_signals()}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


def interrupt() -> None:
    """Do what Ctrl-C does now. If Ctrl-C is ignored, as in a shell's background, raise KeyboardInterrupt."""
    handler = signal.getsignal(signal.SIGINT)
    (handler if callable(handler) else signal.default_int_handler)(signal.SIGINT, None)
