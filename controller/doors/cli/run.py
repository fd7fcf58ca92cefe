"""`gupshupctl run`: keep Gupshup as the manifests say, until it is stopped."""

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from controller.doors.cli.listening import listens
from controller.doors.cli.options import DEFAULT_PATH, digests, option, output, variable
from controller.doors.cli.reach import Duration, Reach, reaches
from controller.doors.cli.signals import answered
from controller.edges import streams
from controller.errors import Usage

if TYPE_CHECKING:
    from controller.doors.cli.running import Where
    from controller.doors.web import ListenOptions


@click.command()
@option(
    "--manifests", multiple=True, metavar="DIR", help=f"A folder of manifests; {DEFAULT_PATH} by default."
)
@option("--git", metavar="URL", help="A repository instead: https://host/path or ssh://git@host/path.")
@option("--branch", metavar="NAME", help="Its branch; the remote's default one where none is named.")
@option("--git-path", metavar="DIR", default=None, help="The folder in it; its root where none is named.")
@option("--git-copy", metavar="DIR", help="Where to keep a copy of it; a temporary folder by default.")
@option("--git-user", metavar="NAME", default="git", show_default=True, help="The user that the token is of.")
@option("--git-token-file", metavar="FILE", help="A token for https; or GUPSHUPCTL_GIT_TOKEN.")
@option("--git-ssh-key", metavar="FILE", help="A private key for ssh.")
@option("--git-known-hosts", metavar="FILE", help="The host keys that are believed; needed with a key.")
@option("--git-signers", metavar="FILE", help="Take commits only that a key in this file signed.")
@option("--git-revoked", metavar="FILE", help="Keys whose signatures no longer count.")
@option(
    "--interval", type=Duration(), default="1m", show_default=True, help="Between two lists of a partner."
)
@option("--drift-interval", type=Duration(), help="Between two looks at an app's webhooks; 15m or what fits.")
@option(
    "--mode",
    type=click.Choice(["enforce", "observe"]),
    default="enforce",
    show_default=True,
    help="observe never writes.",
)
@listens
@option("--notify-url-file", metavar="FILE", help="Services to tell when a person is needed; a URL a line.")
@option("--metrics-per-resource", is_flag=True, help="Tell every resource apart at /metrics.")
@option("--once", is_flag=True, help="Do what can be done now, and end; exit codes as of apply.")
@option(
    "--release", multiple=True, metavar="DIGEST", help="Take a source that lost too much; its digest is told."
)
@output("text", "json")
@partial(reaches, level="info")
def command(  # noqa: PLR0913  (one parameter an option, all by keyword)
    *,
    manifests: tuple[str, ...],
    git: str | None,
    branch: str | None,
    git_path: str | None,
    git_copy: str | None,
    git_user: str,
    git_token_file: str | None,
    git_ssh_key: str | None,
    git_known_hosts: str | None,
    git_signers: str | None,
    git_revoked: str | None,
    interval: float,
    drift_interval: float | None,
    mode: str,
    once: bool,
    release: tuple[str, ...],
    output: str,
    notify_url_file: str | None,
    metrics_per_resource: bool,
    places: "ListenOptions",
    reach: Reach,
) -> int:
    """Keep Gupshup as the manifests say: look again and again, and make only the calls that close the gap.

    SIGTERM ends it with 0, once what is under way has ended. A source that is bad, empty or shrunken leaves
    it on the last good revision, and is told. With --once, such a source gives 3 or 4 each time, and -o is
    the form of the report.
    """
    from controller.doors.cli.outward import Outward  # noqa: PLC0415  (what is heavy waits for its verb)
    from controller.doors.cli.running import Repository, keep  # noqa: PLC0415  (likewise)
    from controller.model.passes import Timing  # noqa: PLC0415  (likewise)

    if git and manifests:
        raise Usage("say either --manifests or --git")
    if git and not reach.store:
        raise Usage("run --git needs --store: a folder that outlives this process, or a PostgreSQL database")
    where: Where = manifests or (DEFAULT_PATH,)
    if git:
        where = Repository(
            git,
            branch,
            git_path or "",
            git_copy,
            git_user,
            git_token_file,
            git_ssh_key,
            git_known_hosts,
            git_signers,
            git_revoked,
            reach.proxy,
            reach.ca_file,
        )
    released = digests(release)
    if once and mode == "observe":
        raise Usage(f"run --once writes as apply does, and {_said('mode')}; to look alone: gupshupctl plan")
    if once:
        return _once(where, reach, released, output)
    tempo = Timing(interval, drift_interval, enforce=mode == "enforce")
    outward = Outward(places, notify_url_file, each=metrics_per_resource)
    return asyncio.run(keep(where, reach, outward, tempo, released))


def _said(name: str) -> str:
    """Return how an option came to its value: by its flag, or by a variable that is set for many runs."""
    context = click.get_current_context()
    flag, value = f"--{name}", context.params[name]
    by_variable = context.get_parameter_source(name) is ParameterSource.ENVIRONMENT
    return f"{variable([flag])} is {value}" if by_variable else f"{flag} is {value}"


def _once(where: "Where", reach: Reach, released: frozenset[str], output: str) -> int:
    from controller.doors.cli.apply import show  # noqa: PLC0415  (what is heavy waits for its verb)
    from controller.doors.cli.once import once  # noqa: PLC0415  (likewise)

    house = reach.open("run", "")
    with answered(streams.hurry):
        try:
            applied = asyncio.run(once(where, house, released))
        except asyncio.CancelledError:  # while it read: there is nothing to report
            raise KeyboardInterrupt from None
        show(applied, output, house, reach)
    return applied.code
