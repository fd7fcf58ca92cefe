"""Signs of a plan: the words behind them, beside those of actions."""

from controller.core.explain.explanation import Explanation, Section

PLAN_SIGNS = Section(
    "sign",
    "cli.md#plan",
    (
        Explanation(
            "link, subscribe, update, unsubscribe",
            "what `apply` would do",
            "`+ link App/acme-support`",
            "`gupshupctl apply`; with `run` nothing",
        ),
        Explanation(
            "waiting",
            "what comes later, with what it waits for",
            "a webhook of an app that is not live yet",
            "nothing; `explain` has each reason",
        ),
        Explanation(
            "provisioning",
            "a linked app that Gupshup has not finished",
            "the minutes after a link",
            "nothing",
        ),
        Explanation("blocked", "what a person has to settle", "a name that is taken", "what the reason says"),
        Explanation(
            "held",
            "a change that a guard holds",
            "30 links at once, where `maxLinks` allows 25",
            "check it, and run the command that is shown, which releases it; or correct the manifests",
        ),
        Explanation(
            "unmanaged",
            "an app of the account that no manifest declares",
            "an app that was made by hand",
            "nothing; or declare it, with `import`",
        ),
        Explanation(
            "foreign",
            "a webhook on a declared app that no manifest declares; the controller leaves it alone",
            "a webhook that the customer made",
            "nothing; or declare it, with `import --patch`, or remove it at Gupshup",
        ),
        Explanation(
            "unverifiable",
            "a callback URL or headers that were not written from here and cannot be read back",
            "CI over a new store",
            "`apply --resend` writes them",
        ),
    ),
)
