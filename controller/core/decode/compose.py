"""Composer: YAML text becomes plain values, from libyaml's events and with a stack of its own.

No function recurses, so that no nesting can exhaust the C stack. Every ceiling ends the reading at once.
Positions are stored only on request: files with problems are read twice, the others stay cheap.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn, TypeAlias

import yaml
from yaml._yaml import CParser  # the module that defines CParser; yaml.cyaml only re-exports it
from yaml._yaml import Mark as CMark

from controller.core.decode.quoting import Path, quoted, visible
from controller.core.decode.scalars import core, doubtful, misspelt, whole
from controller.core.decode.text import forbidden, judged
from controller.core.decode.yaml_errors import YamlProblem, yaml_problem

DEEPEST = 32
MOST_NODES = 10_000
LONGEST_LIST = 200
LONGEST_KEY = 200
LONGEST_VALUE = 4_096
_DEPTH = "GS108"
_AHEAD = 1_024
"""The most characters that libyaml reads ahead in a line, to recognise a key."""

_DAYS: frozenset[Path] = frozenset({("spec", "credentials", "expires")})  # the same day to every YAML


class Position(NamedTuple):
    """The line and column of a node (from 1), and its text if it is a scalar."""

    line: int
    column: int
    raw: str | None = None


class Finding(NamedTuple):
    """A construct that YAML allows and a manifest does not. A *soft* one gives way to any other problem."""

    rule: str
    spot: Position
    path: Path
    message: str
    fix: str | None = None
    soft: bool = False


_TOP = Position(1, 1)


@dataclass(slots=True)
class RawDocument:
    """One document as read. *opaque*: its values are not what the author meant."""

    value: object = None
    spot: Position = _TOP
    oddities: list[Finding] = field(default_factory=list)
    values: dict[Path, Position] = field(default_factory=dict)
    keys: dict[Path, Position] = field(default_factory=dict)

    @property
    def opaque(self) -> bool:
        return any(oddity.rule in _OPAQUE for oddity in self.oddities)


@dataclass(slots=True)
class Composition:
    """All documents up to the end, or up to the *fatal* finding that ended the reading."""

    documents: list[RawDocument] = field(default_factory=list)
    fatal: Finding | None = None


_OPAQUE = frozenset({"GS107", "GS113", "GS118"})


_Mark: TypeAlias = yaml.error.Mark | CMark
_Value: TypeAlias = dict[str, object] | list[object]


class _Frame:
    """An open list or mapping at *path*; *key* is the mapping's key whose value comes next."""

    __slots__ = ("awaits_key", "key", "path", "seen", "value")

    def __init__(self, value: _Value, path: Path) -> None:
        self.value = value
        self.path = path
        self.key = "?"
        self.awaits_key = isinstance(value, dict)
        self.seen: dict[str, _Mark] = {}

    def take(self, value: object) -> None:
        """Store a value at its place. An alias in the place of a key (reported already) counts as the key."""
        if isinstance(self.value, list):
            self.value.append(value)
        elif self.awaits_key:
            self.awaits_key = False
        else:
            self.value[self.key] = value
            self.awaits_key = True

    @property
    def next(self) -> Path:
        """The path of the next value."""
        return (*self.path, len(self.value) if isinstance(self.value, list) else self.key)


class _Stop(Exception):
    pass


def compose(text: str, *, tracked: bool = False) -> Composition:
    """Return the documents of *text*; *tracked* stores the position of every value and key."""
    composer = _Composer(tracked=tracked)
    try:
        composer.drain(CParser(text))
    except _Stop:
        pass
    except yaml.YAMLError as error:
        composer.done.fatal = _too_deep(error, text) or _oddity(yaml_problem(error, text))
    return composer.done


