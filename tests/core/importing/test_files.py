"""An import: what was read becomes files, alike webhooks a selector, and what cannot be declared is named."""

import random
from collections.abc import Iterable
from dataclasses import replace

import pytest

from controller.core.decode import decode
from controller.core.importing.account import AccountRead, AppKey, WebhookKey, readable
from controller.core.importing.check import Unfit, checked_files
from controller.core.importing.files import ImportedFiles, NewPartner, Surroundings
from controller.core.importing.names import distinct, label_key, legal, templated
from controller.edges.source import schemas
from controller.model.modes import mask
from controller.model.source import Rules, SourceFile
from controller.model.upstream import (
    Details,
    Facts,
    ReadFailed,
    RemoteSubscription,
    Row,
    SubscriptionId,
)
from tests.builders.manifest import PARTNER as MAIN
from tests.builders.upstream import app_id, live

ALONE = Surroundings(new_partner=NewPartner("default", None))
MODES = ("SENT", "MESSAGE")


def webhook(
    number: int,
    tag: str = "events",
    url: str = "https://h.example.com/x",
    version: int | None = 2,
    modes: tuple[str, ...] = MODES,
) -> RemoteSubscription:
    return RemoteSubscription(
        SubscriptionId(str(number)), tag, url, version, mask(frozenset(modes)), modes, active=True
    )


def read(*apps: tuple[Row, Iterable[RemoteSubscription]]) -> AccountRead:
    rows = tuple(row for row, _ in apps)
    return AccountRead(
        replace(MAIN, name="default"),
        "1368",
        rows,
        Facts(subscriptions={row.id: tuple(found) for row, found in apps}),
        {row.id: f"3000{row.id[-6:]}" for row in rows},
    )


def imported(
    *accounts: AccountRead,
    around: Surroundings = ALONE,
    beside: Iterable[SourceFile] = (),
    names: Iterable[str] = (),
) -> ImportedFiles:
    return checked_files(
        accounts,
        around,
        beside=tuple(beside),
        schemas=schemas.load(),
        rules=Rules(),
        now=0.0,
        names=tuple(names),
    )


def test_one_app_is_one_file_with_its_own_webhooks() -> None:
    files = imported(read((live(1), [webhook(7)])))
    assert sorted(files.texts) == ["apps/Name0001.yaml", "partner.yaml"]
    assert files.texts["apps/Name0001.yaml"] == (
        "# yaml-language-server: $schema=../.schemas/manifest.json\n"
        "apiVersion: gupshup.controller/v1\nkind: App\nmetadata:\n  name: Name0001\nspec:\n"
        '  appName: Name0001\n  wabaId: "3000000001"\n'
        f'  phone: "{live(1).phone}"\n'
        "  # callbackUrl: Gupshup does not show it. Declare it only if it shall be written.\n"
        "---\n"
        "apiVersion: gupshup.controller/v1\nkind: Subscription\nmetadata:\n  name: Name0001-events\nspec:\n"
        "  app: Name0001\n  tag: events\n  url: https://h.example.com/x\n  version: 2\n"
        "  modes: [SENT, MESSAGE]\n"
        "  # headers, showOnUI: Gupshup does not show them. Declare them before the first change.\n"
    )
    assert files.texts["partner.yaml"].endswith('spec:\n  partnerId: "1368"\n')
    assert files.left_out == ()


def test_the_region_and_an_inactive_webhook_are_kept() -> None:
    row = replace(live(1), region="IN")
    text = imported(read((row, [replace(webhook(7), active=False)]))).texts["apps/Name0001.yaml"]
    assert "  storageRegion: IN\n" in text
    assert "  active: false\n" in text


@pytest.mark.parametrize(
    ("urls", "declared"),
    [
        (["https://h.example.com/x"] * 3, "https://h.example.com/x"),
        ([f"https://h.example.com/Name000{n}" for n in (1, 2, 3)], "https://h.example.com/${app.name}"),
        (
            [f"https://h.example.com/{live(n).phone}?a=1" for n in (1, 2, 3)],
            "https://h.example.com/${app.phone}?a=1",
        ),
        (
            [f"https://h.example.com/300000000{n}/x" for n in (1, 2, 3)],
            "https://h.example.com/${app.wabaId}/x",
        ),
    ],
)
def test_alike_webhooks_become_one_manifest_with_a_selector(urls: list[str], declared: str) -> None:
    files = imported(read(*((live(n), [webhook(n, url=url)]) for n, url in enumerate(urls, 1))))
    assert f"  url: {declared}\n" in files.texts["webhooks.yaml"]
    assert "      webhook/events: enabled\n" in files.texts["webhooks.yaml"]
    assert all("    webhook/events: enabled\n" in files.texts[f"apps/Name000{n}.yaml"] for n in (1, 2, 3))
    assert all("Subscription" not in files.texts[f"apps/Name000{n}.yaml"] for n in (1, 2, 3))


