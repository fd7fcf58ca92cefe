"""Cache of a partner's apps: the last list by id, phone and name, corrected by reads of single apps."""

from collections import defaultdict
from collections.abc import Iterable

from controller.model.manifest import App, AppId
from controller.model.upstream import Row


class AppCache:
    """Rows by id, phone and name. A list fills the cache, reads by phone correct the rows."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._by_id: dict[AppId, Row] = {}
        self._ids: dict[str, set[AppId]] = defaultdict(set)
        self._phoneless: set[AppId] = set()
        for row in rows:
            self._put(row)

    def __len__(self) -> int:
        return len(self._by_id)

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(self._by_id.values())

    def rows_for(self, app: App) -> tuple[Row, ...]:
        """Return the rows that may be *app*: those with its phone, its name or its id.

        Rows without a phone are included: without them the absence of *app* would not be proven.
        """
        ids = self._ids.get(app.phone, set()) | self._ids.get(app.app_name, set()) | self._phoneless
        ids |= {app.app_id} & self._by_id.keys() if app.app_id else set()
        return tuple(self._by_id[id_] for id_ in sorted(ids))

    def replace_by_phone(self, phone: str, rows: Iterable[Row]) -> None:
        """Replace the rows with *phone* by *rows*, a complete read. A row that the read lacks is gone."""
        fresh = [row for row in rows if row.phone == phone]
        for id_ in sorted(self._ids.get(phone, set())):
            if self._by_id[id_].phone == phone:
                self._drop(self._by_id[id_])
        for row in fresh:
            self._put(row)

    def find(self, name: str) -> Row | None:
        """Return the one row whose id, phone or name is *name*, None without exactly one."""
        by_id = self._by_id.get(AppId(name))
        ids = self._ids.get(name, set())
        return by_id or (self._by_id[next(iter(ids))] if len(ids) == 1 else None)

    def _put(self, row: Row) -> None:
        if row.id in self._by_id:
            self._drop(self._by_id[row.id])
        self._by_id[row.id] = row
        for key in {row.phone, row.name} - {None}:
            self._ids[str(key)].add(row.id)
        if row.phone is None:
            self._phoneless.add(row.id)

    def _drop(self, row: Row) -> None:
        del self._by_id[row.id]
        self._phoneless.discard(row.id)
        for key in {row.phone, row.name} - {None}:
            self._ids[str(key)].discard(row.id)
            if not self._ids[str(key)]:
                del self._ids[str(key)]
