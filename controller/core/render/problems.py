"""Problems of manifests, for people, for scripts, for code scanning and for pull requests.

Messages quote a manifest in printable characters, so that no file can steer a terminal. Characters that have
a meaning in an output format are escaped here.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote

from controller.core.decode.rules import RULES
from controller.core.render.annotations.commands import command
from controller.model.manifest import Desired
from controller.model.problem import ENVIRONMENT, UNLISTED, Problem, Severity
from controller.model.source import Decoded
from controller.model.text import escape

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_COLOURS = {Severity.ERROR: "\x1b[31m", Severity.WARNING: "\x1b[33m", Severity.HINT: "\x1b[36m"}
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "note"}
_COMMANDS = {**_LEVELS, Severity.HINT: "notice"}
_PLAIN = "\x1b[0m"


def text(problems: Sequence[Problem]) -> str:
    """Return one line per problem."""
    return "".join(f"{_line(problem)}\n" for problem in problems)


def coloured(problems: Sequence[Problem]) -> str:
    """Return one line per problem, for a terminal."""
    return "".join(f"{_line(problem, _COLOURS[problem.severity], _PLAIN)}\n" for problem in problems)


def more_about(problems: Sequence[Problem]) -> str:
    """Return a line for a terminal: the command that explains the gravest problem; "" if there is none."""
    gravest = sorted(problems, key=lambda one: list(Severity).index(one.severity))
    return f"More about a rule: gupshupctl explain {gravest[0].rule}\n" if gravest else ""


def warned(decoded: Decoded, most: int, form: Callable[[Sequence[Problem]], str] = text) -> str:
    """Return the first warnings, at most *most*, and the number of the others; "" if there are none."""
    warnings = [one for one in decoded.problems if one.severity is Severity.WARNING and one.rule != UNLISTED]
    more = decoded.warnings - len(warnings[:most])
    return form(warnings[:most]) + (f"and {more:,} more: gupshupctl validate\n" if more else "")


def first(problems: Sequence[Problem]) -> str:
    """Return the first error in one line, and the number of errors."""
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    more = f" (the first of {_count(len(errors), 'problem')})" if len(errors) > 1 else ""
    return f"{_line(errors[0])}{more}" if errors else "no problem"


def _line(problem: Problem, before: str = "", after: str = "") -> str:
    head = f"{escape(str(problem.place))}: {before}{problem.severity}{after} [{problem.rule}]"
    return f"{head} {escape(_sentence(problem))}"


def _sentence(problem: Problem) -> str:
    field = f"{problem.field}: " if problem.field else ""
    is_complete = problem.fix is None or f"did you mean {problem.fix}?" in problem.message
    fix = "" if is_complete else f" — write {problem.fix}"
    return f"{field}{problem.message}{fix}"


def summary(decoded: Decoded, files: int) -> str:
    """Return one line: validity, the numbers of manifests and of problems."""
    warnings = _count(decoded.warnings, "warning")
    if decoded.desired is None:
        listed = sum(problem.severity is Severity.ERROR for problem in decoded.problems)
        least = "at least " if decoded.errors > listed else ""
        return f"invalid: {least}{_count(decoded.errors, 'error')}, {warnings} in {_count(files, 'file')}"
    tail = f"; {warnings}" if decoded.warnings else ""
    if not files:
        return f"valid: nothing is declared, there being no files{tail}"
    return f"valid: {_declared(decoded, decoded.desired)} in {_count(files, 'file')}{tail}"


def _declared(decoded: Decoded, wanted: Desired) -> str:
    """Return the number of manifests of each kind, and of the webhooks of all subscriptions."""
    apps, hooks = _count(len(wanted.apps), "app"), _count(len(wanted.subscriptions), "webhook")
    subscriptions = f"{_count(decoded.subscriptions, 'subscription')} ({hooks})"
    declared = [one for one in wanted.partners if one.place != ENVIRONMENT]
    partners = _count(len(declared), "partner") if declared else "the environment's partner"
    return f"{apps} and {subscriptions} of {partners}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def as_json(decoded: Decoded, revision: str) -> str:
    """Return one JSON document; `fix` is null if no fix is known."""
    wanted = decoded.desired
    document = {
        "formatVersion": "1.0",
        "valid": wanted is not None,
        "revision": revision,
        "problems": [_fields(problem) for problem in decoded.problems],
        "summary": {
            "errors": decoded.errors,
            "warnings": decoded.warnings,
            "partners": len(wanted.partners) if wanted else 0,
            "apps": len(wanted.apps) if wanted else 0,
            "subscriptions": decoded.subscriptions if wanted else 0,
            "webhooks": len(wanted.subscriptions) if wanted else 0,
        },
    }
    return json.dumps(document, indent=2) + "\n"


def _fields(problem: Problem) -> Mapping[str, object]:
    return {
        "file": problem.place.file,
        "line": problem.place.line,
        "column": problem.place.column,
        "rule": problem.rule,
        "severity": str(problem.severity),
        "field": problem.field,
        "message": problem.message,
        "fix": problem.fix,
    }


def sarif(problems: Sequence[Problem], version: str) -> str:
    """Return a SARIF 2.1.0 log for code scanning."""
    driver = {
        "name": "gupshupctl",
        "version": version,
        "rules": [_sarif_rule(rule) for rule in sorted({problem.rule for problem in problems})],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one) for one in problems],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _sarif_rule(rule: str) -> Mapping[str, object]:
    known = RULES[rule]
    return {
        "id": rule,
        "shortDescription": {"text": known.meaning},
        "help": {"text": known.remedy},
        "defaultConfiguration": {"level": _LEVELS[known.severity]},
    }


def _result(problem: Problem) -> Mapping[str, object]:
    place = problem.place
    return {
        "ruleId": problem.rule,
        "level": _LEVELS[problem.severity],
        "message": {"text": escape(_sentence(problem))},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(place.file)},
                    "region": {"startLine": place.line, "startColumn": place.column},
                }
            }
        ],
    }


def _uri(path: str) -> str:
    return quote(path.encode("utf-8", "backslashreplace"), safe="/")


def github(problems: Sequence[Problem]) -> str:
    """Return workflow commands that annotate the changed lines of a pull request."""
    return "".join(f"{_annotation(problem)}\n" for problem in problems)


def _annotation(problem: Problem) -> str:
    return command(_COMMANDS[problem.severity], problem.rule, problem.place, _sentence(problem))
