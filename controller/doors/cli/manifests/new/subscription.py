"""`gupshupctl new subscription`: a webhook of one app, or of every app with some labels, as a manifest."""

from collections.abc import Mapping, Sequence
from functools import partial

import click

from controller.core.writing.new_subscriptions import WebhookRequest, new_subscription
from controller.doors.cli.manifests.new.writing import COMMAND_LINE, out_option, write
from controller.doors.cli.options.arguments import output_option, paths_argument
from controller.doors.cli.options.mirrored import option
from controller.doors.cli.options.names import names_of
from controller.doors.cli.options.selection import parse_labels
from controller.errors import Usage
from controller.model.plan import Kind


def _words(_ctx: click.Context, _param: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.strip().upper() for value in values for word in value.split(","))


@click.command()
@paths_argument
@option(
    "--app",
    "app_name",
    metavar="NAME",
    shell_complete=names_of(Kind.APP),
    help="The App manifest that gets the webhook.",
)
@option(
    "--selector",
    multiple=True,
    metavar="KEY=VALUE",
    callback=parse_labels,
    help="Each app with this label gets it. May be repeated: then each app with all of them.",
)
@option("--tag", metavar="TAG", help="The webhook's name at Gupshup. By default that of the manifest.")
@option("--name", metavar="NAME", help="The manifest's name. By default it comes from the tag.")
@option("--url", required=True, metavar="URL", help="Where Gupshup delivers. It may hold ${app.name}.")
@option("--version", type=int, default=3, show_default=True, help="Form of events: 3 is Meta's, 2 Gupshup's.")
@option("--modes", required=True, multiple=True, metavar="LIST", callback=_words, help="As SENT,MESSAGE.")
@option("--inactive", is_flag=True, help="Gupshup does not deliver yet.")
@option(
    "--header",
    multiple=True,
    metavar="NAME=VARIABLE",
    callback=parse_labels,
    help="A header of each delivery, and the variable HOOK_… that holds its value. May be repeated.",
)
@out_option
@output_option("text", "json")
def subscription(  # noqa: PLR0913  (one parameter an option, all by keyword)
    *,
    paths: tuple[str, ...],
    app_name: str | None,
    selector: Mapping[str, str],
    tag: str | None,
    name: str | None,
    url: str,
    version: int,
    modes: tuple[str, ...],
    inactive: bool,
    header: Mapping[str, str],
    out: str | None,
    output: str,
) -> int:
    """Write the manifest of a new webhook, for one app or for all apps with a label.

    PATHS are the manifests that exist, or manifests/. Exit 0 if it is declared now, also if it was before; 3
    if a value is wrong, or the name is that of another subscription; 1 if another file is in the way.
    """
    if (app_name is None) == (not selector):
        raise Usage("give either --app or --selector")
    if not (tag or name):
        raise Usage("give --tag, or --name, or both")
    wanted = WebhookRequest(
        url=url,
        version=version,
        modes=modes,
        app=app_name or "",
        labels=selector,
        name=name or "",
        tag=tag or "",
        active=not inactive,
        headers=header,
        place=COMMAND_LINE,
    )
    return write(paths, out, output, partial(new_subscription, wanted))
