"""Logs on standard error: constant words, variable keys, one line an event; never a secret."""

import logging
import sys
from collections.abc import Callable

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from controller.edges import streams


def configure(form: str, level: str) -> None:
    """Set up logging for this process; what libraries log below a warning is left out.

    Their lines may hold addresses and bodies that are nobody's business.
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
            Missing(streams.lines_lost),
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)


class Missing:
    """Adds `lines_lost` to an event where more lines were lost since the last one; *lost* counts them all."""

    def __init__(self, lost: Callable[[], int]) -> None:
        self._lost = lost
        self._told = 0

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        lost = self._lost()
        if lost != self._told:
            self._told = event["lines_lost"] = lost
        return event


def logger() -> FilteringBoundLogger:
    found: FilteringBoundLogger = structlog.get_logger()
    return found
