"""Groups of verbs: a mistyped verb is answered with the one that was probably meant."""

import click

from controller.core.closest import closest


class VerbGroup(click.Group):
    """A group whose error about an unknown verb names the nearest one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args[0] not in known and (near := closest(args[0], known)):
            ctx.fail(f"No such verb {args[0]!r}; did you mean {near}?")
        return super().resolve_command(ctx, args)
