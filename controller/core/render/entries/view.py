"""The view of whoever reads a plan: the width and colours of a terminal, phone numbers, and their command."""

from collections.abc import Callable
from dataclasses import dataclass

from controller.core.render.entries.phones import MASKED, Phones
from controller.core.render.held import option


@dataclass(frozen=True, slots=True)
class View:
    """*width* is that of the terminal, None if lines are not wrapped.

    *release* returns, for a shell, what lets through what a guard holds under a digest. *scope* are the words
    of the command that tell one selection of manifests from another.
    """

    width: int | None = None
    coloured: bool = False
    phones: Phones = MASKED
    release: Callable[[str], str] = option
    scope: tuple[str, ...] = ()


PLAIN = View()
