"""Several things at once in one thread; the first failure ends the others and comes out as itself."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import TypeVar

T = TypeVar("T")


async def gather(works: Iterable[Coroutine[object, object, T]]) -> list[T]:
    """Run *works* side by side and return what they return, in their order."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in works]
    except ExceptionGroup as several:
        raise several.exceptions[0] from several
    return [request.result() for request in tasks]
