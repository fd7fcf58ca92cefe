"""Text of a notification: what is wrong, with which partner, since when, and what to do."""

from collections.abc import Sequence

from controller.core.alerts.detect import AlertKind
from controller.core.alerts.group import Notification, Phase
from controller.core.render.held import accept_hint, release_command
from controller.core.render.plan_lines import duration
from controller.errors import AccountError, AddressNotAllowed
from controller.model.notice import Notice
from controller.model.phone import without_phones

MOST_NAMES = 5
LONGEST_MESSAGE = 300

_HARMLESS = str.maketrans({"<": "‹", ">": "›", "@": "＠", "`": "'"})  # noqa: RUF001  (looks alike on purpose)

_CREDENTIALS = {
    AccountError.__name__: "open an account that is not known, or is not the one that is declared",
    AddressNotAllowed.__name__: "are not accepted from the address of this host",
}
_SUBJECTS = {
    AlertKind.CREDENTIALS: "the credentials of partner {partner} {credentials}",
    AlertKind.SOURCE: "the source is stuck on an old revision",
    AlertKind.PASSES: "passes over partner {partner} keep failing ({reason})",
    AlertKind.HELD: "changes of partner {partner} are held by a guard",
    AlertKind.STALLED: "{apps} of partner {partner} stalled: {reason}",
    AlertKind.CALLBACKS: "Gupshup refuses callback URLs of partner {partner}",
    AlertKind.READY: "{apps} of partner {partner} no longer ready: {reason}",
    AlertKind.SENDING: "{apps} of partner {partner} cannot send: {reason}",
    AlertKind.QUALITY: "{apps} of partner {partner} dropped in quality: {reason}",
    AlertKind.FOREIGN: "{apps} of partner {partner} with webhooks that nobody declares: {reason}",
}

_TO_DO = {
    AlertKind.CREDENTIALS: "Check the account's credentials; they are read again by the next pass.",
    AlertKind.FOREIGN: "`gupshupctl get foreign` shows their hosts: remove them at Gupshup, or allow them.",
    AlertKind.SOURCE: "The last good revision stays in force. `gupshupctl validate` judges the new one.",
    AlertKind.PASSES: "Nothing is changed meanwhile. The log shows what Gupshup answers.",
    AlertKind.HELD: "`gupshupctl plan` shows them. Correct the manifests, or release these:\n{command}",
    AlertKind.STALLED: "`gupshupctl describe NAME` shows what to do.",
    AlertKind.CALLBACKS: "`gupshupctl get apps` shows which; all else of these apps is done.",
    AlertKind.SENDING: "`gupshupctl describe NAME` shows what Gupshup says and what to do.",
    AlertKind.READY: "`gupshupctl describe NAME` shows what it waits for.",
    AlertKind.QUALITY: "Send only what people asked for: a number of low quality may be limited or blocked.",
}


_LOST = "The last good revision stays in force. Correct the source, or, to accept exactly this:\n{hint}"
"""What to do about a source that a digest releases."""


def notice(notifications: Sequence[Notification], now: float, store: Sequence[str] = ()) -> Notice:
    """Return one notification for all of *notifications*, of which there is at least one. Phones are masked.

    Text from outside of this program cannot mention anybody in a chat. *store* are the words that name the
    store in a command.
    """
    first, *others = (_headline(notification) for notification in notifications)
    title = first if not others else f"{first} (and {len(others)} more)"
    body = "\n\n".join(_paragraph(notification, now, store) for notification in notifications)
    return Notice(
        title, body, good=all(notification.what is Phase.RESOLVED for notification in notifications)
    )


def _headline(notification: Notification) -> str:
    subject = _subject(notification)
    match notification.what:
        case Phase.REMINDER:
            return f"Still: {subject}"
        case Phase.RESOLVED:
            return f"Over: {subject}"
        case _:
            return subject[0].upper() + subject[1:]


def _subject(notification: Notification) -> str:
    topic, partner, reason = notification.group.key
    credentials = _CREDENTIALS.get(reason, "are refused")
    return _SUBJECTS[topic].format(
        partner=partner, reason=reason, apps=_apps(notification), credentials=credentials
    )


def _apps(notification: Notification) -> str:
    more = "more " if notification.what is Phase.WIDENED else ""
    count = len(notification.subjects)
    return f"{count} {more}app{'' if count == 1 else 's'}"


def _paragraph(notification: Notification, now: float, store: Sequence[str]) -> str:
    headline, names = _headline(notification), sorted(name for name in notification.subjects if name)
    lasted = duration(max(0.0, now - notification.group.since))
    if notification.what is Phase.RESOLVED:
        return "\n".join((headline, *_names_line(names), *_ended(notification), f"It took {lasted}."))
    message = without_phones(notification.group.message)[:LONGEST_MESSAGE].translate(_HARMLESS)
    messages = (message,) if message else ()
    return "\n".join(
        (headline, *_names_line(names), *messages, f"For {lasted}.", _to_do(notification, store))
    )


def _to_do(notification: Notification, store: Sequence[str]) -> str:
    topic, _, reason = notification.group.key
    if topic is AlertKind.SOURCE and reason:
        return _LOST.format(hint=accept_hint(reason, reason, store))
    return _TO_DO[topic].format(command=release_command(reason, store))


def _ended(notification: Notification) -> tuple[str, ...]:
    """Name what is held no more: other changes may still be, under another digest."""
    topic, _, digest = notification.group.key
    return (f"No longer held: {digest}",) if topic is AlertKind.HELD else ()


def _names_line(names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        return ()
    left = len(names) - MOST_NAMES
    return (", ".join(names[:MOST_NAMES]) + (f" and {left} more" if left > 0 else ""),)
