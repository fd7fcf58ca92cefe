"""The command line: it imports the module of the verb that was typed, runs it and returns an exit code.

The module of a verb (`VERBS`) holds the click command as `command`, which returns its exit code, or
None for 0. No other verb is imported, so `gupshupctl --help` and a small verb like `validate` start fast.
"""

import os
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

import click
from click.shell_completion import CompletionItem

from controller import __version__
from controller.doors.cli.exits import INTERRUPTED, OK, USAGE, code_of, print_error
from controller.doors.cli.guidance.completion import VARIABLE, complete
from controller.doors.cli.guidance.group import VerbGroup, with_instead
from controller.doors.cli.signals import interrupt, on_end_signal
from controller.edges import streams


class VerbEntry(NamedTuple):
    """The *module* of a verb below this package, and its line in the help."""

    module: str
    help: str


VERBS = {
    "init": VerbEntry("manifests.init", "Write a first folder of manifests."),
    "new": VerbEntry("manifests.new", "Write manifests of new apps and subscriptions."),
    "import": VerbEntry("manifests.importing.command", "Write a live account as manifests."),
    "validate": VerbEntry("manifests.validate", "Check manifests offline."),
    "fmt": VerbEntry("manifests.fmt", "Bring manifests to their canonical form."),
    "schema": VerbEntry("manifests.schema", "Print the JSON Schema of a kind, or of an output."),
    "plan": VerbEntry("plan", "Show what apply would do."),
    "show": VerbEntry("show", "Show a saved plan, or one resource field by field."),
    "apply": VerbEntry("apply", "Change Gupshup to match the manifests."),
    "get": VerbEntry("status.get", "List the status of every app or subscription."),
    "describe": VerbEntry("status.describe", "Show everything about one app or subscription."),
    "forget": VerbEntry("status.forget", "Erase what the store holds of an app whose customer has left."),
    "events": VerbEntry("status.events", "List the writes that went to Gupshup."),
    "reconcile": VerbEntry("reconcile", "Ask the running controller to check now."),
    "run": VerbEntry("run", "Keep Gupshup as the manifests say, until it is stopped."),
    "resolve": VerbEntry("resolve", "Settle an outcome that only a person knows."),
    "support-bundle": VerbEntry("status.support_bundle", "Write what is known of one app, for support."),
    "store": VerbEntry("storing.store", "Copy the store to a file or a database."),
    "doctor": VerbEntry("doctor.command", "Check credentials, limits, source, store and hooks."),
    "explain": VerbEntry("guidance.explain", "Explain a rule, a reason or an exit code."),
    "help": VerbEntry("guidance.help", "Show the help of a verb."),
    "completion": VerbEntry("guidance.completion", "Print the script that completes words in a shell."),
    "simulate": VerbEntry("simulate", "Run a simulated Gupshup on this machine."),
    "demo": VerbEntry("demo", "Show apps going live at a simulated Gupshup."),
}
"""The verbs in the order of the help."""


class Verbs(VerbGroup):
    """A group that imports a verb when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in VERBS:
            return None
        command = import_module(f"{__name__}.{VERBS[cmd_name].module}").command
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing any."""
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, VERBS[verb].help) for verb in self.list_commands(ctx)])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete verbs without importing any, and options."""
        verbs = [
            CompletionItem(verb, help=entry.help)
            for verb, entry in VERBS.items()
            if verb.startswith(incomplete)
        ]
        return [*verbs, *click.Command.shell_complete(self, ctx, incomplete)]


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
        if instruction := os.environ.get(VARIABLE):
            return complete(cli, instruction)
        result = cli.main(args=list(argv), prog_name="gupshupctl", standalone_mode=False)
    except click.UsageError as error:
        with_instead(error).show()
        return USAGE
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted: the command ended before its work was done.", err=True)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  (the outermost level: nothing else could handle it)
        print_error(error)
        return code_of(error)
    return result if isinstance(result, int) else OK