def _too_deep(error: yaml.YAMLError, text: str) -> Finding | None:
    """Return the finding of a nesting too deep, if libyaml's own limit ended the reading first.

    libyaml was reading ahead then, to recognise a key. Half of that text is cut off here, so that the events
    before it arrive, and the ceiling of this module is reached first.
    """
    mark = getattr(error, "problem_mark", None)
    before = text[: max(0, mark.index - _AHEAD // 2)] if mark else ""
    if not before:
        return None
    composer = _Composer(tracked=False)
    with suppress(yaml.YAMLError, _Stop):
        composer.drain(CParser(before))
    fatal = composer.done.fatal
    return fatal if fatal and fatal.rule == _DEPTH else None


def _oddity(error: YamlProblem) -> Finding:
    return Finding(error.rule, Position(error.line, error.column), (), error.message)


class _Composer:
    def __init__(self, *, tracked: bool) -> None:
        self.done = Composition()
        self._tracked = tracked
        self._stack: list[_Frame] = []
        self._document = RawDocument()
        self._nodes = 0

    def drain(self, parser: CParser) -> None:
        while (event := parser.get_event()) is not None:
            if isinstance(event, yaml.ScalarEvent):
                self._scalar(event)
            elif isinstance(event, yaml.MappingStartEvent):
                self._open(event, {})
            elif isinstance(event, yaml.CollectionEndEvent):
                self._stack.pop()
            elif isinstance(event, yaml.SequenceStartEvent):
                self._open(event, [])
            else:
                self._other(event)

    def _other(self, event: yaml.Event) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self._document = RawDocument(spot=_spot(event))
                if event.version or event.tags:
                    self._odd("GS114", event, "a line that begins with '%'")
            case yaml.DocumentEndEvent():
                self.done.documents.append(self._document)
            case yaml.AliasEvent():
                self._count(event)
                self._odd("GS107", event, "aliases are refused; write out here what it stands for")
                self._put(event, None)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        self._count(event)
        text = event.value
        plain = event.implicit[0]
        if event.anchor is not None or event.tag is not None:
            self._decorated(event)
        if self._stack and self._stack[-1].awaits_key:
            self._key(event, text, plain=plain)
            return
        if (plain and (doubtful(text) or misspelt(text))) or len(text) > LONGEST_VALUE or event.style == '"':
            self._doubt(event, text, plain=plain)
        self._put(event, core(text) if plain else text)

    def _doubt(self, event: yaml.ScalarEvent, text: str, *, plain: bool) -> None:
        bad = forbidden(text) if event.style == '"' else None
        if len(text) > LONGEST_VALUE:
            message = f"{len(text):,} characters, and {LONGEST_VALUE:,} are the most"
            self._odd("GS111", event, message)
        elif bad:
            rule, message = judged(bad)
            self._odd(rule, event, message)
        elif plain and misspelt(text):
            message = f"must be written in plain digits; found {visible(text)}"
            self._odd("GS202", event, message, whole(text), soft=True)
        elif plain and self._path() not in _DAYS:
            message = f"{visible(text)} is one thing to YAML 1.1 and another to YAML 1.2"
            fix = quoted(text) if len(text) < LONGEST_KEY else None
            self._odd("GS201", event, message, fix, soft=True)

    def _key(self, event: yaml.ScalarEvent, text: str, *, plain: bool) -> None:
        frame = self._stack[-1]
        first = frame.seen.setdefault(text, _mark(event))
        frame.key, frame.awaits_key = text, False
        if self._tracked:
            self._document.keys[self._path()] = _spot(event)
        if first is not _mark(event):
            where = f"{first.line + 1}:{first.column + 1}"
            self._odd("GS105", event, f"the key {visible(text)} stands here again; first at {where}")
        if plain and text == "<<":
            self._odd("GS107", event, "merge keys are refused; write out here what is meant")
        elif plain and not isinstance(core(text), str):
            self._odd("GS118", event, f"the key {visible(text)} is no string", quoted(text[:LONGEST_KEY]))
        elif len(text) > LONGEST_KEY:
            self._odd("GS111", event, f"a key of {len(text):,} characters, and {LONGEST_KEY} are the most")
        elif bad := forbidden(text):
            self._odd(judged(bad)[0], event, f"in a key: {judged(bad)[1]}")

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent, value: _Value) -> None:
        self._count(event)
        path = self._path()
        if len(self._stack) >= DEEPEST:
            self._stop(_DEPTH, event, f"nesting deeper than {DEEPEST}")
        if event.anchor is not None or event.tag is not None:
            self._decorated(event)
        if self._stack and self._stack[-1].awaits_key:
            self._odd("GS118", event, "a list or mapping stands where a key belongs")
            self._stack[-1].take(None)
        else:
            self._put(event, value)
        self._stack.append(_Frame(value, path))

    def _put(self, event: yaml.Event, value: object) -> None:
        if self._tracked:
            raw = event.value if isinstance(event, yaml.ScalarEvent) else None
            self._document.values[self._path()] = _spot(event, raw)
        if (
            self._stack
            and len(self._stack[-1].value) >= LONGEST_LIST
            and isinstance(self._stack[-1].value, list)
        ):
            self._stop("GS110", event, f"a list of more than {LONGEST_LIST} items")
        if not self._stack:
            self._document.value = value
            self._document.spot = _spot(event)
            return
        self._stack[-1].take(value)

    def _decorated(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.anchor is not None:
            self._odd(
                "GS107",
                event,
                f"the anchor &{visible(event.anchor)[1:-1]} is refused; remove it, and write values out",
            )
        if event.tag is not None:
            self._odd(
                "GS113", event, f"the tag {visible(event.tag)} is refused; remove it, and quote what is text"
            )

    def _count(self, event: yaml.Event) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            self._stop("GS110", event, f"more than {MOST_NODES:,} nodes")

    def _path(self) -> Path:
        """Return the path of the current node."""
        return self._stack[-1].next if self._stack else ()

    def _odd(
        self, rule: str, event: yaml.Event, message: str, fix: str | None = None, *, soft: bool = False
    ) -> None:
        self._document.oddities.append(Finding(rule, _spot(event), self._path(), message, fix, soft))

    def _stop(self, rule: str, event: yaml.Event, message: str) -> NoReturn:
        self.done.fatal = Finding(rule, _spot(event), (), message)
        raise _Stop


def _mark(event: yaml.Event) -> _Mark:
    return event.start_mark  # type: ignore[return-value]  # None only for events made by hand


def _spot(event: yaml.Event, raw: str | None = None) -> Position:
    mark = _mark(event)
    return Position(mark.line + 1, mark.column + 1, raw)
