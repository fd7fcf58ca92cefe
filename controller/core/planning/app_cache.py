"""The last list of a partner's apps, by what they are looked up by, kept current by looks at single ones."""

from collections import defaultdict
from collections.abc import Iterable

from controller.model.manifest import App, AppId
from controller.model.upstream import Row


class AppCache:
    """Rows by id, phone and name. One list makes it, looks by phone correct it."""

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
        """Return the rows that have to do with *app*: by its phone, its name or its id.

        Those without a phone may have its, so that without them nobody could say that it is absent.
        """
        ids = self._ids.get(app.phone, set()) | self._ids.get(app.app_name, set()) | self._phoneless
        ids |= {app.app_id} & self._by_id.keys() if app.app_id else set()
        return tuple(self._by_id[each] for each in sorted(ids))

    def replace_by_phone(self, phone: str, rows: Iterable[Row]) -> None:
        """Take over what a whole look by *phone* found: a row with that phone which it lacks is gone."""
        fresh = [row for row in rows if row.phone == phone]
        for id_ in sorted(self._ids.get(phone, set())):
            if self._by_id[id_].phone == phone:
                self._drop(self._by_id[id_])
        for row in fresh:
            self._put(row)

    def find(self, name: str) -> Row | None:
        """Return the one row that goes by *name*: an id, a phone or a name."""
        found = self._by_id.get(AppId(name))
        ids = self._ids.get(name, set())
        return found or (self._by_id[next(iter(ids))] if len(ids) == 1 else None)

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
