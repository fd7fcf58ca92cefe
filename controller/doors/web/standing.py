"""What the store tells of the apps, read in small pieces: thousands of them must not hold up the loop."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from itertools import islice

from controller.core.render.statuses import read_documents
from controller.doors.cli.stored import Known
from controller.edges.store import Store

AT_ONCE = 100
"""How many documents are read before others have their turn: about two milliseconds of work."""


async def apps(store: Store) -> AsyncIterator[list[Known]]:
    """Yield every app by upstream and name, some at a time."""
    for upstream in await store.statuses.upstreams():
        documents = await store.statuses.read(upstream)
        mine = {resource: text for resource, text in documents.items() if resource.startswith("App/")}
        async for part in _pieces(upstream, mine):
            yield part


async def about(store: Store, app: str) -> list[Known]:
    """Return the app of this name and its subscriptions; of every upstream that knows one."""
    found: list[Known] = []
    for upstream in await store.statuses.upstreams():
        documents = await store.statuses.read(upstream)
        of_app = (f"App/{app}", f" on App/{app}")
        mine = {
            resource: text
            for resource, text in documents.items()
            if resource == of_app[0] or resource.endswith(of_app[1])
        }
        found += [known for part in [each async for each in _pieces(upstream, mine)] for known in part]
    return found


async def _pieces(upstream: str, documents: Mapping[str, str]) -> AsyncIterator[list[Known]]:
    rest = iter(documents.items())
    while part := dict(islice(rest, AT_ONCE)):
        yield [Known(upstream, status) for status in read_documents(part)]
        await asyncio.sleep(0)
