"""A patch of an import: what Gupshup has otherwise is changed in place, and nothing else is."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from controller.core.importing.account import AccountRead, ManifestKey
from controller.core.importing.check import Unfit
from controller.core.importing.differences import AccountsRead
from controller.core.importing.files import ImportedFiles, Surroundings
from controller.core.importing.patch import patch_of
from controller.core.importing.patch_check import ManifestPatch, failures
from controller.core.writing.whole import WholeSource
from controller.edges.source import schemas
from controller.model.manifest import AppId
from controller.model.modes import mask
from controller.model.plan import Kind
from controller.model.source import Rules, Source, SourceFile
from controller.model.upstream import Details, Facts, ReadFailed, RemoteSubscription, Row, SubscriptionId
from tests.builders.manifest import PARTNER
from tests.builders.upstream import live

APP = """\
# Our best customer.
apiVersion: gupshup.controller/v1
kind: App
metadata:
  name: acme   # as in the CRM
spec:
  appName: AcmeSupport
  wabaId: "3000000001"  # ends in 1
  phone: "919000000001"
"""

HOOK = """\
apiVersion: gupshup.controller/v1
kind: Subscription
metadata: {name: events}
spec:
  app: acme
  # The gateway.
  url: https://h.example.com/x
  version: 2
  modes: [SENT, MESSAGE] # no READ
