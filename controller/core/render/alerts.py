"""The words of a notification: what is wrong, with whom, since when, and what to do."""

from collections.abc import Sequence
from typing import assert_never

from controller.core.alerts.detect import Topic
from controller.core.alerts.group import Telling, What
from controller.core.render.lines import duration
from controller.errors import AccountError
from controller.model.notice import Notice
from controller.model.phone import without_phones

MOST_NAMES = 5
LONGEST_MESSAGE = 300

_HARMLESS = str.maketrans({"<": "‹", ">": "›", "@": "＠", "`": "'"})  # noqa: RUF001  (looks alike on purpose)

_CREDENTIALS = {
    AccountError.__name__: "open an account that cannot be told, or is not the one that is declared"
}
_TO_DO = {
    Topic.CREDENTIALS: "Check the account's credentials; they are read again by the next pass.",
    Topic.SOURCE: "The last good revision stays in force. `gupshupctl validate` judges the new one.",
    Topic.PASSES: "Nothing is changed meanwhile. The log tells what Gupshup answers.",
    Topic.HELD: "Look at `gupshupctl plan`; release them by their digest, or correct the manifests.",
    Topic.STALLED: "`gupshupctl describe NAME` tells what to do.",
    Topic.READY: "`gupshupctl describe NAME` tells what it waits for.",
}


def notice(tellings: Sequence[Telling], now: float) -> Notice:
    """Return one notification for all of *tellings*, of which there is at least one; phones are masked.

    What was said by others cannot mention anybody in a chat.
    """
    first, *others = (_headline(telling) for telling in tellings)
    title = first if not others else f"{first} (and {len(others)} more)"
    body = "\n\n".join(_paragraph(telling, now) for telling in tellings)
    return Notice(title, body, good=all(telling.what is What.WELL for telling in tellings))


def _headline(telling: Telling) -> str:
    said = _said(telling)
    match telling.what:
        case What.STILL:
            return f"Still: {said}"
        case What.WELL:
            return f"Over: {said}"
        case _:
            return said[0].upper() + said[1:]


def _said(telling: Telling) -> str:
    topic, partner, reason = telling.group.key
    match topic:
        case Topic.CREDENTIALS:
            said = _CREDENTIALS.get(reason, "are refused")
            return f"the credentials of partner {partner} {said}"
        case Topic.SOURCE:
            return "the source is stuck on an old revision"
        case Topic.PASSES:
            return f"passes over partner {partner} keep failing ({reason})"
        case Topic.HELD:
            return f"changes of partner {partner} are held by a guard"
        case Topic.STALLED:
            return f"{_apps(telling)} of partner {partner} stalled: {reason}"
        case Topic.READY:
            return f"{_apps(telling)} of partner {partner} no longer ready: {reason}"
        case _:
            assert_never(topic)


def _apps(telling: Telling) -> str:
    more = "more " if telling.what is What.MORE else ""
    count = len(telling.subjects)
    return f"{count} {more}app{'' if count == 1 else 's'}"


def _paragraph(telling: Telling, now: float) -> str:
    headline, names = _headline(telling), sorted(name for name in telling.subjects if name)
    lasted = duration(max(0.0, now - telling.group.since))
    if telling.what is What.WELL:
        return "\n".join((headline, *_named(names), f"It took {lasted}."))
    message = without_phones(telling.group.message)[:LONGEST_MESSAGE].translate(_HARMLESS)
    said = (message,) if message else ()
    return "\n".join((headline, *_named(names), *said, f"For {lasted}.", _TO_DO[telling.group.key[0]]))


def _named(names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        return ()
    left = len(names) - MOST_NAMES
    return (", ".join(names[:MOST_NAMES]) + (f" and {left} more" if left > 0 else ""),)
