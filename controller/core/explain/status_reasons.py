"""Conditions of declared resources, and the reasons that no other table has."""

from controller.core.explain.explanation import Explanation, Section

CONDITIONS = Section(
    "condition",
    "reasons.md#conditions",
    (
        Explanation(
            "Ready",
            "everything about the resource is as declared",
            "an app that is linked, live and subscribed",
            "if it is False, do what its reason asks for",
        ),
        Explanation(
            "Linked",
            "the app exists at Gupshup",
            "an app with an id in `get`",
            "see the reason if it is False",
        ),
        Explanation(
            "Live",
            "Gupshup has provisioned the app, so that it can send and receive",
            "an app whose pipeline ended minutes or days after the link",
            "see the reason if it is False",
        ),
        Explanation(
            "Subscribed",
            "each webhook that is declared for the app is as declared",
            "an app with two Subscriptions, both there",
            "see the reason if it is False",
        ),
        Explanation(
            "Synced",
            "Gupshup has what the manifest declares, as far as it can be read",
            "a webhook with another URL than declared is not",
            "see the reason if it is False",
        ),
        Explanation(
            "Reconciling",
            "the resource is not as declared yet, and time or the next pass is enough. It is present only "
            "while that is true",
            "an app that is being provisioned",
            "nothing",
        ),
        Explanation(
            "Stalled",
            "the resource is not as declared, and a person has to act. It is present only while that is true",
            "an app whose name somebody else has",
            "do what its reason asks for",
        ),
        Explanation(
            "ForeignWebhook",
            "a [foreign webhook](manifests.md#foreign-webhooks) on the app is on a host that is not allowed. "
            "It is present only while that is true, and the app may be `Ready` all the same",
            "a webhook on `hooks.example.org`, and only `*.example.com` is allowed",
            "remove it at Gupshup, declare it, or allow its host",
        ),
        Explanation(
            "Unmanaged",
            "the app was declared, and no manifest of its partner declares it any more: nothing of it is "
            "read or changed, and webhooks of ours on it stay. It is present only while that is true, "
            "without `Ready`",
            "an app whose file was deleted",
            "put the [manifest](manifests.md#a-manifest-that-is-gone) back, with `state: Retired` if the "
            "customer has left; or `gupshupctl forget NAME`",
        ),
        Explanation(
            "Retired",
            "the app has [`state: Retired`](manifests.md#a-customer-who-leaves), and no webhook of ours is "
            "on it any more: nothing of it is read. It is present only while that is true, without "
            "`Ready`. The message names the webhooks that stay on it: those of others, and after a run over "
            "a single file those that only another file may declare",
            "an app whose customer has left",
            "if the message names webhooks that are yours, apply the whole folder, declare them or own their "
            "tags; "
            "`gupshupctl forget NAME` erases what the store holds of it",
        ),
    ),
)

CONDITION_REASONS = Section(
    "reason",
    "reasons.md#conditions",
    (
        Explanation(
            "AsDeclared",
            "Gupshup has what the manifest declares",
            "a webhook whose URL, modes and version are equal",
            "nothing",
        ),
        Explanation(
            "ChangePlanned",
            "the next `apply` makes the change, unless a guard holds it",
            "a URL that was changed in the manifest",
            "`gupshupctl apply`; with `run` nothing",
        ),
        Explanation(
            "NothingDeclared",
            "no subscription is declared for the app",
            "an App whose labels no selector matches",
            "nothing, or declare a Subscription for it",
        ),
        Explanation(
            "Held",
            "a [guard](#a-guard-holds-it) holds the change; `get` and `describe` show the command that "
            "releases it",
            "30 links at once, where `maxLinks` allows 25",
            "check the change; release it, or correct the manifests",
        ),
        Explanation(
            "NotLinked",
            "the app does not exist at Gupshup yet",
            "an App that was just declared",
            "nothing: its link is planned, waits, or is blocked, and another reason says so",
        ),
        Explanation(
            "Linked, Live, Subscribed, Ready, Retired",
            "the condition is true",
            "`Live` True with the reason `Live`",
            "nothing",
        ),
        Explanation(
            "Provisioning",
            "the app is linked, and Gupshup is still provisioning it",
            "the first minutes after a link",
            "nothing: it takes minutes or days",
        ),
        Explanation(
            "Failed",
            "Gupshup gave up provisioning: the app is blocked by `ProvisioningFailed`",
            "the stage `ERROR`",
            "ask Gupshup's support, with the appId",
        ),
        Explanation(
            "HostNotAllowed",
            "the reason of `ForeignWebhook`: a [foreign webhook](manifests.md#foreign-webhooks) is on a host "
            "that the Partner does not allow",
            "a webhook on `hooks.example.org`, and only `*.example.com` is allowed",
            "remove it at Gupshup, declare it, or allow its host",
        ),
        Explanation(
            "ManifestGone",
            "the reason of `Unmanaged`: no manifest of the app's partner declares it any more",
            "an app whose file was deleted",
            "put the [manifest](manifests.md#a-manifest-that-is-gone) back, with `state: Retired` if the "
            "customer has left; or `gupshupctl forget NAME`",
        ),
        Explanation(
            "Unverifiable",
            "a callback URL or headers were not written from here and cannot be read back",
            "CI over a new store",
            "`apply --resend` writes them; or keep the store between runs",
        ),
    ),
)