"""

ROW = replace(live(1), name="AcmeSupport", phone="919000000001")
OTHER = replace(live(2), name="OtherShop", phone="919000000002")


def hook(**more: object) -> RemoteSubscription:
    modes = more.pop("modes", ("SENT", "MESSAGE"))
    assert isinstance(modes, tuple)
    base = RemoteSubscription(
        SubscriptionId("7"),
        "events",
        "https://h.example.com/x",
        2,
        mask(frozenset(modes)),
        modes,
        active=True,
    )
    return replace(base, **more)  # type: ignore[arg-type]  # fields of that class


def read(
    rows: Mapping[Row, Iterable[RemoteSubscription] | ReadFailed],
    *,
    declared: Iterable[Row] = (ROW,),
    wabas: Mapping[AppId, str | ReadFailed] | None = None,
    details: Mapping[AppId, Details | ReadFailed] | None = None,
) -> AccountRead:
    listed = {
        row.id: found if isinstance(found, ReadFailed) else tuple(found)
        for row, found in rows.items()
        if row.live
    }
    known = {row.id: f"300000000{row.id[-1]}" for row in rows}
    return AccountRead(
        replace(PARTNER, name="default"),
        "1368",
        tuple(rows),
        Facts(subscriptions=listed, details=details or {}),
        {**known, **(wabas or {})},
        frozenset(row.id for row in declared),
    )


def whole(files: Mapping[str, str]) -> WholeSource:
    return WholeSource(
        Source("here", "", tuple(SourceFile(path, text.encode()) for path, text in files.items())),
        schemas.load(),
        Rules(),
    )


def patched(
    account: AccountRead, *, names: tuple[str, ...] = (), linked: tuple[str, ...] = (), **files: str
) -> ManifestPatch:
    source = {f"m/{name}.yaml": text for name, text in files.items()}
    around = Surroundings(frozenset({"acme"}), frozenset({"events"}))
    return patch_of(AccountsRead((account,), 0.0, names), around, whole(source), linked)


def after(patch: ManifestPatch) -> dict[str, str]:
    return {path: text for path, (_, text) in patch.changed.items()}


def told(patch: ManifestPatch) -> list[str]:
    return [f"{one.place}: {one.subject}: {one.why}" for one in patch.left]


def test_nothing_differs() -> None:
    patch = patched(read({ROW: [hook()]}), app=APP, hook=HOOK)
    assert (patch.changed, patch.new.texts, patch.left, patch.left_out) == ({}, {}, (), ())


@pytest.mark.parametrize(
    ("row", "waba", "old", "new"),
    [
        pytest.param(replace(ROW, name="AcmeNew"), "3000000001", "AcmeSupport", "AcmeNew", id="its name"),
        pytest.param(ROW, "399900000", '"3000000001"', '"399900000"', id="its WABA"),
        pytest.param(
            replace(ROW, name="Acme Süd"),
            "3000000001",
            'appName: AcmeSupport\n  wabaId: "3000000001"  # ends in 1\n',
            f'appName: Acme Süd\n  wabaId: "3000000001"  # ends in 1\n  appId: "{ROW.id}"\n',
            id="a name that needs the id",
        ),
    ],
)
def test_a_field_of_an_app_is_changed_and_nothing_else(row: Row, waba: str, old: str, new: str) -> None:
    patch = patched(read({row: [hook()]}, wabas={row.id: waba}), app=APP, hook=HOOK)
    assert told(patch) == []
    assert after(patch) == {"m/app.yaml": APP.replace(old, new)}


def test_the_default_of_the_name_gives_way_to_a_line_of_its_own() -> None:
    app = APP.replace("  appName: AcmeSupport\n", "").replace("name: acme ", "name: AcmeSupport ")
    patch = patched(read({replace(ROW, name="AcmeNew"): []}), app=app)
    line = '  wabaId: "3000000001"  # ends in 1\n'
    assert after(patch) == {"m/app.yaml": app.replace(line, f"{line}  appName: AcmeNew\n")}


def test_the_id_alone_needs_no_other_name() -> None:
    app = APP.replace("  appName: AcmeSupport\n", f"  appId: {ROW.id}\n")
    assert patched(read({replace(ROW, name="Any name"): []}), app=app).changed == {}


def test_the_phone_of_an_app_that_is_known_by_its_id() -> None:
    row = replace(ROW, phone="919000000009")
    app = APP.replace("  appName", f"  appId: {ROW.id}\n  appName")
    assert after(patched(read({row: []}), app=app)) == {
        "m/app.yaml": app.replace("919000000001", "919000000009")
    }


def test_a_region_is_changed_where_it_is_declared_and_named_where_the_partner_does() -> None:
    row = replace(ROW, region="DE")
    partner = (
        "apiVersion: gupshup.controller/v1\nkind: Partner\nmetadata: {name: default}\n"
        "spec: {defaults: {storageRegion: IN}}\n"
    )
    assert patched(read({row: []}), app=APP).changed == {}
    app = APP + "  storageRegion: 'IN'\n"
    assert after(patched(read({row: []}), app=app)) == {"m/app.yaml": APP + '  storageRegion: "DE"\n'}
    patch = patched(read({row: []}), app=APP, partner=partner)
    assert patch.changed == {}
    assert told(patch) == [
        'm/app.yaml:7:3: App/acme: storageRegion is "DE" at Gupshup; the Partner\'s defaults declare it'
    ]


@pytest.mark.parametrize(
    ("found", "old", "new"),
    [
        (
            {"url": "https://new.example.com/x?a=b"},
            "https://h.example.com/x",
            "https://new.example.com/x?a=b",
        ),
        ({"version": 3}, "version: 2", "version: 3"),
        ({"active": False}, "  version: 2\n", "  version: 2\n  active: false\n"),
        ({"modes": ("MESSAGE", "READ")}, "[SENT, MESSAGE]", "[MESSAGE, READ]"),
        ({"version": 1, "modes": ("READ",)}, "2\n  modes: [SENT, MESSAGE]", "1\n  modes: [READ]"),
    ],
    ids=str,
)
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["", "byte order mark"])
def test_a_field_of_a_webhook_is_changed_and_nothing_else(
    found: Mapping[str, object], old: str, new: str, bom: str
) -> None:
    patch = patched(read({ROW: [hook(**found)]}), app=APP, hook=bom + HOOK)
    assert told(patch) == []
    assert patch.changed == {"m/hook.yaml": (bom + HOOK, bom + HOOK.replace(old, new))}


def test_headers_and_callbacks_which_nobody_can_read_are_not_compared() -> None:
    app = APP + "  callbackUrl: https://h.example.com/live\n"
    text = HOOK + "  headers: {X-Key: {env: HOOK_KEY}}\n  showOnUI: true\n"
    assert patched(read({ROW: [hook()]}), app=app, hook=text).changed == {}
    patch = patched(read({replace(ROW, name="AcmeNew"): [hook(version=3)]}), app=app, hook=text)
    assert after(patch) == {
        "m/app.yaml": app.replace("AcmeSupport", "AcmeNew"),
        "m/hook.yaml": text.replace("version: 2", "version: 3"),
    }


@pytest.mark.parametrize(
    ("text", "found", "why"),
    [
        pytest.param(
            HOOK.replace("/x", "/${app.name}"),
            {"url": "https://h.example.com/y"},
            '7:8: Subscription/events on App/acme: url is "https://h.example.com/y" at Gupshup; '
            "it holds a template",
            id="a template",
        ),
        pytest.param(
            HOOK.replace("app: acme", "appSelector: {matchLabels: {tier: gold}}"),
            {"version": 3},
            "8:12: Subscription/events on App/acme: version is 3 at Gupshup; "
            "its manifest selects apps by labels, and may be about others, too",
            id="a selector",
        ),
        pytest.param(
            HOOK.replace("[SENT, MESSAGE] # no READ", "[SENT,\n    MESSAGE]"),
            {"modes": ("READ", "SENT")},
            "9:10: Subscription/events on App/acme: modes is [SENT, READ] at Gupshup; "
            "its list is written over several lines",
            id="a form that is not sure",
        ),
        pytest.param(
            HOOK,
            {"mode": None, "modes": ("NEWS",)},
            "9:10: Subscription/events on App/acme: modes is [] at Gupshup; its modes are not "
            "known here: NEWS",
            id="modes that nobody knows",
        ),
        pytest.param(
            HOOK,
            {"url": "http://h.example.com/x"},
            '7:8: Subscription/events on App/acme: url is "http://h.example.com/x" at Gupshup; '
            "GS501: spec.url ",
            id="what is not valid",
        ),
    ],
)
def test_what_cannot_be_changed_surely_is_left_and_named(
    text: str, found: Mapping[str, object], why: str
) -> None:
    app = APP.replace("  name: acme   # as in the CRM\n", "  name: acme\n  labels: {tier: gold}\n")
    patch = patched(read({ROW: [hook(**found)]}), app=app, hook=text)
    assert patch.changed == {}
    (line,) = told(patch)
    assert line.startswith(f"m/hook.yaml:{why}")


def test_one_field_is_changed_where_another_one_is_left() -> None:
    text = HOOK.replace("/x", "/${app.name}")
    patch = patched(read({ROW: [hook(url="https://y.example.com", version=3)]}), app=APP, hook=text)
    assert after(patch) == {"m/hook.yaml": text.replace("version: 2", "version: 3")}
    assert len(patch.left) == 1


def test_a_file_behind_a_link_is_left() -> None:
    patch = patched(read({ROW: [hook(version=3)]}), app=APP, hook=HOOK, linked=("m/hook.yaml",))
    assert patch.changed == {}
    assert "version is 3 at Gupshup; a symbolic link leads to its file" in told(patch)[0]


@pytest.mark.parametrize(
    ("account", "line", "absent"),
    [
        pytest.param(read({}), "m/app.yaml:2:1: App/acme: it is not at Gupshup", True, id="no app"),
        pytest.param(
            read({ROW: []}),
            "m/hook.yaml:1:1: Subscription/events on App/acme: it is not at Gupshup",
            True,
            id="no webhook",
        ),
        pytest.param(
            read({ROW: [hook(), replace(hook(), id=SubscriptionId("8"))]}),
            "m/hook.yaml:1:1: Subscription/events on App/acme: Gupshup has 2 webhooks with the tag events",
            False,
            id="two webhooks with its tag",
        ),
        pytest.param(
            read({ROW: ReadFailed("busy")}),
            "m/app.yaml:2:1: App/acme: its webhooks cannot be read: busy",
            False,
            id="webhooks that cannot be read",
        ),
        pytest.param(
            read({ROW: [hook()]}, wabas={ROW.id: ReadFailed("busy")}),
            "m/app.yaml:2:1: App/acme: its WABA id cannot be read: busy",
            False,
            id="a WABA that cannot be read",
        ),
        pytest.param(
            read({replace(ROW, phone="919000000009"): []}),
            "m/app.yaml:2:1: App/acme: appName AcmeSupport is app 00000000-0000-4000-8000-000000000001 with ",
            False,
            id="its name with another phone",
        ),
        pytest.param(
            read({replace(ROW, phone=None): []}),
            "m/app.yaml:2:1: App/acme: an app is listed without its phone",
            False,
            id="a phone that was not read",
        ),
    ],
)
def test_what_cannot_be_compared_is_named(account: AccountRead, line: str, absent: bool) -> None:  # noqa: FBT001
    patch = patched(account, app=APP, hook=HOOK)
    assert patch.changed == {}
    assert told(patch)[0].startswith(line)
    assert patch.left[0].absent is absent


def test_an_app_id_whose_app_has_no_phone_is_named() -> None:
    row = replace(ROW, phone=None)
    app = APP.replace("  appName", f"  appId: {ROW.id}\n  appName")
    details = {ROW.id: Details(ROW.id, ROW.name, None, live=True)}
    patch = patched(read({row: []}, details=details), app=app)
    assert "has no phone, not the declared one" in told(patch)[0]
    gone = patched(read({}), app=app)
    assert (told(gone), gone.left[0].absent) == (["m/app.yaml:2:1: App/acme: it is not at Gupshup"], True)


def test_a_retired_app_and_one_that_is_not_live_differ_in_nothing() -> None:
    other = replace(ROW, name="AcmeNew")
    assert patched(read({other: [hook(version=3)]}), app=APP + "  state: Retired\n").changed == {}
    assert patched(read({replace(ROW, live=False): [hook(version=3)]}), app=APP, hook=HOOK).left == ()


def test_a_webhook_that_nobody_declares_gets_a_file_and_one_without_a_tag_is_named() -> None:
    new = replace(hook(tag="Orders.v1"), id=SubscriptionId("9"))
    patch = patched(
        read({ROW: [hook(), new, replace(hook(tag=""), id=SubscriptionId("10"))]}), app=APP, hook=HOOK
    )
    assert (
        patch.new.texts
        == {
            "webhooks/acme-Orders-v1.yaml": "# yaml-language-server: $schema=../.schemas/manifest.json\n"
            "apiVersion: gupshup.controller/v1\nkind: Subscription\nmetadata:\n  name: "
            "acme-Orders-v1\nspec:\n"
            "  app: acme\n  tag: Orders.v1\n  url: https://h.example.com/x\n  version: 2\n  "
            "modes: [SENT, MESSAGE]\n"
            "  # headers, showOnUI: Gupshup does not show them. Declare them before the first change.\n"
        }
        or patch.left_out
    )
    assert [each.why for each in patch.left_out if each.webhook == "id 10"] == ["it has no tag"]


def test_a_new_webhook_that_is_not_valid_is_named() -> None:
    new = replace(hook(tag="plain", url="http://h.example.com"), id=SubscriptionId("9"))
    patch = patched(read({ROW: [hook(), new]}), app=APP, hook=HOOK)
    assert patch.new.texts == {}
    assert [(each.webhook, each.why[:15]) for each in patch.left_out] == [("plain", "GS501: spec.url")]


def test_an_app_that_nobody_declares_gets_the_file_of_an_import() -> None:
    account = read({ROW: [hook()], OTHER: [hook()]})
    patch = patched(account, app=APP, hook=HOOK)
    assert sorted(patch.new.texts) == ["apps/OtherShop.yaml"]
    assert patched(account, app=APP, hook=HOOK, names=("AcmeSupport",)).new.texts == {}


def test_only_the_apps_that_are_named_are_compared() -> None:
    account = read({replace(ROW, name="AcmeNew"): [hook(version=3)]})
    assert patched(account, app=APP, hook=HOOK, names=("AcmeNew",)).changed != {}
    assert patched(account, app=APP, hook=HOOK, names=("Other",)).changed == {}
    assert patched(read({}), app=APP, names=("Other",)).left == ()
    assert len(patched(read({}), app=APP, names=("AcmeSupport",)).left) == 1


def test_a_change_that_makes_another_manifest_wrong_is_left() -> None:
    """Two manifests would have one name: the error is at the second one, which does not change."""
    second = (
        APP.replace("name: acme ", "name: zeta ").replace("AcmeSupport", "ZetaShop").replace("0001", "0005")
    )
    row = replace(live(5), name="ZetaShop", phone="919000000005")
    account = read(
        {replace(ROW, name="ZetaShop"): [hook(version=3)], row: []},
        wabas={row.id: "3000000005"},
        declared=(ROW, row),
    )
    patch = patched(account, app=APP, hook=HOOK, zeta=second)
    assert after(patch) == {"m/hook.yaml": HOOK.replace("version: 2", "version: 3")}
    assert told(patch)[0] == (
        'm/app.yaml:7:12: App/acme: appName is "ZetaShop" at Gupshup; with that, '
        "m/zeta.yaml:7:12 would be wrong: "
        'GS406: spec.appName "ZetaShop" is the appName of App/acme at m/app.yaml:2:1 already'
    )
    assert told(patch)[1].startswith("m/zeta.yaml:2:1: App/zeta: more than one app fits: ")


def test_a_source_that_is_not_valid_is_refused() -> None:
    with pytest.raises(Unfit):
        patched(read({}), app=APP.replace("kind: App", "kind: Apple"))


@pytest.mark.parametrize(
    ("name", "old", "new", "fields", "why"),
    [
        pytest.param(
            "app", "AcmeSupport", "AcmeOther", {"appName"}, "PhoneLinkedToOtherApp", id="another name"
        ),
        pytest.param(
            "hook", "version: 2", "version: 1", {"version"}, "differ from Gupshup", id="another version"
        ),
        pytest.param(
            "app", "919000000001", "919000000009", {"phone"}, "NameTakenByOtherPhone", id="another phone"
        ),
        pytest.param(
            "app",
            'AcmeSupport\n  wabaId: "3000000001"  # ends in 1\n  phone: "919000000001"',
            'AcmeOther\n  wabaId: "3000000001"  # ends in 1\n  phone: "919000000009"',
            {"phone", "appName"},
            "differ from Gupshup",
            id="another app",
        ),
        pytest.param(
            "app", "name: acme", "name: acme2", {"phone"}, "cannot be told surely", id="another manifest"
        ),
        pytest.param(
            "hook", "version: 2", "version: 3", {"url"}, "cannot be told surely", id="another field"
        ),
        pytest.param(
            "hook", "spec:\n", "spec:\n  showOnUI: true\n", {"url"}, "cannot be told", id="a new field"
        ),
    ],
)
def test_a_patch_that_does_something_else_fails_its_check(
    name: str, old: str, new: str, fields: set[str], why: str
) -> None:
    """No patch that is made here does that: this is the proof that none would be printed."""
    files = {"m/app.yaml": APP, "m/hook.yaml": HOOK}
    if new == "name: acme2":
        del files["m/hook.yaml"]
    path = f"m/{name}.yaml"
    key = ManifestKey(Kind.APP, "acme") if name == "app" else ManifestKey(Kind.SUBSCRIPTION, "events")
    patch = ManifestPatch(
        ImportedFiles(), {path: (files[path], files[path].replace(old, new))}, {key: fields}, ()
    )
    found = dict(failures(patch, AccountsRead((read({ROW: [hook()]}),), 0.0), whole(files)))
    assert list(found) == [key]
    assert why in found[key]


def test_a_change_that_a_plan_undoes_fails_the_check_of_all_manifests_in_the_file_that_are_changed() -> None:
    both = f"{APP}---\n{HOOK}"
    keys = {ManifestKey(Kind.APP, "acme"): {"wabaId"}, ManifestKey(Kind.SUBSCRIPTION, "events"): {"url"}}
    other = (
        APP.replace("name: acme ", "name: zeta ").replace("AcmeSupport", "ZetaShop").replace("0001", "0005")
    )
    fields = {**keys, ManifestKey(Kind.APP, "zeta"): {"wabaId"}}
    changed = {"m/b.yaml": (both, both.replace("AcmeSupport", "Other1"))}
    patch = ManifestPatch(ImportedFiles(), changed, fields, ())
    found = failures(patch, AccountsRead((read({}),), 0.0), whole({"m/b.yaml": both, "m/z.yaml": other}))
    assert {key for key, why in found if "cannot be told surely" in why} == set(keys)


def test_a_patch_that_breaks_a_file_it_does_not_mention_is_refused() -> None:
    patch = ManifestPatch(ImportedFiles(), {"m/app.yaml": (APP, "kind: Apple")}, {}, ())
    with pytest.raises(Unfit):
        list(failures(patch, AccountsRead((read({}),), 0.0), whole({"m/app.yaml": APP})))
