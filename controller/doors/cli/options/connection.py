"""The options of every verb that needs Gupshup or the store, and the runtime that they open."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from controller.doors.cli.options.mirrored import option, pack
from controller.doors.cli.options.values import Duration, Word

if TYPE_CHECKING:
    from controller.doors.app import Runtime

F = TypeVar("F", bound=Callable[..., Any])

_STORE = "The store. By default .gupshupctl/state.db."


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    store: str | None
    proxy: str | None
    ca_file: str | None
    log_format: str = "text"
    log_level: str = "warning"

    def open(self, verb: str, revision: str, *, read_only: bool = False) -> "Runtime":
        """Set up logs, and open the store and the way to Gupshup.

        *read_only*: the verb writes nothing to Gupshup. If the store cannot be written, a note says so.
        """
        from controller.doors.app import open_runtime  # noqa: PLC0415  (slow to import, and not always opened)
        from controller.edges import log  # noqa: PLC0415  (likewise)
        from controller.edges.gupshup import Network  # noqa: PLC0415  (likewise)

        log.configure(self.log_format, self.log_level)
        network = Network(proxy=self.proxy, ca_file=self.ca_file)
        opened = open_runtime(
            self.store, network, os.environ, verb=verb, revision=revision, read_only=read_only
        )
        runtime = replace(opened, warn=_warn)
        if runtime.store.passing:
            click.echo(
                f"Note: this {verb} remembers nothing, and counts only its own calls: "
                f"{runtime.store.passing}",
                err=True,
            )
        return runtime


def _warn(partner: str, message: str) -> None:
    click.echo(f"Warning: partner {partner}: {message}", err=True)


lock_timeout_option = option(
    "--lock-timeout",
    type=Duration(),
    default="0",
    show_default=True,
    help="Wait this long for another writer.",
)


def store_option(function: F) -> F:
    return option("--store", metavar="PATH", help=_STORE)(function)


def connection_options(function: Callable[..., int], level: str = "warning") -> Callable[..., int]:
    """Add the options; they arrive as one `connection`. *level* is the default of `--log-level`."""
    forms, levels = Word(["text", "json"]), Word(["debug", "info", "warning", "error"])
    added = (
        store_option,
        option("--proxy", metavar="URL", help="An HTTP proxy. HTTPS_PROXY and the like are ignored."),
        option("--ca-file", metavar="FILE", help="Certificates to trust instead of the usual ones."),
        option(
            "--log-format", type=forms, default="text", show_default=True, help="Form of the log, on stderr."
        ),
        option(
            "--log-level", type=levels, default=level, show_default=True, help="Lowest level that is logged."
        ),
    )
    return pack(function, "connection", ConnectionOptions, added)
