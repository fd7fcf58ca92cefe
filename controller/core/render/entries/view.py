"""The view of whoever reads a plan: the width and colours of a terminal, phone numbers, and their command."""

import shlex
from dataclasses import dataclass

from controller.core.render.entries.phones import MASKED, Phones


@dataclass(frozen=True, slots=True)
class View:
    """*width* is that of the terminal, None if lines are not wrapped.

    *command* are the words after `gupshupctl` that let through what a guard holds, with `--release`. *scope*
    are those of them that tell one selection of manifests from another.
    """

    width: int | None = None
    coloured: bool = False
    phones: Phones = MASKED
    command: tuple[str, ...] = ("apply",)
    scope: tuple[str, ...] = ()


PLAIN = View()


def release_command(digests: str, view: View) -> str:
    """Return the command, for a shell, that lets through exactly what a guard held under *digests*."""
    return shlex.join(("gupshupctl", *view.command, "--release", digests))
