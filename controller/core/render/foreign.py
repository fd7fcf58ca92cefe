"""Foreign webhooks, for people, for machines and for the store: tag, host and modes, never a whole URL."""

from collections.abc import Iterable, Iterator, Mapping

from controller.core.render.tables import table
from controller.model.plan import Foreign, Item, Kind
from controller.model.status import Status

HEAD = ("APP", "PARTNER", "TAG", "HOST", "VERSION", "MODES", "ALLOWED")
NO_HOST = "(no clear host)"


def foreign_row(each: Foreign) -> dict[str, object]:
    """Return an entry of a plan."""
    return {"app": each.item.app, "partner": each.item.partner, **_facts(each)}


def foreign_fields(each: Foreign) -> dict[str, object]:
    """Return an entry of a status. The status says whose it is."""
    return {**_facts(each), "allowed": each.allowed, "id": each.id}


def foreign_items(status: Status) -> Iterator[dict[str, object]]:
    """Yield the entries of `get foreign` for one app."""
    for each in status.foreign:
        yield {**foreign_row(each), "allowed": each.allowed, "id": each.id}


def foreign_table(statuses: Iterable[Status], *, ids: bool = False) -> str:
    """Return one line per webhook. With *ids*, it has Gupshup's id of the subscription."""
    found = [each for status in statuses for each in status.foreign]
    if not found:
        return "no foreign webhooks"
    head = (*HEAD, "ID") if ids else HEAD
    return table(head, [(*_cells(each), each.id)[: len(head)] for each in found])


def foreign_words(each: Foreign) -> str:
    """Return where a webhook leads, and with what, in one line."""
    version = "" if each.version is None else f", version {each.version}"
    return f"→ {each.host or NO_HOST}, {', '.join(each.modes)}{version}"


def read_foreign(app: Item, value: object) -> Iterator[Foreign]:
    """Yield what `foreign_fields` made of the webhooks on *app*. What cannot be read is left out."""
    for given in value if isinstance(value, list) else ():
        if isinstance(given, dict) and isinstance(given.get("tag"), str):
            yield _read(app, given)


def _read(app: Item, given: Mapping[str, object]) -> Foreign:
    version, modes = given.get("version"), given.get("modes")
    return Foreign(
        Item(Kind.SUBSCRIPTION, app.partner, app.app, _text(given, "tag")),
        _text(given, "id"),
        _text(given, "host"),
        tuple(mode for mode in modes if isinstance(mode, str)) if isinstance(modes, list) else (),
        version if isinstance(version, int) else None,
        allowed=given.get("allowed") is not False,
    )


def _text(given: Mapping[str, object], name: str) -> str:
    value = given.get(name)
    return value if isinstance(value, str) else ""


def _facts(each: Foreign) -> dict[str, object]:
    return {"tag": each.item.name, "host": each.host, "modes": list(each.modes), "version": each.version}


def _cells(each: Foreign) -> tuple[str, ...]:
    version = "-" if each.version is None else str(each.version)
    facts = (each.item.name, each.host or NO_HOST, version, ", ".join(each.modes))
    return (each.item.app, each.item.partner, *facts, "yes" if each.allowed else "no")
