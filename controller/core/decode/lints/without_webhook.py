"""Lints of apps without a webhook, beside others that have one: probably a label is misspelt, or missing."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice

from controller.core.closest import closest
from controller.core.decode.app import DraftApp
from controller.core.decode.document import Document
from controller.core.decode.quoting import shown
from controller.core.decode.subscription import Webhook
from controller.model.problem import Problem

RULE = "GS520"
MOST_COMPARED = 500
"""Apps without a webhook whose labels are compared, and words of selectors that they are compared with."""


def hints(
    drafts: Iterable[DraftApp], webhooks: Iterable[Webhook], subscriptions: Sequence[Document]
) -> Iterator[Problem]:
    """Yield a hint for each misspelt label, and one for all other apps that no webhook is declared for.

    A source without any Subscription only looks after apps, and gets none.
    """
    if not subscriptions:
        return
    served = {each.draft.name for each in webhooks}
    without = [each for each in drafts if each.name not in served and not each.is_retired]
    misspelt = _misspelt(without[:MOST_COMPARED], _asked(subscriptions))
    for (label, near), group in misspelt.items():
        message = (
            f"{missing([each.title for each in group])}; no selector asks for {shown(label)[1:-1]}; "
            f"did you mean {shown(near)[1:-1]}?"
        )
        yield group[0].document.problem(RULE, ("metadata", "labels"), message)
    told = {each.name for group in misspelt.values() for each in group}
    others = [each for each in without if each.name not in told]
    if others:
        message = f"{missing([each.title for each in others])}; {REMEDY}"
        yield others[0].document.problem(RULE, ("metadata", "name"), message)


REMEDY = "give it a label that a selector asks for, or declare a Subscription"


def missing(titles: Sequence[str]) -> str:
    """Return the beginning of a hint about apps that no webhook is declared for."""
    more = f" and {len(titles) - 1:,} more" if len(titles) > 1 else ""
    return f"no webhook is declared for {titles[0]}{more}"


def _asked(subscriptions: Iterable[Document]) -> frozenset[str]:
    """Return the labels that selectors ask for."""
    pairs = (
        f"{key}: {value}"
        for document in subscriptions
        for key, value in document.texts("spec", "appSelector", "matchLabels").items()
    )
    return frozenset(islice(dict.fromkeys(pairs), MOST_COMPARED))


def _misspelt(drafts: Iterable[DraftApp], asked: Collection[str]) -> dict[tuple[str, str], list[DraftApp]]:
    """Return each label that no selector asks for, the one it is close to, and the apps that have it."""
    nearest: dict[str, str | None] = dict.fromkeys(asked)
    found: dict[tuple[str, str], list[DraftApp]] = defaultdict(list)
    for draft in drafts:
        for label in (f"{key}: {value}" for key, value in sorted(draft.labels.items())):
            if label not in nearest:
                nearest[label] = closest(label, asked)
            if near := nearest[label]:
                found[label, near].append(draft)
                break
    return found
