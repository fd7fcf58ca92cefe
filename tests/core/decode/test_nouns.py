"""From text to nouns: every field arrives where it belongs, and what is left out has its default."""

import pytest

from controller.core.decode import decode
from controller.core.decode.partner import from_environment
from controller.edges.source import schemas
from controller.model.manifest import (
    DEFAULT_POLICIES,
    LIMITS,
    App,
    AppId,
    AppState,
    Bucket,
    Count,
    Credentials,
    Desired,
    FromEnv,
    FromFile,
    Guards,
    Limit,
    Login,
    OnForeign,
    Partner,
    ReadyWhen,
    Settle,
    Share,
    SubscribeWhen,
    Subscription,
    Suspend,
    Token,
    WebhookPolicy,
)
from controller.model.problem import ENVIRONMENT, Place, Severity
from controller.model.source import Rules, SourceFile

FULL = """
apiVersion: gupshup.controller/v1
kind: Partner
metadata: {name: main}
spec:
  url: https://PARTNER.gupshup.io:443/
  credentials: {email: {env: GUPSHUP_MAIN_EMAIL}, secret: {file: /run/secrets/gupshup}}
  subscribeWhen: Linked
  defaults: {storageRegion: IN, callbackUrl: "https://hooks.example.com/live"}
  limits: {link: 5/min, other: 5/s}
  guards: {maxLinks: 40, maxUpdates: 10%, maxUnsubscribes: 0, maxShrink: 100%}
  ownedTags: "gitops-*"
  webhooks: {allowedHosts: [hooks.EXAMPLE.com, "*.example.org"], onForeign: Block}
  v3AccountModes: true
  settle: {lateEffect: 1h, staleList: 3m}
  allowInsecureUrls: true
---
apiVersion: gupshup.controller/v1
kind: App
metadata: {name: acme-support, labels: {tier: gold}}
spec:
  partner: main
  appName: "Acme Support"
  wabaId: "109876543210987"
  phone: "919876543210"
  callbackUrl: http://sink/${app.labels.tier}
  storageRegion: DE
  appId: 7F9C24E5-8D1B-4C3A-9A51-2F6D0B7E1C88
  policies: []
  suspend: {reason: "being ported", until: 1970-01-01T00:01:00Z}
  provisioningTimeout: 2d
  readyWhen: Sendable
  state: Retired
---
apiVersion: gupshup.controller/v1
kind: Subscription
metadata: {name: events}
spec:
  app: acme-support
  tag: ${app.name}-events
  url: https://hooks.example.com/${app.appName}/${app.phone}/${app.wabaId}
  version: 3
  modes: [ACCOUNT, SENT]
  active: false
  showOnUI: true
  headers: {X-Hook-Secret: {env: HOOK_SECRET}}
"""
SMALL = """
apiVersion: gupshup.controller/v1
kind: App
metadata: {name: AcmeSupport}
spec: {wabaId: "109876543210987", phone: "919876543210"}
---
apiVersion: gupshup.controller/v1
kind: Subscription
metadata: {name: events}
spec: {app: AcmeSupport, url: "https://hooks.example.com/x", version: 2, modes: [SENT]}
"""


def read(text: str, rules: Rules | None = None) -> Desired:
    decoded = decode([SourceFile("a.yaml", text.encode())], schemas.load(), rules or Rules(), revision="r1")
    assert [one for one in decoded.problems if one.severity is not Severity.HINT] == []
    assert decoded.desired is not None
    return decoded.desired


def test_every_field_of_a_manifest_arrives_in_the_model() -> None:
    partner = Partner(
        name="main",
        url="https://partner.gupshup.io",
        credentials=Login(FromEnv("GUPSHUP_MAIN_EMAIL"), FromFile("/run/secrets/gupshup")),
        subscribe_when=SubscribeWhen.LINKED,
        limits={**LIMITS, Bucket.LINK: Limit(5, 60), Bucket.OTHER: Limit(5, 1)},
        guards=Guards(Count(40), Share(10), Count(0), Share(100)),
        owned_tags="gitops-*",
        settle=Settle(3_600, 180),
        webhooks=WebhookPolicy(("hooks.example.com", "*.example.org"), OnForeign.BLOCK),
        place=Place("a.yaml", 2, 1),
    )
    app = App(
        name="acme-support",
        partner="main",
        app_name="Acme Support",
        waba_id="109876543210987",
        phone="919876543210",
        labels={"tier": "gold"},
        callback_url="http://sink/gold",
        storage_region="DE",
        app_id=AppId("7f9c24e5-8d1b-4c3a-9a51-2f6d0b7e1c88"),
        policies=frozenset(),
        suspend=Suspend("being ported", 60),
        provisioning_timeout=172_800,
        ready_when=ReadyWhen.SENDABLE,
        state=AppState.RETIRED,
        place=Place("a.yaml", 18, 1),
    )
    subscription = Subscription(
        name="events",
        partner="main",
        app="acme-support",
        tag="acme-support-events",
        url="https://hooks.example.com/Acme%20Support/919876543210/109876543210987",
        version=3,
        modes=frozenset({"ACCOUNT", "SENT"}),
        active=False,
        show_on_ui=True,
        headers={"X-Hook-Secret": FromEnv("HOOK_SECRET")},
        place=Place("a.yaml", 35, 1),
    )
    assert read(FULL) == Desired("r1", (partner,), (app,), (subscription,))