def test_two_alike_webhooks_stay_with_their_apps() -> None:
    files = imported(read(*((live(n), [webhook(n)]) for n in (1, 2))))
    assert "webhooks.yaml" not in files.texts
    assert files.texts["apps/Name0001.yaml"].count("kind: Subscription") == 1


def test_two_groups_of_one_tag_have_names_of_their_own() -> None:
    ones = [(live(n), [webhook(n)]) for n in (1, 2, 3)]
    twos = [(live(n), [webhook(n, version=3)]) for n in (4, 5, 6)]
    text = imported(read(*ones, *twos)).texts["webhooks.yaml"]
    assert text.count("name: events-") == 2
    assert text.count("  tag: events\n") == 2


def test_the_order_of_the_list_changes_no_byte() -> None:
    apps = [(live(n), [webhook(n), webhook(100 + n, f"own-{n % 5}")]) for n in range(1, 12)]
    want = imported(read(*apps)).texts
    random.Random(1).shuffle(apps)  # noqa: S311  (no secret)
    assert imported(read(*apps)).texts == want


def test_a_plan_of_what_is_imported_has_nothing_to_do() -> None:
    apps = [(live(n), [webhook(n), webhook(100 + n, "more", version=3)]) for n in range(1, 9)]
    files = imported(read(*apps))
    decoded = decode(
        [SourceFile(path, text.encode()) for path, text in files.texts.items()], schemas.load(), Rules()
    )
    assert decoded.desired is not None
    assert len(decoded.desired.apps) == 8
    assert len(decoded.desired.subscriptions) == 16


def test_the_modes_of_an_account_on_version_3_are_allowed_by_the_partner() -> None:
    files = imported(read((live(1), [webhook(7, version=3, modes=("ACCOUNT",))])))
    assert "  v3AccountModes: true\n" in files.texts["partner.yaml"]
    assert files.left_out == ()


def test_another_gupshup_is_named() -> None:
    around = replace(ALONE, new_partner=NewPartner("default", "https://partner.gupshup.io"))
    assert "  url: https://partner.gupshup.io\n" in imported(read(), around=around).texts["partner.yaml"]


def test_an_account_without_an_id_is_declared_without() -> None:
    text = imported(replace(read(), partner_id="")).texts["partner.yaml"]
    assert text.endswith("metadata:\n  name: default\nspec: {}\n")


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (webhook(7, url="http://h.example.com/x"), "GS501"),
        (webhook(7, url="https://10.0.0.1/x"), "GS503"),
        (webhook(7, "a/b"), "GS508"),
        (webhook(7, version=None), "Gupshup gives no version for it"),
        (webhook(7, ""), "it has no tag"),
        (replace(webhook(7), mode=8192, modes=()), "it has modes whose names are not known here: bits 8192"),
        (replace(webhook(7), mode=8192 + 64), "it has modes whose names are not known here: bits 8192"),
        (replace(webhook(7), mode=None, modes=()), "Gupshup gives no modes for it"),
        (replace(webhook(7), mode=None, modes=("NEW",)), "its modes are not known here: NEW"),
    ],
)
def test_a_webhook_that_cannot_be_declared_is_left_out_and_named(found: RemoteSubscription, why: str) -> None:
    files = imported(read((live(1), [found, webhook(8, "fine")])))
    (out,) = files.left_out
    assert (out.app, out.webhook) == ("Name0001", found.tag or "id 7")
    assert out.why.startswith(why)
    assert "tag: fine" in files.texts["apps/Name0001.yaml"]


def test_alike_webhooks_that_cannot_be_declared_are_named_one_by_one() -> None:
    files = imported(read(*((live(n), [webhook(n, url="http://h.example.com/")]) for n in (1, 2, 3))))
    assert [(out.app, out.webhook) for out in files.left_out] == [
        (f"Name000{n}", "events") for n in (1, 2, 3)
    ]
    assert "webhooks.yaml" not in files.texts


def test_two_apps_with_one_phone_are_left_out() -> None:
    twin = replace(live(2), phone=live(1).phone)
    files = imported(read((live(1), []), (twin, []), (live(3), [])))
    names = f"Name0001 ({app_id(1)}), Name0002 ({app_id(2)})"
    why = f"2 apps have this phone, none of them is imported: {names}"
    assert [(out.app, out.why) for out in files.left_out] == [("Name0001", why), ("Name0002", why)]
    assert sorted(files.texts) == ["apps/Name0003.yaml", "partner.yaml"]


