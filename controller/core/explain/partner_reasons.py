"""Conditions of a partner: its credentials, its account and its guards; and their reasons."""

from controller.core.explain.explanation import Explanation, Section

PARTNER_CONDITIONS = Section(
    "condition",
    "reasons.md#a-partner-and-its-account",
    (
        Explanation(
            "CredentialsEnding",
            "whether a credential ends within 14 days, or has ended, and this program does not renew it "
            "itself",
            "`expires: 2027-02-01`, from 18 January on",
            "see its reason",
        ),
        Explanation(
            "LinksAllowed",
            "whether the account may link apps, as the last login said: the terms of use are accepted, and "
            "the account is a tech provider",
            "False with `TermsNotAccepted`",
            "see its reason",
        ),
        Explanation(
            "MintingAllowed",
            "whether the account may mint universal tokens",
            "False with `MintingNotEnabled`",
            "see its reason",
        ),
        Explanation(
            "ChangesHeld",
            "a [guard](#a-guard-holds-it) holds changes of the partner. It is present only while that is "
            "true",
            "30 links at once, where `maxLinks` allows 25",
            "check the changes; release them, or correct the manifests",
        ),
    ),
)

PARTNER_REASONS = Section(
    "reason",
    "reasons.md#a-partner-and-its-account",
    (
        Explanation(
            "SecretEnds",
            "the client secret ends within 14 days, as `spec.credentials.expires` declares",
            "`expires: 2027-02-01`, from 18 January on",
            "make a new one in the partner portal, put it where the Partner's credentials name it, and "
            "declare its end",
        ),
        Explanation(
            "TokenEnds",
            "a given token ends within 14 days, as it claims itself or as the Partner declares",
            "`GUPSHUP_PARTNER_TOKEN` with an `exp` of next week",
            "put a new one in its place, or declare an e-mail address and a client secret",
        ),
        Explanation(
            "Ended",
            "the credential has ended",
            "a day after `spec.credentials.expires`",
            "make a new one, and put it in the place of the old one, now",
        ),
        Explanation(
            "Held",
            "the reason of `ChangesHeld`: the message has each guard with its figures",
            "`maxLinks`: 30 planned, 25 allowed",
            "check the changes; release them, or correct the manifests",
        ),
        Explanation(
            "NotSoon",
            "every end that is known is further away, or this program renews the credential",
            "a client secret that ends in a year",
            "nothing",
        ),
        Explanation(
            "LinksAllowed, MintingAllowed",
            "the condition is true",
            "a tech provider that accepted the terms of use",
            "nothing",
        ),
        Explanation(
            "TermsNotAccepted",
            "Gupshup's terms of use are not accepted. Links are blocked without a call; everything else goes "
            "on",
            "new terms of use, which nobody accepted yet",
            "an admin of the account accepts them in the partner portal; then `gupshupctl reconcile`, or the "
            "next sign-in, finds out",
        ),
        Explanation(
            "NotTechProvider",
            "the account is not a tech provider, and only a tech provider can link apps. Links are blocked "
            "without a call; everything else goes on",
            "a new partner account",
            "ask Gupshup to make the account a tech provider; then `gupshupctl reconcile`, or the next "
            "sign-in, finds out",
        ),
        Explanation(
            "TokenLimitReached",
            "an error and no condition: three universal tokens are active for the administrator, and none is "
            "this store's. Exit 7 with `auth: universal`, or once the login of old is gone",
            "a fourth store with the same credentials",
            "[revoke one](runbooks.md#tokenlimitreached) that nobody uses",
        ),
        Explanation(
            "MintingNotEnabled",
            "the account may not mint universal tokens",
            "credentials of a user who is no admin",
            "ask Gupshup to enable minting for the partner, and use the credentials of a partner admin",
        ),
        Explanation(
            "AddressNotAllowed",
            "an error and no condition: Gupshup refuses calls from the address of this host, by its own "
            "words. Exit 7",
            "a new CI runner, whose address nobody listed",
            "list the address of this host in the partner portal, or go through a `--proxy` whose address is "
            "listed",
        ),
    ),
)
