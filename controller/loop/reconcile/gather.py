"""Concurrent work in one thread; the first failure ends the rest and is raised as itself."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import TypeVar

T = TypeVar("T")


async def gather(works: Iterable[Coroutine[object, object, T]]) -> list[T]:
    """Run *works* side by side and return their results, in their order."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in works]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from errors
    return [task.result() for task in tasks]
