"""Explanations of every rule, reason, condition, guard, exit code and sign: the one source of their texts.

`gupshupctl explain` shows them, and the tables of docs/rules.md, docs/reasons.md and docs/cli.md are made
from them (`make tables`).
"""

import re

from controller.core.explain.blocked_reasons import BLOCKED_APP, BLOCKED_WEBHOOK, NOT_SENT
from controller.core.explain.exit_codes import EXIT_CODES
from controller.core.explain.explanation import Explanation, Section
from controller.core.explain.health_reasons import HEALTH_CONDITIONS, QUALITY_REASONS, SENDABLE_REASONS
from controller.core.explain.partner_reasons import PARTNER_CONDITIONS, PARTNER_REASONS
from controller.core.explain.rules import RULE_SECTIONS
from controller.core.explain.signs import PLAN_SIGNS
from controller.core.explain.status_reasons import CONDITION_REASONS, CONDITIONS
from controller.core.explain.waits import GUARDS, WAITING

SECTIONS: tuple[Section, ...] = (
    *RULE_SECTIONS,
    CONDITIONS,
    CONDITION_REASONS,
    PARTNER_CONDITIONS,
    PARTNER_REASONS,
    BLOCKED_APP,
    HEALTH_CONDITIONS,
    SENDABLE_REASONS,
    QUALITY_REASONS,
    BLOCKED_WEBHOOK,
    WAITING,
    NOT_SENT,
    GUARDS,
    EXIT_CODES,
    PLAN_SIGNS,
)
"""All tables, in the order of the pages."""

_NOT_IN_WORDS = re.compile(r"[^a-z0-9]")
_EXIT = re.compile(r"(exit)?(code)?([0-9]{1,3})")


def explained(word: str) -> list[tuple[Section, Explanation]]:
    """Return what *word* means: nothing, one row, or several if it has several meanings.

    Capitals, blanks and signs do not count: `exit5` is `exit 5`, and a code may stand by itself.
    """
    wanted = _folded(word)
    return [
        (section, row)
        for section in SECTIONS
        for row in section.rows
        if wanted in {_folded(each) for each in section.words(row)}
    ]


def known_words() -> list[str]:
    """Return every word that can be explained, each once, in the order of the pages."""
    every = (word for section in SECTIONS for row in section.rows for word in section.words(row))
    return list(dict.fromkeys(every))


def _folded(word: str) -> str:
    plain = _NOT_IN_WORDS.sub("", word.casefold())
    code = _EXIT.fullmatch(plain)
    return f"exit{code[3]}" if code else plain
