"""Conditions of an app's health: whether it can send, and the quality of its number; and their reasons."""

from controller.core.explain.explanation import Explanation, Section

HEALTH_CONDITIONS = Section(
    "condition",
    "reasons.md#whether-an-app-can-send",
    (
        Explanation(
            "Sendable",
            "the app can send. Each app has this condition. If the app declares `spec.readyWhen: Sendable`, "
            "it is ready only while this is true",
            "True with `CanSend`",
            "see its reason",
        ),
        Explanation(
            "QualityDropped",
            "the quality of the number is worse than it was, or is RED. It is present only while it is true, "
            "and makes no app less ready",
            "GREEN last week, YELLOW today",
            "send less, and only what people asked for",
        ),
    ),
)

SENDABLE_REASONS = Section(
    "reason",
    "reasons.md#whether-an-app-can-send",
    (
        Explanation(
            "CanSend",
            "Gupshup says `AVAILABLE`",
            "an app with nothing in the way",
            "nothing",
            "True",
        ),
        Explanation(
            "SendingLimited",
            "the app can send, and less than it could; Gupshup's errors follow",
            "a display name that Meta did not approve yet",
            "what the errors say",
            "True",
        ),
        Explanation(
            "SendingBlocked",
            "Gupshup says `BLOCKED`; its errors follow",
            "a WABA without a payment method",
            "what the errors say: often a payment method, or a review at Meta",
            "False",
        ),
        Explanation(
            "AccountBanned",
            "Meta has banned the account. With `readyWhen: Sendable` the app is stalled, and `apply --wait` "
            "ends",
            "an account that broke Meta's policy",
            "appeal at Meta. `run`, or the next `apply --wait`, notices the end of the ban",
            "False",
        ),
        Explanation(
            "SendingUnknown",
            "Gupshup does not say whether the app can send, or uses a word that is not known here",
            "an empty answer of `waba/info`",
            "nothing; this is never an alarm",
            "Unknown",
        ),
        Explanation(
            "NotReadYet",
            "the app is live, and its health was not read yet",
            "the first pass after it became live",
            "nothing: it is read within a day",
            "Unknown",
        ),
        Explanation(
            "NotLive", "the app is not live yet", "an app that is being provisioned", "nothing", "Unknown"
        ),
    ),
    marked="status",
)

QUALITY_REASONS = Section(
    "reason",
    "reasons.md#whether-an-app-can-send",
    (
        Explanation(
            "QualityYellow",
            "the quality fell to YELLOW: send less, and only what people asked for",
            "GREEN last week, YELLOW today",
            "once the quality is as good as before the fall, or after seven days, in which YELLOW became "
            "usual",
        ),
        Explanation(
            "QualityRed",
            "the quality is RED: the number may lose its messaging limit, or be blocked",
            "many people blocked the number",
            "once the quality is as good as before the fall, or better than anything known",
        ),
    ),
    last="it ends",
)
