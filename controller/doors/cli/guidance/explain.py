"""`gupshupctl explain`: what a rule, reason, condition, guard, exit code or sign of a plan means."""

import json
import sys

import click

from controller.core.closest import did_you_mean
from controller.core.explain import SECTIONS, explained, known_words
from controller.core.render.explanations import explanation_fields, explanation_text, known_words_text
from controller.doors.cli.exits import OK
from controller.doors.cli.options.arguments import output_option
from controller.doors.cli.output.forms import width_of
from controller.errors import ControllerError


def _complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    return [word for word in known_words() if word.casefold().startswith(incomplete.casefold())]


@click.command()
@click.argument("words", metavar="[WORD]...", nargs=-1, shell_complete=_complete)
@output_option("text", "json")
def command(words: tuple[str, ...], output: str) -> int:
    """Explain a rule, reason, condition, guard, exit code or sign of a plan: GS105, exit 5, foreign.

    Capitals and blanks do not count. Without a WORD: list what can be explained. Exit 1 if the word is not
    known.
    """
    width = width_of(sys.stdout)
    found = explained(" ".join(words)) if words else [(each, row) for each in SECTIONS for row in each.rows]
    if not found:
        raise ControllerError(_unknown(" ".join(words)))
    if output == "json":
        items = [explanation_fields(section, row) for section, row in found]
        click.echo(json.dumps({"formatVersion": "1.0", "items": items}, indent=2, ensure_ascii=False))
    else:
        click.echo(explanation_text(found, width) if words else known_words_text(width))
    return OK


def _unknown(word: str) -> str:
    mean = "" if word[-1:].isdigit() else did_you_mean(word, known_words())  # no number is like another
    end = mean or "; see gupshupctl explain"
    return f"{word!r:.60} is no rule, reason, condition, guard, exit code or sign of a plan{end}"
