"""Reasons why an app, a callback or a subscription is blocked, and why an approved action was not sent."""

from controller.core.explain.explanation import Explanation, Section

BLOCKED_APP = Section(
    "reason",
    "reasons.md#an-app-is-blocked",
    (
        Explanation(
            "Ambiguous",
            "more than one app at Gupshup fits the manifest",
            "the name in one app and the phone in another",
            "name the right one by `spec.appId`",
        ),
        Explanation(
            "AppIdMismatch",
            "the app under `spec.appId` has another phone",
            "an `appId` copied from the line below",
            "correct `spec.appId` or `spec.phone`",
        ),
        Explanation(
            "AppNotFound",
            "`spec.appId` is not among the partner's apps",
            "an `appId` of another account",
            "correct it; remove it to link a new app",
        ),
        Explanation(
            "AppLost",
            "the app was ours, and complete lists no longer contain it",
            "somebody removed the app at Gupshup",
            "ask Gupshup; if it is gone for good, `gupshupctl resolve NAME --absent`",
        ),
        Explanation(
            "CreateOutcomeUnknown",
            "three links in a row got no clear answer",
            "Gupshup answered 502 three times",
            "check Gupshup's portal, then `gupshupctl resolve NAME --adopt ID` or `--absent`",
        ),
        Explanation(
            "LinkRefused",
            "Gupshup read the link and refused it; Gupshup's words follow",
            "a 400 to the link, without the id of an app",
            "change the manifest, or ask Gupshup. The link is not repeated until the manifest changes or a "
            "person asks again: `gupshupctl apply --only App/NAME`, or `gupshupctl reconcile NAME` beside "
            "a `run`",
        ),
        Explanation(
            "NameTakenByOtherPhone",
            "our account has an app of this name with another phone",
            "`appName: AcmeSupport`, which a customer has with another number",
            "choose another `spec.appName`; if the message says that the app is ours and its customer stays, "
            "restore its phone",
        ),
        Explanation(
            "NameTakenElsewhere",
            "somebody else at Gupshup has an app of this name",
            "`appName: Support`, which another company took first",
            "choose another `spec.appName`; if the name is free by now, `gupshupctl apply --only App/NAME`",
        ),
        Explanation(
            "PhoneLinkedToOtherApp",
            "our account has this phone under another name",
            "an app that was made in Gupshup's portal as `Acme1`",
            "to take that app over, add the line that the message shows: `appId: …`; if the message says "
            "that the app is ours, it was renamed at Gupshup (that is drift) or in the manifest: declare the "
            "name that it has at Gupshup, or the `appId`",
        ),
        Explanation(
            "PhoneLinkedElsewhere",
            "the phone belongs to an app that is not ours",
            "the customer was with another partner before",
            "have the phone released there, then `gupshupctl apply --only App/NAME`, or `gupshupctl "
            "reconcile NAME` beside a `run`; or correct `spec.phone`",
        ),
        Explanation(
            "PhoneTaken",
            "Gupshup says that an app has this phone; that app is read next",
            "a link was answered by 409 with the id of an app",
            "wait for the next pass",
        ),
        Explanation(
            "ProvisioningFailed",
            "Gupshup's pipeline ended in an error, after its own retries",
            "the stage `ERROR` of an app that is not live",
            "ask Gupshup's support, with the appId",
        ),
        Explanation(
            "ProvisioningTimeout",
            "the app is not live within `spec.provisioningTimeout`",
            "24 hours after the link",
            "ask Gupshup's support, with the appId; the app still counts as live if Gupshup completes it "
            "later",
        ),
        Explanation(
            "WabaMismatch",
            "the app is linked with another WABA than `spec.wabaId`",
            "the customer moved the number to a new WABA",
            "correct the manifest; or ask Gupshup to end the old app, and then allow a new link with "
            "`gupshupctl resolve NAME --absent`",
        ),
    ),
)

