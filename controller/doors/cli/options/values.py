"""Values of options: durations, and the digests that release a change."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import click

from controller.core.closest import did_you_mean
from controller.errors import Usage

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


class Duration(click.ParamType[float]):
    """`45m`, `2h`, `30s`, or plain seconds. The value is in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401  (click's signature)
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"([0-9]{1,9})([smhd]?)", str(value))
        if match is None:
            self.fail(f"{value!r} is no duration: write 30s, 45m, 2h or 1d", param, ctx)
        return float(int(match[1]) * _UNITS[match[2]])


class Word(click.Choice[str]):
    """One of a few words. The error about another one names the nearest."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:  # noqa: ANN401  (click's signature)
        message = super().get_invalid_choice_message(value, ctx)
        mean = did_you_mean(str(value), self.choices)
        return f"{message.removesuffix('.')}{mean}" if mean else message


class Releases(set[str]):
    """The digests of all `--release` options. It notes which of them a guard asked for: those are known.

    Once every guard has asked, `settle` makes the others *unknown*. They release nothing.
    """

    def __init__(self, given: Iterable[str] = ()) -> None:
        super().__init__(given)
        self._known: set[str] = set()
        self.unknown: frozenset[str] = frozenset()

    def __contains__(self, digest: object) -> bool:
        found = super().__contains__(digest)
        if found:
            self._known.add(str(digest))
        return found

    def settle(self) -> list[str]:
        """Return the unknown digests."""
        self.unknown = frozenset(self) - self._known
        return sorted(self.unknown)


def digests(values: Sequence[str]) -> Releases:
    """Return the digests of all `--release` options; commas separate several in one. Raises Usage."""
    given = Releases(digest for value in values for digest in value.split(","))
    if wrong := sorted(digest for digest in given if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest)):
        raise Usage(f"--release takes a digest as `plan` prints it, sha256:…; not {wrong[0]!r:.80}")
    return given