def test_an_app_whose_name_a_manifest_cannot_hold_has_its_id() -> None:
    files = imported(read((replace(live(1), name="Old näme 印"), [])))
    (path,) = set(files.texts) - {"partner.yaml"}
    assert path == "apps/Old-name.yaml"
    assert f'  appId: "{app_id(1)}"\n' in files.texts[path]
    assert files.left_out == ()


def test_what_could_not_be_read_is_named() -> None:
    rows = [*(live(n) for n in (1, 3, 4, 5)), replace(live(6), phone=None), replace(live(2), live=False)]
    account = read(*((row, []) for row in rows))
    wabas = {**account.wabas, app_id(1): ReadFailed("500"), app_id(2): "", app_id(3): ""}
    known = {**account.facts.subscriptions, app_id(4): ReadFailed("429")}
    del known[app_id(5)]
    details = {app_id(6): ReadFailed("gone")}
    files = imported(replace(account, wabas=wabas, facts=Facts(details=details, subscriptions=known)))
    assert {out.app: out.why for out in files.left_out} == {
        "Name0001": "its WABA id cannot be read: 500",
        "Name0002": "Gupshup gives no WABA id for it: it is not live",
        "Name0003": "Gupshup gives no WABA id for it",
        "Name0004": "its webhooks cannot be read: 429",
        "Name0005": "its webhooks were not read",
        "Name0006": "its phone cannot be read: gone",
    }
    assert list(files.texts) == ["partner.yaml"]


def test_a_phone_may_come_from_the_details() -> None:
    bare = replace(live(1), phone=None)
    account = read((bare, []))
    details = {bare.id: Details(bare.id, bare.name, "919800000001", live=True)}
    text = imported(replace(account, facts=replace(account.facts, details=details))).texts
    assert '  phone: "919800000001"\n' in text["apps/Name0001.yaml"]
    nameless = imported(account)
    assert [out.why for out in nameless.left_out] == ["its phone cannot be read"]


def test_only_what_is_asked_for_and_not_declared_is_imported() -> None:
    account = replace(read(*((live(n), []) for n in (1, 2, 3))), declared=frozenset({app_id(1)}))
    assert [row.name for row in readable(account)] == ["Name0002", "Name0003"]
    files = imported(account, names=["Name0001", "Name0003"])
    assert sorted(files.texts) == ["apps/Name0003.yaml", "partner.yaml"]


PARTNER = SourceFile(
    "p.yaml",
    b"apiVersion: gupshup.controller/v1\nkind: Partner\nmetadata: {name: default}\nspec: {}\n---\n"
    b"apiVersion: gupshup.controller/v1\nkind: Partner\nmetadata: {name: other}\n"
    b'spec: {url: "https://partner.gupshup.io", partnerId: "2", credentials: {token: {env: GUPSHUP_T}}}\n',
)


def test_with_several_partners_each_app_names_its_own() -> None:
    other = replace(read((live(2), [])), partner=replace(MAIN, name="other"))
    around = Surroundings(frozenset({"Name0001"}), frozenset(), 2)
    files = imported(read((live(1), [])), other, around=around, beside=[PARTNER])
    (marked, plain) = sorted(files.texts, reverse=True)[1], "apps/Name0002.yaml"
    assert sorted(files.texts) == sorted([marked, plain])
    assert marked.startswith("apps/Name0001-")
    assert "  partner: other\n" in files.texts[plain]


def test_a_source_that_is_not_valid_by_itself_ends_the_import() -> None:
    broken = SourceFile("b.yaml", b"kind: [")
    with pytest.raises(Unfit) as unfit:
        imported(read((live(1), [])), beside=[broken])
    assert [one.place.file for one in unfit.value.problems] == ["b.yaml"]


def test_two_webhooks_with_one_tag_are_left_out() -> None:
    twice = [webhook(7), webhook(8, url="https://h.example.com/y")]
    files = imported(read((live(1), twice)))
    assert {(out.webhook, out.why[:5]) for out in files.left_out} == {("events", "GS513")}


CALLBACK = SourceFile(
    "p.yaml",
    b"apiVersion: gupshup.controller/v1\nkind: Partner\nmetadata: {name: default}\n"
    b"spec: {defaults: {callbackUrl: 'https://h.example.com/'}}\n",
)


def test_what_a_plan_would_write_is_left_out() -> None:
    files = imported(read((live(1), [webhook(7)])), around=Surroundings(), beside=[CALLBACK])
    (out,) = files.left_out
    assert out.why.startswith("the Partner's defaults give it a callbackUrl")
    assert files.texts == {}