BLOCKED_WEBHOOK = Section(
    "reason",
    "reasons.md#a-callback-or-a-subscription",
    (
        Explanation(
            "CallbackNotSet",
            "the app was linked, and its callback URL was refused",
            "a `callbackUrl` whose endpoint is not up yet",
            "nothing: the next pass sets the URL; if Gupshup refuses it again, correct the URL",
        ),
        Explanation(
            "CallbackNotSupported",
            "Gupshup no longer has the callback call, at least for this app: it answered 404 or 410, or said "
            "so. After three such answers in a row no further callback of the partner is called, and these "
            "apps have the reason, too. All else of the app is done",
            "a `callbackUrl`, after Gupshup switched the call off",
            "declare a Subscription with `version: 2` and `ACCOUNT` among its modes, and remove "
            "`callbackUrl` from the app, or from `spec.defaults` of the Partner ([an "
            "example](../examples/account-events)). One app is tried again once a day, and its success frees "
            "all; `reconcile` and `--only` try at once",
        ),
        Explanation(
            "ForeignWebhook",
            "the Partner has `onForeign: Block`, and the app has a "
            "[foreign webhook](manifests.md#foreign-webhooks) on a host that is not allowed",
            "a webhook on `hooks.example.org`, and only `*.example.com` is allowed",
            "check where it leads; remove it at Gupshup, declare it, or add its host to `allowedHosts`",
        ),
        Explanation(
            "Forbidden",
            "Gupshup refuses this call to these credentials",
            "a 403 to a subscription, with words that are not known here",
            "ask Gupshup for the permission; for a callback URL see `CallbackNotSupported`, too",
        ),
        Explanation(
            "HeaderUnavailable",
            "a header's secret is not available here, so that the subscription can be neither written nor "
            "compared",
            "`headers: {X-Hook-Secret: {env: HOOK_SECRET}}`, and `HOOK_SECRET` is not set",
            "set the variable or the file that the message names",
        ),
        Explanation(
            "InvalidUrl",
            "Gupshup probed the URL and got no good answer",
            "an endpoint that is not up yet",
            "bring the endpoint up; the controller tries again by itself, after an hour at most",
        ),
        Explanation(
            "OutcomeUnknown",
            "the call was sent and its answer was lost",
            "the connection broke before the answer",
            "nothing: the next pass reads what became of the call; the call is never simply repeated",
        ),
        Explanation(
            "NoClearAnswer",
            "five tries in a row got no clear answer (a 500, no answer, an answer that denies what Gupshup "
            "lists); the words of the last answer follow",
            "`Duplicate component tag`, and no such tag is listed",
            "ask Gupshup's support with these words; the controller tries again by itself, at most once an "
            "hour, and at once after `reconcile` or `--only`",
        ),
        Explanation(
            "NotSubscriptionOwner",
            "somebody else made the subscription",
            "a webhook that was made with other credentials",
            "leave it to its owner: remove the Subscription here. For a second webhook beside it, choose "
            "another `spec.tag`",
        ),
        Explanation(
            "Rejected",
            "Gupshup read the call and refused it; Gupshup's words follow",
            "a 400 to a subscription, with words that are not known here",
            "change the manifest; for a callback URL see `CallbackNotSupported`, too",
        ),
        Explanation(
            "Stale",
            "something changed at Gupshup between the read and the call",
            "somebody removed the webhook a second before",
            "nothing: the next pass reads again",
        ),
        Explanation(
            "TagTaken",
            "Gupshup says that the tag exists, but lists no tag in this spelling; or Gupshup keeps the tag "
            "of a subscription written from here in another case. The message names the tag in the other "
            "case",
            "`tag: Events`, and Gupshup lists `events`",
            "declare the tag as it is listed, or remove that subscription at Gupshup",
        ),
        Explanation(
            "TooManySubscriptions",
            "Gupshup takes five subscriptions an app, and those of others count; or Gupshup says so although "
            "fewer are listed",
            "three declared ones beside three of others",
            "remove one at Gupshup or in the manifests, or let one webhook have more modes. It is tried "
            "again once a read shows room",
        ),
        Explanation(
            "WillNotConverge",
            "three repeated writes had no effect, whatever their answers said: reads keep showing something "
            "else",
            "Gupshup drops a mode each time",
            "declare what Gupshup keeps, or ask its support; the write is tried again after the manifest "
            "changes, or after `reconcile` or `--only`",
        ),
    ),
)

NOT_SENT = Section(
    "reason",
    "reasons.md#an-approved-action-was-not-sent",
    (
        Explanation(
            "ChangedMeanwhile",
            "another change is due now than the one that was approved; the message names the values",
            "the plan changed a URL, and a newer commit has another URL",
            "plan again, and look at it",
        ),
        Explanation(
            "BlockedMeanwhile",
            "something blocks it now, or blocks its app",
            "somebody else took the app's name after the plan",
            "see the reason in the message",
        ),
        Explanation(
            "NothingToChange",
            "nothing is left to do for it, and it is not as planned either",
            "the manifest was removed after the plan",
            "plan again",
        ),
        Explanation(
            "AlreadyAsPlanned",
            "somebody else did exactly this; it counts as unchanged, and changes no exit code",
            "a `run` beside it was faster",
            "nothing",
        ),
        Explanation(
            "Confirmed",
            "the action counts as done: an earlier run of this plan did it, or a read showed that a write "
            "without a clear answer had happened",
            "`apply FILE` again, after the first one was killed",
            "nothing",
        ),
    ),
)
