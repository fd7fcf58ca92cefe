"""Lints of all webhooks of one app together: how many they are, and whether their modes fit one another."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from controller.core.decode.quoting import some
from controller.core.decode.subscription import Webhook, modes
from controller.model.manifest import MOST_SUBSCRIPTIONS
from controller.model.modes import MODES, in_order
from controller.model.problem import Problem

_MODES = ("spec", "modes")
_APART = frozenset({"FAILED", "BILLING"})
"""Modes that OTHERS no longer covers (docs/gupshup-api.md, Modes)."""
_EVERY = frozenset(MODES) - {"ALL", "NONE"}
_V3 = 3


def problems(webhooks: Sequence[Webhook]) -> Iterator[Problem]:
    """Yield what is wrong with the webhooks of each app together."""
    for group in _by_app(webhooks).values():
        yield from _too_many(group)
        active = [each for each in group if _is_active(each)]
        yield from _uncovered(active)
        yield from _twice(active)


def hints(webhooks: Sequence[Webhook]) -> Iterator[Problem]:
    """Yield one hint for all apps with webhooks of which none asks for ACCOUNT."""
    deaf = [group[0].draft for group in _by_app(webhooks).values() if "ACCOUNT" not in _covered(group)]
    if deaf:
        more = f" and {len(deaf) - 1:,} more" if len(deaf) > 1 else ""
        message = (
            f"no webhook of {deaf[0].title}{more} asks for ACCOUNT: nobody is told that an app went live, or "
            "was banned; declare one with version: 2 and ACCOUNT"
        )
        yield deaf[0].document.problem("GS518", ("metadata", "name"), message)


def _by_app(webhooks: Iterable[Webhook]) -> Mapping[str, list[Webhook]]:
    """Group *webhooks* by their apps. A retired app has none."""
    by_app: dict[str, list[Webhook]] = defaultdict(list)
    for each in (each for each in webhooks if not each.draft.is_retired):
        by_app[each.draft.name].append(each)
    return by_app


def _too_many(group: Sequence[Webhook]) -> Iterator[Problem]:
    if len(group) > MOST_SUBSCRIPTIONS:
        names = some(each.document.name for each in group)
        message = (
            f"has more than {MOST_SUBSCRIPTIONS} webhooks, and Gupshup takes no more, versions together: "
        )
        yield group[0].draft.document.problem("GS515", ("metadata", "name"), f"{message}{names}")


def _uncovered(group: Sequence[Webhook]) -> Iterator[Problem]:
    """Yield each webhook with OTHERS while no webhook of the app asks for what OTHERS leaves out."""
    missing = ", ".join(in_order(_APART - _covered(group)))
    for each in group:
        if missing and "OTHERS" in modes(each.document):
            message = f"OTHERS covers no {missing}, and no webhook of {each.draft.document.title} asks for it"
            yield each.document.problem("GS516", _MODES, message)


def _twice(group: Sequence[Webhook]) -> Iterator[Problem]:
    """Yield each webhook before version 3 whose events come to one of version 3, too."""
    newer = [each for each in group if _version(each) == _V3]
    for older in (each for each in group if _version(each) < _V3):
        for other in newer:
            both = ", ".join(in_order(_asked(older) & _asked(other)))
            if both:
                message = (
                    f"version 3 has {both} as well, by {other.document.title} on "
                    f"{older.draft.document.title}: each event comes twice"
                )
                yield older.document.problem("GS517", _MODES, message)


def _covered(group: Iterable[Webhook]) -> frozenset[str]:
    return frozenset().union(*(_asked(each) for each in group if _is_active(each)))


def _asked(webhook: Webhook) -> frozenset[str]:
    given = modes(webhook.document)
    return _EVERY if "ALL" in given else given - {"NONE"}


def _is_active(webhook: Webhook) -> bool:
    return webhook.document.get("spec", "active") is not False


def _version(webhook: Webhook) -> int:
    version = webhook.document.get("spec", "version")
    return version if isinstance(version, int) else _V3
