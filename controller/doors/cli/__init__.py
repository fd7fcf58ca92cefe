"""The command line: a verb comes in, its module is imported, an exit code goes out.

A module `controller.doors.cli.<verb>` holds the click command as `command`; it returns its exit code, or None
for 0. What is heavy is imported inside commands, so that `--help` answers at once.
"""

import os
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec

import click

from controller import __version__
from controller.doors.cli.exits import INTERRUPTED, OK, USAGE, code_of, print_error
from controller.doors.cli.signals import interrupt, on_end_signal
from controller.edges import streams

VERBS = {
    "init": "Write a first folder of manifests.",
    "validate": "Check manifests offline.",
    "schema": "Print a kind's JSON Schema.",
    "plan": "Show what apply would do.",
    "apply": "Make the calls that close the gap.",
    "get": "List where everything stands.",
    "describe": "Tell everything about one app or subscription.",
    "events": "List the writes that went to Gupshup.",
    "reconcile": "Ask the process that runs to look now.",
    "run": "Keep Gupshup as the manifests say, and never stop.",
    "resolve": "Settle an app whose outcome only a person knows.",
    "simulate": "Serve a stand-in for Gupshup.",
    "demo": "Show a fleet going live against the stand-in.",
}
"""The verbs in the order of help; each is a module of this package."""


class Verbs(click.Group):
    """Verbs that are imported when they are asked for, and offered only where their module is there."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return [verb for verb in VERBS if find_spec(f"{__name__}.{verb}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = import_module(f"{__name__}.{cmd_name}").command
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb; name the one that was probably meant where there is none."""
        verbs = self.list_commands(ctx)
        near = get_close_matches(args[0].lower(), verbs, n=1)
        if near and args[0] not in verbs:
            ctx.fail(f"No such verb {args[0]!r}; did you mean {near[0]}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing one."""
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, VERBS[verb]) for verb in self.list_commands(ctx)])


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
    """Run one command line and return its exit code; every failure is told in one message on stderr.

    A signal that ends it is answered as Ctrl-C is, unless a verb has an answer of its own. What could not be
    printed changes no exit code: the work is done, or not, all the same.
    """
    with on_end_signal(interrupt):
        code = _run(argv)
    if (why := streams.unprinted()) not in {"", streams.GONE}:
        click.echo(f"Warning: the output is not whole: {why}", err=True)
    return code


def _run(argv: Sequence[str]) -> int:
    try:
        result = cli.main(args=list(argv), prog_name="gupshupctl", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return USAGE
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted: it ended before its work was done.", err=True)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  (the outermost door: nobody beyond it could answer)
        print_error(error)
        return code_of(error)
    return result if isinstance(result, int) else OK
