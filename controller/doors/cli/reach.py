"""The options of every verb that reaches Gupshup or the store, and what they come to."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from controller.doors.cli.options import option

if TYPE_CHECKING:  # heavy: imported by the verb that needs it
    from controller.doors.app import Runtime
    from controller.model.ratelimit import OnCall

F = TypeVar("F", bound=Callable[..., Any])

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


class Duration(click.ParamType[float]):
    """`45m`, `2h`, `30s`, or plain seconds; comes out as seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401  (click's signature)
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"([0-9]{1,9})([smhd]?)", str(value))
        if found is None:
            self.fail(f"{value!r} is no duration: write 30s, 45m, 2h or 1d", param, ctx)
        return float(int(found[1]) * _UNITS[found[2]])


@dataclass(frozen=True, slots=True)
class Reach:
    store: str | None
    proxy: str | None
    ca_file: str | None
    log_format: str = "text"
    log_level: str = "warning"

    def open(
        self, verb: str, revision: str, heard: "OnCall | None" = None, *, looks: bool = False
    ) -> "Runtime":
        """Set up logs, and open the store and the way to Gupshup; *heard* is told of each call.

        *looks*: for a verb that only looks. Where the store cannot be written, that is said.
        """
        from controller.doors.app import open_runtime  # noqa: PLC0415  (what is heavy waits for its verb)
        from controller.edges import log  # noqa: PLC0415  (likewise)
        from controller.edges.gupshup import Network  # noqa: PLC0415  (likewise)

        log.configure(self.log_format, self.log_level)
        network = Network(proxy=self.proxy, ca_file=self.ca_file)
        house = open_runtime(self.store, network, os.environ, verb=verb, revision=revision, read_only=looks)
        if house.store.passing:
            click.echo(
                f"Note: nothing is remembered of this {verb}, and its calls are counted by itself alone: "
                f"{house.store.passing}",
                err=True,
            )
        return house if heard is None else replace(house, on_call=heard)


_STORE = "The store; .gupshupctl/state.db where none is named."


def store(function: F) -> F:
    return option("--store", metavar="PATH", help=_STORE)(function)


def reaches(function: Callable[..., int], level: str = "warning") -> Callable[..., int]:
    """Add the options of a verb that talks to Gupshup; they arrive as `reach`. *level*: what logs tell."""

    @wraps(function)
    def packed(
        *,
        store: str | None,
        proxy: str | None,
        ca_file: str | None,
        log_format: str,
        log_level: str,
        **others: object,
    ) -> int:
        return function(reach=Reach(store, proxy, ca_file, log_format, log_level), **others)

    forms, levels = click.Choice(["text", "json"]), click.Choice(["debug", "info", "warning", "error"])
    added = (
        option("--store", metavar="PATH", help=_STORE),
        option("--proxy", metavar="URL", help="An HTTP proxy; none is taken from HTTPS_PROXY and the like."),
        option("--ca-file", metavar="FILE", help="Certificates to trust instead of the usual ones."),
        option(
            "--log-format", type=forms, default="text", show_default=True, help="Form of logs, on stderr."
        ),
        option("--log-level", type=levels, default=level, show_default=True, help="Least level told."),
    )
    for add in reversed(added):
        packed = add(packed)
    return packed


def narrows(function: F) -> F:
    """Add the options that narrow what a verb is about."""
    only = "Only this one; an app brings its subscriptions along. May be repeated."
    labels = "Only apps with this label. May be repeated."
    added = (
        option("--only", multiple=True, metavar="KIND/NAME", help=only),
        option("-l", "--label", "labels", multiple=True, metavar="KEY=VALUE", callback=_labels, help=labels),
    )
    for add in reversed(added):
        function = add(function)
    return function


def _labels(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    for key, sign, _ in pairs:
        if not key or not sign:
            raise click.BadParameter("write KEY=VALUE, as in -l tier=gold")
    return {key: value for key, _, value in pairs}
