"""The command line: it imports the module of the verb that was typed, runs it and returns an exit code.

The module of a verb (`VERBS`) holds the click command as `command`, which returns its exit code, or
None for 0. No other verb is imported, so `gupshupctl --help` and a small verb like `validate` start fast.
"""

import os
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import NamedTuple

import click

from controller import __version__
from controller.doors.cli.exits import INTERRUPTED, OK, USAGE, code_of, print_error
from controller.doors.cli.signals import interrupt, on_end_signal
from controller.edges import streams


class VerbEntry(NamedTuple):
    """The *module* of a verb below this package, and its line in the help."""

    module: str
    help: str


VERBS = {
    "init": VerbEntry("manifests.init", "Write a first folder of manifests."),
    "new": VerbEntry("manifests.new", "Write manifests of new apps and subscriptions."),
    "validate": VerbEntry("manifests.validate", "Check manifests offline."),
    "schema": VerbEntry("manifests.schema", "Print the JSON Schema of a kind, or of an output."),
    "plan": VerbEntry("plan", "Show what apply would do."),
    "show": VerbEntry("show", "Show a saved plan."),
    "apply": VerbEntry("apply", "Change Gupshup to match the manifests."),
    "get": VerbEntry("status.get", "List the status of every app or subscription."),
    "describe": VerbEntry("status.describe", "Show everything about one app or subscription."),
    "events": VerbEntry("status.events", "List the writes that went to Gupshup."),
    "reconcile": VerbEntry("reconcile", "Ask the running controller to check now."),
    "run": VerbEntry("run", "Keep Gupshup as the manifests say, until it is stopped."),
    "resolve": VerbEntry("resolve", "Settle an outcome that only a person knows."),
    "simulate": VerbEntry("simulate", "Run a simulated Gupshup on this machine."),
    "demo": VerbEntry("demo", "Show apps going live at a simulated Gupshup."),
}
"""The verbs in the order of the help."""


class Verbs(click.Group):
    """A group that imports a verb when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in VERBS:
            return None
        command = import_module(f"{__name__}.{VERBS[cmd_name].module}").command
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb. If there is none, name the one that was probably meant."""
        verbs = self.list_commands(ctx)
        near = get_close_matches(args[0].lower(), verbs, n=1)
        if near and args[0] not in verbs:
            ctx.fail(f"No such verb {args[0]!r}; did you mean {near[0]}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing any."""
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, VERBS[verb].help) for verb in self.list_commands(ctx)])


@click.group(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    subcommand_metavar="VERB [ARGUMENTS]...",
)
@click.version_option(__version__, prog_name="gupshupctl", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Declare WhatsApp apps and webhooks on Gupshup in git; plan, apply and keep them so."""
    ctx.color = False if os.environ.get("NO_COLOR") else None


def run(argv: Sequence[str]) -> int:
    """Run one command line and return its exit code. A failure prints one message on stderr.

    A signal that ends the command acts like Ctrl-C, unless the verb handles it. Output that could not be
    printed changes no exit code, because the work is the same.
    """
    with on_end_signal(interrupt):
        code = _run(argv)
    if (why := streams.unprinted()) not in {"", streams.GONE}:
        click.echo(f"Warning: the output is incomplete: {why}", err=True)
    return code


def _run(argv: Sequence[str]) -> int:
    try:
        result = cli.main(args=list(argv), prog_name="gupshupctl", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return USAGE
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted: the command ended before its work was done.", err=True)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  (the outermost level: nothing else could handle it)
        print_error(error)
        return code_of(error)
    return result if isinstance(result, int) else OK
