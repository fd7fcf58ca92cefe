"""Statuses of every declared resource of one partner, kept in the store for its readers."""

from collections.abc import Iterable, Iterator, Mapping

from controller.core.planning.matched_app import Matches
from controller.core.render.statuses import document, read_documents
from controller.core.status.renamed import follow, renamed_items
from controller.loop.ports import Account, Reader
from controller.model.passes import Transition
from controller.model.plan import Item
from controller.model.status import Status

KEPT = 900.0
"""Seconds after which an unchanged status is written again, so that its age shows the last check."""


class StatusRecorder:
    """The last statuses, by item. Only what changes is reported and written."""

    def __init__(self) -> None:
        self._last: dict[Item, Status] = {}
        self._written: dict[Item, float] = {}

    @property
    def last(self) -> dict[Item, Status]:
        return self._last

    def follow(self, matches: Matches) -> Mapping[Item, Item]:
        """Keep each last status under the present name of its app; return what has another item now."""
        if renamed := renamed_items(self._last, matches):
            self._last = follow(self._last, renamed)
        return renamed

    async def load(self, account: Account[Reader]) -> None:
        """Begin with the statuses in the store, so that conditions keep their times over a restart."""
        known = read_documents(await account.store.statuses.read(account.upstream))
        self._last = {status.item: status for status in known}
        self._written = {status.item: status.at for status in known}

    async def record(
        self, account: Account[Reader], latest: Iterable[Status], *, whole: bool, force: bool
    ) -> tuple[Transition, ...]:
        """Keep *latest*, and return the changes. *whole*: no other item is declared; *force*: write all."""
        fresh = {status.item: status for status in latest}
        changes = tuple(change for status in fresh.values() for change in self._changes(status))
        due = [status for status in fresh.values() if force or self._is_due(status)]
        gone = whole and not self._written.keys() <= fresh.keys()
        if gone:
            due = list(fresh.values())
        if due or gone:
            documents = {str(status.item): document(status) for status in due}
            await account.store.statuses.save(account.upstream, documents, whole=gone)
        if whole:
            self._last = {}
            self._written = {item: at for item, at in self._written.items() if item in fresh}
        self._last |= fresh
        self._written |= {status.item: status.at for status in due}
        return changes

    def _is_due(self, status: Status) -> bool:
        before = self._last.get(status.item)
        same = before is not None and _content(before) == _content(status)
        age = status.at - self._written.get(status.item, 0.0)
        return not same or not 0.0 <= age < KEPT  # the clock of an earlier process may have been ahead

    def _changes(self, status: Status) -> Iterator[Transition]:
        before = self._last.get(status.item)
        for condition in status.conditions:
            known = before.condition(condition.type) if before is not None else None
            if known is None or (known.status, known.reason) != (condition.status, condition.reason):
                yield Transition(status.item, known, condition)


def _content(status: Status) -> object:
    health = None if status.health is None else (status.health.info, status.health.at)
    facts = (status.revision, status.app_id, status.stage, status.foreign, status.held)
    return (status.conditions, *facts, health, status.is_listed, status.listed)
