"""Groups of verbs: what is mistyped, or a word of another tool, is answered with what was probably meant."""

import click

from controller.core.closest import closest

OTHER_WORDS = {
    "status": "`get` lists the status, `describe` shows one resource",
    "list": "`get` lists the status of every app",
    "ls": "`get` lists the status of every app",
    "diff": "`plan` shows what apply would do, `show KIND/NAME` declared beside observed",
    "delete": "nothing is deleted from here: `state: Retired` in an App removes its webhooks",
    "destroy": "nothing is deleted from here: `state: Retired` in an App removes its webhooks",
    "logs": "`events` lists the writes that went to Gupshup",
    "create": "`new app` and `new subscription` write manifests",
    "-f": "name files and folders without an option, behind the verb",
    "--filename": "name files and folders without an option, behind the verb",
    "--dry-run": "`plan` shows what apply would do",
    "--auto-approve": "it is `--yes`",
    "-auto-approve": "it is `--yes`",
    "--force": "`--release DIGEST` lets through what a guard holds; `plan` prints the digest",
    "--target": "it is `--only KIND/NAME`",
    "-target": "it is `--only KIND/NAME`",
    "--selector": "it is `-l KEY=VALUE`",
    "--watch": "`apply --wait` follows until all is live, `run` never stops",
}
"""Verbs and options of kubectl and Terraform, and what has their place here."""


class VerbGroup(click.Group):
    """A group whose error about an unknown verb names the nearest one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-"):
            ctx.fail(f"No such verb {args[0]!r:.60}{_instead(args[0], closest(args[0], known))}")
        return super().resolve_command(ctx, args)


def _instead(word: str, near: str | None) -> str:
    if word in OTHER_WORDS:
        return f"; {OTHER_WORDS[word]}"
    return f"; did you mean {near}?" if near else ""


def with_instead(error: click.UsageError) -> click.UsageError:
    """Return *error*, or one that says what has the place of an unknown option of another tool."""
    if isinstance(error, click.NoSuchOption) and (instead := OTHER_WORDS.get(error.option_name)):
        return click.UsageError(f"No such option {error.option_name!r}; {instead}", error.ctx)
    return error
