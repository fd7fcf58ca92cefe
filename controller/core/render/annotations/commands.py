"""Workflow commands of GitHub: annotations on the lines of a change. No value ends or begins a command."""

from controller.model.problem import ENVIRONMENT, NOWHERE, Place
from controller.model.text import escape


def command(level: str, title: str, place: Place, *lines: str) -> str:
    """Return an annotation of *lines*: *level* is error, warning or notice."""
    where = () if place in {NOWHERE, ENVIRONMENT} else _where(place)
    properties = ",".join((*where, f"title={_property(escape(title))}"))
    return f"::{level} {properties}::{'%0A'.join(_data(escape(line)) for line in lines)}"


def _where(place: Place) -> tuple[str, ...]:
    return f"file={_property(escape(place.file))}", f"line={place.line}", f"col={place.column}"


def _data(words: str) -> str:
    return words.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(words: str) -> str:
    return _data(words).replace(":", "%3A").replace(",", "%2C")
