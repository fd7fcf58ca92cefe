"""Logs on standard error: constant words, variable keys, one line an event; never a secret."""

import logging
import sys

import structlog
from structlog.typing import FilteringBoundLogger, Processor


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
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)


def logger() -> FilteringBoundLogger:
    found: FilteringBoundLogger = structlog.get_logger()
    return found
