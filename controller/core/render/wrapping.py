"""Lines for a terminal: none is longer than it is wide, and no word is broken."""

import re

_CHUNK = re.compile(r" *[^ ]+")


def wrapped(line: str, width: int | None, indent: int) -> list[str]:
    """Return *line* as lines of at most *width* characters. All but the first are indented by *indent*.

    A word that is longer than a line stays whole; one that only fits with a smaller indent gets that.
    """
    if width is None or len(line) <= width:
        return [line]
    lines = [""]
    for chunk in _CHUNK.findall(line):
        if not lines[-1] or len(lines[-1]) + len(chunk) <= width:
            lines[-1] += chunk
        else:
            word = chunk.strip(" ")
            lines.append(" " * min(indent, max(width - len(word), 0)) + word)
    return lines


def wrapped_command(line: str, width: int | None, indent: int) -> list[str]:
    """Return a command as lines that a shell reads as one."""
    *before, last = wrapped(line, None if width is None else width - 2, indent)
    return [*(f"{each} \\" for each in before), last]