def test_an_omitted_field_has_its_default() -> None:
    desired = read(SMALL)
    login = Login(FromEnv("GUPSHUP_EMAIL"), FromEnv("GUPSHUP_SECRET"))
    assert desired.partners == (Partner("default", "https://partner.gupshup.io", login, place=ENVIRONMENT),)
    [app] = desired.apps
    assert app == App(
        "AcmeSupport",
        "default",
        "AcmeSupport",
        "109876543210987",
        "919876543210",
        place=Place("a.yaml", 2, 1),
    )
    assert app.policies == DEFAULT_POLICIES
    assert app.ready_when is ReadyWhen.LIVE
    assert (app.state, app.replaced) == (AppState.ACTIVE, False)
    [subscription] = desired.subscriptions
    assert (subscription.tag, subscription.active, subscription.show_on_ui) == ("events", True, False)
    assert subscription.headers == {}


@pytest.mark.parametrize(
    ("given", "token_given", "expected"),
    [
        pytest.param("", False, Login(FromEnv("GUPSHUP_EMAIL"), FromEnv("GUPSHUP_SECRET")), id="nothing"),
        pytest.param("", True, Token(FromEnv("GUPSHUP_PARTNER_TOKEN")), id="nothing, and a token around"),
        pytest.param(
            "email: {env: GUPSHUP_A}",
            True,
            Login(FromEnv("GUPSHUP_A"), FromEnv("GUPSHUP_SECRET")),
            id="an e-mail only",
        ),
        pytest.param(
            "secret: {file: b}",
            False,
            Login(FromEnv("GUPSHUP_EMAIL"), FromFile("/run/secrets/b")),
            id="a secret only",
        ),
        pytest.param("token: {env: GUPSHUP_T}", False, Token(FromEnv("GUPSHUP_T")), id="a token"),
    ],
)
def test_credentials_are_decoded_as_references(
    given: str, expected: Credentials, *, token_given: bool
) -> None:
    head = "apiVersion: gupshup.controller/v1\nkind: Partner\nmetadata: {name: p}\n"
    text = f"{head}spec: {{credentials: {{{given}}}}}\n"
    [partner] = read(text, Rules(token_given=token_given)).partners
    assert partner.credentials == expected


@pytest.mark.parametrize(
    ("expires", "moment"),
    [
        pytest.param("2027-02-01", 1_801_440_000, id="a day is its beginning in UTC"),
        pytest.param('"2027-02-01"', 1_801_440_000, id="in quotes, it is the same"),
        pytest.param("2027-02-01T01:00:00+01:00", 1_801_440_000, id="a time with its zone"),
    ],
)
def test_the_end_of_credentials_is_a_day_or_a_time(expires: str, moment: float) -> None:
    head = "apiVersion: gupshup.controller/v1\nkind: Partner\nmetadata: {name: p}\n"
    [partner] = read(f"{head}spec: {{credentials: {{expires: {expires}}}}}\n").partners
    assert (partner.expires, partner.credentials) == (moment, from_environment(Rules()).credentials)


@pytest.mark.parametrize(
    ("spec", "suspend"),
    [
        pytest.param("suspend: true", Suspend(), id="true"),
        pytest.param("suspend: false", None, id="false"),
        pytest.param("suspend: {}", Suspend(), id="an empty mapping"),
        pytest.param("suspend: {reason: ported}", Suspend("ported"), id="a reason only"),
    ],
)
def test_suspension_has_four_shapes(spec: str, suspend: Suspend | None) -> None:
    [app] = read(SMALL.replace('"919876543210"}', f'"919876543210", {spec}}}')).apps
    assert app.suspend == suspend
