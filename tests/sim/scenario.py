"""What a run is about: manifests, in one revision or several, and an upstream that was there before."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from controller.model.manifest import (
    DEFAULT_POLICIES,
    App,
    AppId,
    AuthMode,
    Count,
    Desired,
    FromEnv,
    Guards,
    Login,
    Partner,
    Policy,
    Settle,
    Subscription,
    Suspend,
)
from tests.builders import manifest

URL = "https://partner.gupshup.test"
SECRETS: Mapping[str, str] = {
    "GUPSHUP_EMAIL": "partner@example.com",
    "GUPSHUP_SECRET": "canary-of-the-partner's-secret",
    "HOOK_SECRET": "canary-of-the-hook's-secret",
}
SETTLE = Settle(late_effect=60, stale_list=15)
"""L and S, short, so that runs are: faults stay within them, and one call may take longer than S."""

PARTNER = Partner(
    "main",
    URL,
    Login(FromEnv("GUPSHUP_EMAIL"), FromEnv("GUPSHUP_SECRET")),
    settle=SETTLE,
    owned_tags="gitops-*",
)
LEGACY = replace(
    PARTNER, credentials=Login(FromEnv("GUPSHUP_EMAIL"), FromEnv("GUPSHUP_SECRET"), AuthMode.LEGACY)
)
UNIVERSAL = replace(
    PARTNER,
    credentials=Login(FromEnv("GUPSHUP_EMAIL"), FromEnv("GUPSHUP_SECRET"), AuthMode.UNIVERSAL),
    partner_id="1368",
)
TAG = "gitops-events"
SWITCHES = ("provision-min=20", "provision-max=40", "retry-share=0")
OLD_ENDED = ("login-ends=always", "app-tokens-end=always")
"""A Gupshup of after April 2027."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """*revisions* follow each other: all but the last are only begun. *seeded* are apps for the simulator.

    *blocked* are reasons that may stand at the end. *never* maps what nobody may write to, by its name in the
    history, to the promise that says so. *left* are apps at Gupshup that the last revision has nothing to do
    with: how far an earlier one got with them is a matter of time. *saved*: a plan is saved first, and every
    process does that plan.
    """

    name: str
    revisions: tuple[Desired, ...]
    seeded: tuple[Mapping[str, object], ...] = ()
    switches: tuple[str, ...] = SWITCHES
    blocked: frozenset[str] = frozenset()
    ends: int = 1
    never: Mapping[str, str] = field(default_factory=dict)
    left: frozenset[str] = frozenset()
    saved: bool = False

    @property
    def last(self) -> Desired:
        return self.revisions[-1]

    def targets(self) -> dict[tuple[str, str], str]:
        """Return what the history calls each phone, and each phone with a tag."""
        named: dict[tuple[str, str], str] = {}
        for desired in self.revisions:
            named |= targets(desired)
        return named

    def seeds(self, phone: str, tag: str) -> bool:
        """Say whether a subscription was there before anybody began."""
        hooks = (each.get("subscriptions") for each in self.seeded if each["phone"] == phone)
        return any(hook["tag"] == tag for found in hooks if isinstance(found, list) for hook in found)

    def removable(self, phone: str, tag: str) -> bool:
        """Say whether anybody allowed the removal of a subscription."""
        return any(_removable(desired, phone, tag) for desired in self.revisions)


def targets(desired: Desired) -> dict[tuple[str, str], str]:
    phones = {app.name: app.phone for app in desired.apps}
    apps = {(app.phone, ""): f"App/{app.name}" for app in desired.apps}
    return apps | {
        (phones[s.app], s.tag): f"Subscription/{s.name} on App/{s.app}" for s in desired.subscriptions
    }


def _removable(desired: Desired, phone: str, tag: str) -> bool:
    names = {app.name for app in desired.apps if app.phone == phone and Policy.UNSUBSCRIBE in app.policies}
    declared = any(each.app in names and each.tag == tag for each in desired.subscriptions)
    owned = desired.partners[0].owned_tags
    return desired.complete and bool(names) and not declared and owned is not None and fnmatchcase(tag, owned)


def app(number: int, **changes: object) -> App:
    """Return the App manifest of customer *number*."""
    made = App(
        name=f"acme-{number}",
        partner="main",
        app_name=f"AcmeSupport{number}",
        waba_id=f"1098765432109{number:02}",
        phone=f"9198765432{number:02}",
        callback_url=f"https://hooks.example.com/{number}",
        storage_region="IN",
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # fields by name, checked where they are used


def subscription(of: App, tag: str = TAG, **changes: object) -> Subscription:
    made = Subscription(
        name=tag,
        partner="main",
        app=of.name,
        tag=tag,
        url=f"https://hooks.example.com/events/{of.name}",
        version=3,
        modes=frozenset({"SENT", "READ", "MESSAGE"}),
        headers={"X-Hook-Secret": FromEnv("HOOK_SECRET")},
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # likewise


def desired(
    *things: App | Subscription, revision: str = "r1", partner: Partner = PARTNER, complete: bool = True
) -> Desired:
    ordered = sorted(things, key=lambda each: ("" if isinstance(each, App) else each.app, each.name))
    return manifest.desired(*ordered, partner=partner, revision=revision, complete=complete)


def there(of: App, **more: object) -> dict[str, object]:
    """Return what lets the simulator have the app of a manifest already, live."""
    return {
        "name": of.app_name,
        "phone": of.phone,
        "wabaId": of.waba_id,
        "callbackUrl": of.callback_url or "",
        "id": f"00000000-0000-4000-8000-0000000000{of.phone[-2:]}",
        **more,
    }


def _hook(tag: str, **more: object) -> dict[str, object]:
    url = "https://hooks.example.com/events/acme-1"
    return {"tag": tag, "url": url, "version": 3, "modes": ["SENT", "READ", "MESSAGE"], **more}


_ONE, _TWO = app(1), app(2)
_BARE = app(1, callback_url=None)
_PRUNING = app(1, callback_url=None, policies=DEFAULT_POLICIES | {Policy.UNSUBSCRIBE})
_OTHER_NAME = there(_BARE, name="OldSupport", subscriptions=[_hook("theirs"), _hook("gitops-old")])
_RENAMED = replace(_ONE, app_name="AcmeRenamed")
_TAKEN_OVER = replace(_BARE, app_id=AppId(str(_OTHER_NAME["id"])))
_PLAIN = subscription(_BARE, headers={})
_LONGER = there(_ONE, phone=f"{_ONE.phone}7", id="00000000-0000-4000-8000-000000000017")
_SUFFIX = there(
    _TWO, name="AnotherSupport", phone=f"1{_TWO.phone}", id="00000000-0000-4000-8000-000000000018"
)
_WRONG_ID = replace(_ONE, app_id=AppId(str(_LONGER["id"])))
_ASLEEP = replace(_TWO, suspend=Suspend("the customer asked for it"))
_TIMID = replace(PARTNER, guards=Guards(max_links=Count(1)))
_FIRST, _SECOND = app(1, callback_url=None), app(2, callback_url=None)
_MOVED = replace(_FIRST, phone="919876543299")

SCENARIOS: Mapping[str, Scenario] = {
    each.name: each
    for each in (
        Scenario("link", (desired(_ONE, subscription(_ONE)),)),
        Scenario("old login", (desired(_ONE, subscription(_ONE), partner=LEGACY),)),
        Scenario(
            "universal token",
            (desired(_ONE, subscription(_ONE), partner=UNIVERSAL),),
            switches=(*SWITCHES, *OLD_ENDED),
        ),
        Scenario(
            "universal token, another clock",
            (desired(_BARE, _PLAIN, partner=UNIVERSAL),),
            (there(_BARE),),
            switches=(*SWITCHES, *OLD_ENDED, "clock-shift=5000000"),
        ),
        Scenario(
            "app's universal token",
            (desired(_BARE, _PLAIN, partner=UNIVERSAL),),
            (there(_BARE),),
            switches=(*SWITCHES, *OLD_ENDED, "universal-on-apps=no"),
        ),
        Scenario("saved plan", (desired(_ONE, _TWO, subscription(_ONE), subscription(_TWO)),), saved=True),
        Scenario(
            "saved plan of changes",
            (desired(_PRUNING, _PLAIN),),
            (
                there(
                    _PRUNING,
                    subscriptions=[_hook("gitops-old"), _hook(TAG, modes=["SENT"], active=False)],
                ),
            ),
            saved=True,
        ),
        Scenario("two", (desired(_ONE, _TWO, subscription(_ONE), subscription(_TWO)),)),
        Scenario(
            "rename",
            (desired(_ONE, subscription(_ONE)), desired(_RENAMED, subscription(_RENAMED), revision="r2")),
            blocked=frozenset({"PhoneLinkedToOtherApp"}),
            ends=2,
            left=frozenset({_ONE.app_name}),
        ),
        Scenario(
            "stranger's name",
            (desired(_ONE, _TWO, subscription(_ONE), subscription(_TWO)),),
            ({"name": _ONE.app_name, "phone": "15550001111", "wabaId": "1", "partner": "stranger"},),
            blocked=frozenset({"NameTakenElsewhere"}),
        ),
        Scenario("pre-exists", (desired(_BARE, _PLAIN),), (there(_BARE),)),
        Scenario(
            "declared later",
            (desired(_ONE, subscription(_ONE)),),
            (there(_ONE, callbackUrl="https://hooks.example.com/of-before", subscriptions=[_hook(TAG)]),),
        ),
        Scenario(
            "no secret",
            (desired(_BARE, subscription(_BARE, headers={"X-Hook-Secret": FromEnv("HOOK_UNSET")})),),
            (there(_BARE, subscriptions=[_hook(TAG)]),),
            blocked=frozenset({"HeaderUnavailable"}),
            never={f"Subscription/{TAG} on App/{_BARE.name}": "P46"},
        ),
        Scenario("take-over", (desired(_TAKEN_OVER, _PLAIN),), (_OTHER_NAME,)),
        Scenario(
            "new phone",
            (desired(_FIRST), desired(_MOVED, revision="r2")),
            blocked=frozenset({"NameTakenByOtherPhone"}),
            ends=2,
        ),
        Scenario(
            "taken out",
            (desired(_FIRST, _SECOND), desired(_SECOND, revision="r2")),
            ends=2,
        ),
        Scenario(
            "taken out and put back",
            (
                desired(_ONE, subscription(_ONE)),
                desired(revision="r2"),
                desired(_ONE, subscription(_ONE), revision="r3"),
            ),
        ),
        Scenario(
            "look-alikes",
            (desired(_ONE, _TWO, subscription(_ONE), subscription(_TWO)),),
            (_LONGER, _SUFFIX),
            blocked=frozenset({"NameTakenByOtherPhone"}),
        ),
        Scenario(
            "somebody's id",
            (desired(_WRONG_ID, subscription(_WRONG_ID)),),
            (_LONGER,),
            blocked=frozenset({"AppIdMismatch"}),
            never={"App/acme-1": "P4"},
        ),
        Scenario(
            "held",
            (desired(_ONE, _TWO, partner=_TIMID),),
            never={"App/acme-1": "P11", "App/acme-2": "P11"},
        ),
        Scenario(
            "spelt otherwise",
            (
                desired(
                    _BARE, subscription(_BARE, headers={}, url="https://HOOKS.example.com:443/%65vents/~")
                ),
            ),
            (there(_BARE),),
            switches=(*SWITCHES, "url-shown=normal"),
        ),
        Scenario("suspended", (desired(_ONE, _ASLEEP, subscription(_ONE)),), never={"App/acme-2": "P10"}),
        Scenario(
            "narrowed",
            (desired(_PRUNING, complete=False),),
            (there(_PRUNING, subscriptions=[_hook("gitops-old")]),),
            never={f"Subscription/gitops-old on App/{_PRUNING.name}": "P10"},
        ),
        Scenario(
            "shrinking",
            (
                desired(
                    _PRUNING,
                    *(
                        subscription(_PRUNING, f"gitops-{each}", headers={})
                        for each in ("billing", "events", "messages")
                    ),
                ),
            ),
        ),
        Scenario(
            "many pages",
            (desired(_FIRST, _SECOND, subscription(_FIRST, headers={}), subscription(_SECOND, headers={})),),
            (there(_FIRST), there(_SECOND)),
            switches=(*SWITCHES, "page-size-max=1"),
        ),
        Scenario(
            "unsubscribe",
            (desired(_PRUNING, _PLAIN),),
            (
                there(
                    _PRUNING,
                    subscriptions=[
                        _hook("gitops-old"),
                        _hook(TAG, modes=["SENT"], active=False),
                        _hook("theirs"),
                    ],
                ),
            ),
        ),
        Scenario(
            "stranger's phone",
            (desired(_ONE, _TWO, subscription(_ONE), subscription(_TWO)),),
            (there(_ONE, name="StrangersApp", partner="stranger"),),
            blocked=frozenset({"PhoneLinkedElsewhere"}),
        ),
    )
}
