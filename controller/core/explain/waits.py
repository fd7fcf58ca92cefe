"""Waits and guards: what each thing that is waited for means, and which guard holds what."""

from controller.core.explain.explanation import Explanation, Section
from controller.core.planning.waits import WAITS
from controller.model.plan import WaitFor


def _wait(wait_for: WaitFor, means: str, example: str, until: str) -> Explanation:
    """Return the row of a wait, by the reason that its condition has."""
    return Explanation(WAITS[wait_for].reason, means, example, until, wait_for)


WAITING = Section(
    "reason",
    "reasons.md#something-waits",
    (
        _wait(
            WaitFor.BACKOFF,
            "Gupshup refused the call lately; the pauses between two tries grow",
            "`InvalidUrl` five minutes ago",
            "the time that is shown",
        ),
        _wait(
            WaitFor.BUDGET,
            "a rate limit of Gupshup is used up, or the run ended before this action",
            "the eleventh link within a minute",
            "the rate limit has room, or the next pass",
        ),
        _wait(
            WaitFor.COOLDOWN,
            "Gupshup refused three links in a row in the same way, so the partner's links cool down",
            "three links with `LinkRefused`",
            "the time that is shown, or a person asks again",
        ),
        _wait(
            WaitFor.FULL_PASS,
            "a pass over one app found the change, and a guard counts it",
            "an event about the app came before the timer",
            "the next full pass (over all apps), in about a second",
        ),
        _wait(WaitFor.LINK, "the app is not linked yet", "the webhook of a new app", "the link is done"),
        _wait(
            WaitFor.LIST,
            "the app was ours and a list lacks it; lists may lag",
            "a list that was read a second after the link",
            "a list has the app again, or `settle.staleList` is over",
        ),
        _wait(
            WaitFor.LIVE,
            "Gupshup is still provisioning the app",
            "the webhook of an app that was just linked",
            "the app is live, in minutes or days",
        ),
        _wait(
            WaitFor.OBSERVATION,
            "something about the app could not be read yet",
            "a 500 to the list of its subscriptions",
            "the next pass that can read it",
        ),
        _wait(
            WaitFor.OUTCOME,
            "a link got no clear answer",
            "the connection broke before the answer",
            "a read finds the app, or `settle` proves that the link never happened",
        ),
        _wait(
            WaitFor.PHONE,
            "a row that could be the app has no phone",
            "an app of this name in the list, without its number",
            "`/details` shows the phone",
        ),
        _wait(
            WaitFor.ROOM,
            "the app has as many subscriptions as Gupshup takes, and this plan removes one",
            "five webhooks, of which one is replaced by another tag",
            "the removal is done",
        ),
        _wait(
            WaitFor.POLICY,
            "`spec.policies` of the app does not allow the action",
            "`policies: [Link]`, and a webhook is declared",
            "the manifest allows it",
        ),
        _wait(
            WaitFor.SENDABLE,
            "the app is live, declares `readyWhen: Sendable`, and cannot send or is not known to",
            "a WABA without a payment method",
            "Gupshup says that it can",
        ),
        _wait(
            WaitFor.SUSPENSION,
            "the manifest suspends the app",
            "`suspend: {reason: the number is being ported}`",
            "`suspend.until`, or the line is removed",
        ),
    ),
    marked="for",
    last="until",
    by_mark=True,
)

GUARDS = Section(
    "guard",
    "reasons.md#a-guard-holds-it",
    (
        Explanation(
            "maxLinks, maxUpdates, maxUnsubscribes",
            "one run would make more links, updates or deletions than the Partner's `guards` allow. Updates "
            "of what was never written from here are counted and released apart from the others",
            "30 links at once, where `maxLinks` allows 25",
            "check what is held; release it by its digest, or correct the manifests",
        ),
        Explanation(
            "maxShrink",
            "the source declares so much less than before that it may be the wrong one",
            "a folder that was not mounted",
            "check the source; release it by its digest, or correct it",
        ),
    ),
)