def test_what_is_declared_beside_may_have_a_plan_of_its_own() -> None:
    other = SourceFile(
        "o.yaml",
        b"apiVersion: gupshup.controller/v1\nkind: App\nmetadata: {name: NewOne}\n"
        b'spec: {wabaId: "109876543210987", phone: "919999999999"}\n',
    )
    files = imported(read((live(1), [])), beside=[other])
    assert (sorted(files.texts), files.left_out) == (["apps/Name0001.yaml", "partner.yaml"], ())


def test_a_webhook_gets_a_name_that_no_subscription_has() -> None:
    around = replace(ALONE, subscriptions=frozenset({"Name0001-events"}))
    files = imported(read((live(1), [webhook(7)])), around=around)
    ((kind, name),) = (key for key in files.keys if key[0] == "Subscription")
    assert (kind, name.startswith("Name0001-events-")) == ("Subscription", True)
    assert files.left_out == ()


def test_each_line_belongs_to_the_document_around_it() -> None:
    files = imported(read((live(1), [webhook(7, "a"), webhook(8, "b", "https://h.example.com/y")])))
    path = "apps/Name0001.yaml"
    lines = files.texts[path].splitlines()
    first, second = (number for number, line in enumerate(lines, 1) if line == "---")
    keys = [AppKey(app_id(1)), *(WebhookKey(app_id(1), SubscriptionId(each)) for each in ("7", "8"))]
    found = [files.key_at(path, line) for line in (1, first + 1, second, second + 1, len(lines))]
    assert found == [keys[0], keys[1], keys[1], keys[2], keys[2]]


def test_a_name_that_is_not_known_here_does_not_matter_beside_a_mask() -> None:
    files = imported(read((live(1), [replace(webhook(7), modes=(*MODES, "NEW"))])))
    assert files.left_out == ()
    assert "  modes: [SENT, MESSAGE]\n" in files.texts["apps/Name0001.yaml"]


def test_a_url_stays_as_it_is_spelled() -> None:
    files = imported(read((live(1), [webhook(7, url="https://H.Example.com/x")])))
    assert files.left_out == ()
    assert "https://H.Example.com/x" in "".join(files.texts.values())


@pytest.mark.parametrize(
    ("mode", "names", "declared"),
    [
        (8192, ("ALL",), "[ALL]"),
        (64 + 65536, ("MESSAGE", "COPY"), "[MESSAGE, COPY]"),
        (0, ("COPY",), "[COPY]"),
    ],
)
def test_modes_without_a_known_bit_are_declared_by_their_names(
    mode: int, names: tuple[str, ...], declared: str
) -> None:
    files = imported(read((live(1), [replace(webhook(7), mode=mode, modes=names)])))
    assert f"  modes: {declared}\n" in files.texts["apps/Name0001.yaml"]
    assert files.left_out == ()


def test_names() -> None:
    assert legal("  Äb & c ", "none") == "Ab-c"
    assert legal("印", "none") == "none"
    assert distinct({"1": "A", "2": "a", "3": "b"}, ["c"])["3"] == "b"
    assert len(set(distinct({"1": "A", "2": "a", "3": "b"}, ["B"]).values())) == 3
    assert label_key("events") == "webhook/events"
    assert len(label_key("e" * 100)) == 63
    assert label_key("e" * 100) != label_key("e" * 101)
    assert templated("https://h/x", [("${a}", "")]) == "https://h/x"
    assert templated("https://h/AB/ABC/AB", [("${a}", "AB")]) == "https://h/${a}/ABC/${a}"


def test_a_declared_name_that_another_app_has_is_no_fault_of_the_manifest() -> None:
    there = (
        "apiVersion: gupshup.controller/v1\nkind: App\nmetadata: {name: mine}\n"
        'spec: {appName: Name0001, wabaId: "109876543210987", phone: "919999999999"}\n'
    )
    files = imported(
        read((live(1), [])),
        around=Surroundings(frozenset({"mine"})),
        beside=[SourceFile("m/mine.yaml", there.encode())],
    )
    assert files.texts == {}
    assert [each.why for each in files.left_out] == [
        'GS406: spec.appName "Name0001" is the appName of App/mine at m/mine.yaml:1:1 already'
    ]


def test_of_two_apps_with_one_name_neither_is_declared_and_no_reason_names_a_file_that_is_not_written() -> (
    None
):
    twin = replace(live(2), name=live(1).name)
    files = imported(read((live(1), []), (twin, [])))
    assert sorted(files.texts) == ["partner.yaml"]
    assert [each.why.partition(" app fits")[0] for each in files.left_out] == [
        "Ambiguous: more than one",
        'GS406: spec.appName "Name0001" is the appName of App/Name0001-11e594f4, another one of this account',
    ]
