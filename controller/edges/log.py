"""Logs on standard error: one line an event, constant words and variable keys, never a secret."""

import logging
import sys
from collections.abc import Callable

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from controller.edges import streams


def configure(form: str, level: str) -> None:
    """Set up logging for this process. Lines of libraries below a warning are left out.

    Such lines may hold private addresses and bodies.
    """
    last: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if form == "text":
        last = structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"])
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            LostLines(streams.lines_lost),
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)


class LostLines:
    """Adds `lines_lost` to an event if lines were lost since the last one. *lost* returns all so far."""

    def __init__(self, lost: Callable[[], int]) -> None:
        self._lost = lost
        self._reported = 0

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        lost = self._lost()
        if lost != self._reported:
            self._reported = event["lines_lost"] = lost
        return event


def logger() -> FilteringBoundLogger:
    log: FilteringBoundLogger = structlog.get_logger()
    return log
