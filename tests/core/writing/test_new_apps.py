"""New apps: one pure function from sign-ups and the whole source to files."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.core.decode.rules import problem
from controller.core.writing.new_apps import Target, new_apps
from controller.core.writing.sign_ups import SignUp
from controller.core.writing.whole import NewManifests, WholeSource
from controller.edges.source import schemas
from controller.errors import ManifestError
from controller.model.problem import Place, Severity
from controller.model.source import Rules, Source, SourceFile

SCHEMAS = schemas.load()
TARGET = Target("manifests")
RULES = Rules(allowed_urls=("https://one.example.com", "https://two.example.com"))


def partner(name: str) -> str:
    spec = f"{{url: 'https://{name}.example.com', credentials: {{token: {{env: GUPSHUP_{name}}}}}}}"
    return f"apiVersion: gupshup.controller/v1\nkind: Partner\nmetadata: {{name: {name}}}\nspec: {spec}\n"


def whole(**files: str) -> WholeSource:
    """Return a source with *files*, by name without the ending."""
    read = (SourceFile(f"manifests/{name}.yaml", text.encode()) for name, text in files.items())
    return WholeSource(Source("/manifests", "r1", tuple(read)), SCHEMAS, RULES)


def sign_up(
    name: str, phone: int, line: int = 2, *, partner: str = "", waba_id: str = "109876543210987"
) -> SignUp:
    place = Place("c.csv", line)
    return SignUp(name, waba_id, f"91987654{phone:04}", partner=partner, place=place)


def app(name: str, phone: int, *more: str, waba: str = "109876543210987") -> str:
    spec = "".join(f"  {line}\n" for line in (f'wabaId: "{waba}"', f'phone: "91987654{phone:04}"', *more))
    return f"apiVersion: gupshup.controller/v1\nkind: App\nmetadata: {{name: {name}}}\nspec:\n{spec}"


def written(new: NewManifests) -> dict[str, str]:
    assert not new.problems
    return {one.file: one.text for one in new.manifests if one.text}


def told(new: NewManifests) -> list[str]:
    assert not new.manifests
    return [f"{one.place} {one.rule} {one.field}: {one.message}" for one in new.problems]


def test_a_sign_up_becomes_a_manifest() -> None:
    joe = replace(sign_up("Joe's Café", 1), labels=(("a", "1"), ("tier", "gold")))
    new = new_apps([joe], whole(), replace(TARGET, schema=".schemas/manifest.json"))
    assert written(new) == {
        "manifests/joes-cafe.yaml": (
            "# yaml-language-server: $schema=.schemas/manifest.json\n"
            "apiVersion: gupshup.controller/v1\n"
            "kind: App\n"
            "metadata:\n"
            "  name: joes-cafe\n"
            "  labels:\n"
            '    a: "1"\n'
            "    tier: gold\n"
            "spec:\n"
            "  appName: JoesCafe\n"
            '  wabaId: "109876543210987"\n'
            '  phone: "919876540001"\n'
        )
    }
    assert new.desired is not None
    assert [(one.name, one.app_name) for one in new.desired.apps] == [("joes-cafe", "JoesCafe")]


def test_what_is_declared_is_not_declared_again() -> None:
    new = new_apps([sign_up("Joe", 1)], whole(old=app("JoesPizza", 1)), TARGET)
    assert written(new) == {}
    assert [(one.name, one.file) for one in new.manifests] == [("JoesPizza", "manifests/old.yaml")]


def test_the_phone_of_a_retired_app_is_free_for_the_next_customer() -> None:
    old = app("JoesPizza", 1, "state: Retired", waba="100000000000001")
    assert list(written(new_apps([sign_up("Joe", 1)], whole(old=old), TARGET))) == ["manifests/joe.yaml"]


def test_a_sign_up_delivered_twice_is_one_file() -> None:
    new = new_apps([sign_up("Joe's Pizza", 1, 2), sign_up("Joe's Pizza", 1, 3)], whole(), TARGET)
    assert list(written(new)) == ["manifests/joes-pizza.yaml"]
    assert len(new.manifests) == 1


def test_the_partner_is_named() -> None:
    source = whole(one=partner("one"), two=partner("two"), old=app("JoesPizza", 1, "partner: two"))
    new = new_apps([sign_up("Ann", 2, partner="one"), sign_up("Joe", 1, partner="one")], source, TARGET)
    assert "  partner: one\n" in written(new)["manifests/ann.yaml"]
    assert list(written(new)) == ["manifests/ann.yaml", "manifests/joe.yaml"]
    assert written(new_apps([sign_up("Joe", 1)], source, TARGET)) == {}
    assert told(new_apps([sign_up("Bob", 2)], source, TARGET)) == [
        "c.csv:2:1 GS312 partner: must be named, there being 2: one, two"
    ]


def test_a_phone_may_be_declared_once_at_each_partner() -> None:
    partners = {"one": partner("one"), "two": partner("two")}
    both = [sign_up("Ann", 1, partner="one"), sign_up("Bob", 1, 3, partner="two")]
    assert list(written(new_apps(both, whole(**partners), TARGET))) == [
        "manifests/ann.yaml",
        "manifests/bob.yaml",
    ]
    apps = {
        "ann": app("AnnOne", 1, "partner: one", waba="100000000000001"),
        "bob": app("BobTwo", 1, "partner: two"),
    }
    new = new_apps([sign_up("Bob", 1)], whole(**partners, **apps), TARGET)
    assert (written(new), [one.name for one in new.manifests]) == ({}, ["BobTwo"]), "the one with this WABA"


def test_a_record_that_is_no_sign_up_stops_the_others() -> None:
    wrong = problem("GS312", Place("c.csv", 9), "partner", "must be named")
    assert told(new_apps([sign_up("Joe", 1)], whole(), TARGET, [wrong])) == [
        "c.csv:9:1 GS312 partner: must be named"
    ]


OLD = "App/JoesPizza at manifests/old.yaml:1:1"
KEY = "1 to 63 letters, digits, '-', '_', '.', and a key may hold '/'"
JOES = "joe, joe-0001, joe-919876540001"


@pytest.mark.parametrize(
    ("sign_ups", "source", "problems"),
    [
        pytest.param(
            [sign_up("Joe", 1)],
            whole(old=app("JoesPizza", 1, waba="555555555555555")),
            [f'c.csv:2:1 GS403 wabaId: "109876543210987" is not the WABA of {OLD}, which has this phone'],
            id="another WABA than declared",
        ),
        pytest.param(
            [sign_up("Joe", 1), sign_up("Joe", 1, 3, waba_id="555555555555555")],
            whole(),
            ['c.csv:3:1 GS406 phone: 91******0001 is the phone of "Joe" at c.csv:2:1, with other values'],
            id="another WABA than in another record",
        ),
        pytest.param(
            [sign_up("Joe", 1), replace(sign_up("Ann", 2, 3), labels=(("no good", "x"),))],
            whole(),
            [f'c.csv:3:1 GS308 labels["no good"]: must be {KEY}; found "no good"'],
            id="a label",
        ),
        pytest.param(
            [sign_up("Joe", 1, partner="on"), sign_up("Ann", 2, 3, partner="on")],
            whole(partner=partner("one")),
            [
                "c.csv:2:1 GS311 partner: there is no Partner/on; did you mean one?",
                "c.csv:3:1 GS311 partner: there is no Partner/on; did you mean one?",
            ],
            id="each record",
        ),
        pytest.param(
            [sign_up("Joe", 1)],
            whole(
                a=app("joe", 2, "appName: Appnumber2"),
                b=app("joe-0001", 3, "appName: Appnumber3"),
                c=app("Joe-919876540001", 4, "appName: Appnumber4"),
            ),
            [f"c.csv:2:1 GS310 name: other manifests have {JOES} or its appName; give it another name"],
            id="no name left",
        ),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(
    sign_ups: list[SignUp], source: WholeSource, problems: list[str]
) -> None:
    assert told(new_apps(sign_ups, source, TARGET)) == problems


def test_problems_elsewhere_name_no_file_that_is_not_written() -> None:
    hook = (
        "apiVersion: gupshup.controller/v1\nkind: Subscription\nmetadata: {name: hook}\nspec:\n"
        "  appSelector: {matchLabels: {tier: gold}}\n  url: https://h.example.com/${app.labels.city}\n"
        "  version: 3\n  modes: [SENT]\n"
    )
    gold = replace(sign_up("Joe", 1), labels=(("tier", "gold"),))
    (problem,) = told(new_apps([gold], whole(hook=hook), TARGET))
    assert problem.startswith(
        'manifests/hook.yaml:6:8 GS607 spec.url: "${app.labels.city}" has no value for App/joe'
    )


def test_new_apps_that_no_webhook_is_declared_for_are_named_in_a_hint() -> None:
    hook = (
        "apiVersion: gupshup.controller/v1\nkind: Subscription\nmetadata: {name: gold}\nspec: {version: 2, "
        "modes: [ALL], url: 'https://h.example.com/', appSelector: {matchLabels: {tier: gold}}}\n"
    )
    gold = replace(sign_up("Gold", 1), labels=(("tier", "gold"),))
    plain = [sign_up("Plain", 2, 3), sign_up("Other", 3, 4)]
    source = whole(gold=hook, old=app("oldtimer", 9))
    (hint,) = new_apps([gold, *plain], source, TARGET).warnings
    assert (hint.rule, hint.severity, hint.place) == ("GS520", Severity.HINT, Place("c.csv", 3))
    assert "no webhook is declared for App/plain and 1 more; give it a label" in hint.message
    assert new_apps([gold], source, TARGET).warnings == ()
    assert new_apps(plain, whole(old=app("oldtimer", 9)), TARGET).warnings == ()


def test_a_source_that_is_invalid_already_is_refused() -> None:
    with pytest.raises(ManifestError):
        new_apps([sign_up("Joe", 1)], whole(old=app("no_name", 2)), TARGET)


@pytest.mark.parametrize(
    ("names", "files"),
    [
        pytest.param(["Joe", "Ann"], ["ann", "joe"], id="different names"),
        pytest.param(["Joe", "joe!"], ["joe-0000", "joe-0001"], id="one name twice: neither has it bare"),
        pytest.param(
            ["Joe", "Joe", "Joe 0001"], ["joe-0000", "joe-0001-0002", "joe-919876540001"], id="a chain"
        ),
        pytest.param(["ब", "म"], ["app-0000", "app-0001"], id="names of no letter"),
    ],
)
def test_a_name_that_is_taken_gets_digits_of_its_phone(names: list[str], files: list[str]) -> None:
    sign_ups = [sign_up(name, number) for number, name in enumerate(names)]
    assert sorted(written(new_apps(sign_ups, whole(), TARGET))) == [
        f"manifests/{name}.yaml" for name in files
    ]


def test_names_of_manifests_count() -> None:
    source = whole(a=app("JOE", 7, "appName: Joe0001"))
    (text,) = written(new_apps([sign_up("Joe", 1)], source, TARGET)).values()
    assert "  name: joe-0001\n" in text
    assert "  appName: Joe919876540001\n" in text


SIGN_UPS = st.lists(
    st.builds(
        sign_up,
        st.one_of(
            st.sampled_from(["Joe", "Joe 1", "joe", "Joe 0001", "Ann", "App"]),
            st.text(max_size=8).filter(str.strip),
        ),
        st.integers(0, 9_999),
    ),
    max_size=8,
    unique_by=lambda each: each.phone,
)


@settings(deadline=None, max_examples=60)
@given(SIGN_UPS, st.randoms(use_true_random=False), st.integers(0, 8))
def test_order_and_interruption_change_no_byte(
    sign_ups: list[SignUp], chance: random.Random, count: int
) -> None:
    first = written(new_apps(sign_ups, whole(), TARGET))
    assert len(first) == len(sign_ups)
    shuffled = chance.sample(sign_ups, len(sign_ups))
    assert written(new_apps(shuffled, whole(), TARGET)) == first
    done = dict(chance.sample(sorted(first.items()), min(count, len(first))))
    files = {path.removeprefix("manifests/").removesuffix(".yaml"): text for path, text in done.items()}
    again = written(new_apps(shuffled, whole(**files), TARGET))
    assert {**done, **again} == first
    assert done.keys().isdisjoint(again)
