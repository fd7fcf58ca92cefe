"""What a guard holds, in words, as JSON and read back, and the one command that releases it."""

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from controller.core.status.state import ResourceState, state_of
from controller.model.plan import Kind, Verb
from controller.model.status import HeldClass, HeldSet, Status
from controller.model.text import escape


def option(digest: str) -> str:
    """Return the option that releases *digest*, where the command is known from elsewhere."""
    return f"--release {digest}"


def release_command(digest: str, store: Sequence[str] = ()) -> str:
    """Return the command that releases *digest* in a running controller; paste it and run it.

    *store* are the words that name its store, none for the default one.
    """
    return " ".join(("gupshupctl reconcile", option(digest), *store))


def apply_command(paths: Iterable[str], digest: str, more: Sequence[str] = ()) -> str:
    """Return the command that applies *paths* and releases *digest*. *more* are its other words."""
    return _command("apply", paths, digest, more)


def plan_command(paths: Iterable[str], digest: str, more: Sequence[str] = ()) -> str:
    """Return the command that plans *paths* as if *digest* were released. *more* are its other words."""
    return _command("plan", paths, digest, more)


def _command(verb: str, paths: Iterable[str], digest: str, more: Sequence[str]) -> str:
    return " ".join(("gupshupctl", verb, *map(path_word, paths), option(digest), *more))


def path_word(path: str) -> str:
    """Return *path* as a word of a command that can be pasted: never taken for an option."""
    return shlex.quote(f"./{path}" if path.startswith("-") else path)


def accept_hint(digest: str, revision: str, store: Sequence[str] = ()) -> str:
    """Return how a running controller is brought to accept a source that it refused under *digest*.

    Without a last good *revision* it works on no account, and so takes no requests.
    """
    if revision:
        return f"`{release_command(digest, store)}`"
    return f"start `gupshupctl run` again with `{option(digest)}`"


def held_about(status: Status, held: Iterable[HeldSet]) -> list[HeldSet]:
    """Return those of *held*, all that guards hold of a partner, that *status* is about."""
    if status.item.kind is Kind.PARTNER:
        return list(held)
    state, condition = state_of(status)
    message = condition.message if state is ResourceState.HELD and condition is not None else ""
    return [each for each in held if message in map(str, each.classes)]


def held_lines(held: Iterable[HeldSet], command: Callable[[str], str]) -> Iterator[str]:
    """Yield what is held, and for each digest the *command* that releases it."""
    for each in held:
        yield f"Held by {escape(str(each))}. To release exactly this:"
        yield f"  {command(each.digest)}"


def held_rows(
    held: Iterable[HeldSet], command: Callable[[str], str] | None = None
) -> list[dict[str, object]]:
    """Return what is held as a document, with the *command* that releases it if one is given."""
    return [
        {
            "digest": each.digest,
            **({} if command is None else {"command": command(each.digest)}),
            "changes": [
                {"guard": one.guard, "verb": str(one.verb), "count": one.count, "message": one.figures}
                for one in each.classes
            ],
        }
        for each in held
    ]


def read_held(rows: object) -> Iterator[HeldSet]:
    """Yield what `held_rows` made; what cannot be read is left out."""
    for row in _mappings(rows):
        classes = tuple(
            _read_class(one) for one in _mappings(row.get("changes")) if one.get("verb") in set(Verb)
        )
        if classes and isinstance(row.get("digest"), str):
            yield HeldSet(str(row["digest"]), classes)


def _read_class(row: Mapping[str, object]) -> HeldClass:
    count = row.get("count")
    return HeldClass(
        str(row.get("guard")),
        Verb(str(row["verb"])),
        count if isinstance(count, int) else 0,
        str(row.get("message")),
    )


def _mappings(rows: object) -> list[Mapping[str, object]]:
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
