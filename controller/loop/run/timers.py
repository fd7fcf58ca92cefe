"""Timers: apscheduler calls functions that mark something as due, and never do the work themselves."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC

from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger


class Timers:
    """Calls at intervals, late ones too: by default apscheduler skips a run that is a second late."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Begin, in the event loop that is to run the calls."""
        self._scheduler.start()

    def end(self) -> None:
        self._scheduler.shutdown(wait=False)

    def every(self, seconds: float, drop: Callable[[], None]) -> Callable[[], None]:
        job = self._scheduler.add_job(drop, IntervalTrigger(seconds=seconds, timezone=UTC))

        def end() -> None:
            with suppress(JobLookupError):
                job.remove()

        return end
