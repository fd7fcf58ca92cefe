"""Whole sources: sizes, bombs, problems across files, and how many problems are listed at most."""

import json
import sys
from collections.abc import Sequence
from itertools import pairwise
from types import FrameType

import pytest

from controller.core.decode import MOST_A_FILE, MOST_IN_ALL, decode, strict
from controller.core.decode.files import FileMemo, read
from controller.core.decode.rules import problem
from controller.core.decode.text import LARGEST
from controller.core.decode.tree import collect
from controller.core.decode.validate import Validator
from controller.edges.source import schemas
from controller.model.manifest import Partner, Share, Token
from controller.model.problem import ENVIRONMENT, Place, Severity
from controller.model.source import Decoded, Rules, SourceFile

SCHEMAS = schemas.load()
HEAD = "apiVersion: gupshup.controller/v1\n"


def decoded(*texts: str | bytes, rules: Rules = Rules(), complete: bool = True) -> Decoded:  # noqa: B008 (frozen)
    files = [
        SourceFile(f"{number}.yaml", text if isinstance(text, bytes) else text.encode())
        for number, text in enumerate(texts)
    ]
    return decode(files, SCHEMAS, rules, revision="r1", complete=complete)


def found(result: Decoded) -> list[tuple[str, str, str]]:
    return [(str(one.place), one.rule, one.field) for one in result.problems]


def app(number: int, spec: str = "", labels: str = "{}") -> str:
    return (
        f"{HEAD}kind: App\nmetadata: {{name: customer{number}, labels: {labels}}}\n"
        f'spec:\n  wabaId: "1{number:014}"\n  phone: "49{number:09}"\n{spec}'
    )


def hook(number: int, target: str, url: str = "https://hooks.example.com/${app.name}") -> str:
    return (
        f"{HEAD}kind: Subscription\nmetadata: {{name: hook-{number}}}\nspec:\n"
        f"  {target}\n  url: {url}/{number}\n  version: 3\n  modes: [SENT]\n"
    )


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        pytest.param(b"#" * (LARGEST + 1), "GS109", id="a file of one byte too many"),
        pytest.param(b"a: [" + b"x," * 10_001 + b"]", "GS110", id="a list of ten thousand items"),
        pytest.param(b"a: " + b"[" * 100_000, "GS108", id="flow nesting that kills a C parser"),
        pytest.param(b"{a: " * 30_000, "GS108", id="nested mappings"),
        pytest.param(b"- " * 30_000, "GS108", id="nested dashes"),
        pytest.param(b"? " * 30_000, "GS108", id="nested question marks"),
        pytest.param(b"a: " + b"9" * 5_000, "GS111", id="a number that Python would not read"),
        pytest.param(b"a: '" + b"x" * 250_000 + b"'", "GS111", id="a value of 250 kB"),
        pytest.param(b"x" * 2_000 + b": a", "GS101", id="a key that is too long even for YAML"),
        pytest.param(b"\xff\xfe" * 1_000, "GS115", id="no text at all"),
        pytest.param(b"\x07" * 200_000, "GS116", id="nothing but bells"),
        pytest.param(b"\n" * 200_000, "GS100", id="nothing but lines"),
        pytest.param(b"---\n" * 60_000, "GS110", id="nothing but empty documents"),
        pytest.param(b"'" * 200_000, "GS111", id="nothing but quotes"),
        pytest.param(b"a: b\n" * 4_001, "GS105", id="one key for ever"),
        pytest.param(b"*a " * 5_000, "GS101", id="aliases for ever"),
        pytest.param(b"%" * 200_000, "GS101", id="directives for ever"),
        pytest.param(b"a: [" + b"x," * 201 + b"]", "GS110", id="a list that no field takes"),
        pytest.param(b"a: 1" + b"_" * 250_000 + b"x", "GS111", id="nearly a number, which backtracks"),
        pytest.param(b"# " + b"-eyJ" * 60_000, "GS100", id="nearly a secret, which backtracks"),
        pytest.param(b"token: 1\nkind: x\n---\n" * 1_500, "GS304", id="a secret in each of many documents"),
    ],
)
def test_a_bomb_is_a_problem_and_nothing_more(data: bytes, rule: str) -> None:
    result = decoded(data)
    assert rule in {one.rule for one in result.problems}
    assert len(result.problems) <= MOST_A_FILE + 1
    assert sum(len(one.message) for one in result.problems) < 20_000


def test_a_source_without_files_declares_nothing_with_a_warning() -> None:
    result = decoded()
    assert [one.rule for one in result.problems] == ["GS701"]
    assert result.desired is not None
    assert result.desired.revision == "r1"
    assert [one.name for one in result.desired.partners] == ["default"]


def test_an_empty_file_is_an_error_only_if_it_was_named() -> None:
    assert decoded("# nothing\n").desired is not None
    assert decoded("# nothing\n", complete=False).desired is None


def test_a_byte_order_mark_is_a_warning() -> None:
    result = decoded(b"\xef\xbb\xbf" + app(1).encode())
    assert found(result) == [("0.yaml:1:1", "GS119", "")]
    assert result.desired is not None


def test_problems_are_sorted_and_capped_for_each_file() -> None:
    many = "---\n".join(app(number, "  nope: 1\n") for number in range(60))
    result = decoded(many, many.replace("nope", "nada"))
    assert len(result.problems) == 2 * (MOST_A_FILE + 1)
    assert [one.message for one in result.problems if one.rule == "GS120"] != []
    places = [one.place for one in result.problems if one.rule != "GS120"]
    assert all(before <= after for before, after in pairwise(places))


def test_errors_are_listed_before_warnings_if_not_all_fit() -> None:
    partner = f"{HEAD}kind: Partner\nmetadata: {{name: p}}\n"
    warnings = "---\n".join(hook(number, "appSelector: {matchLabels: {a: b}}") for number in range(60))
    result = decoded("---\n".join([partner, warnings, app(1, "  nope: 1\n")]))
    assert result.desired is None
    assert any(one.severity is Severity.ERROR for one in result.problems)


@pytest.mark.parametrize(
    ("a_file", "files"), [pytest.param(1, 1_500, id="a few a file"), pytest.param(100, 30, id="many a file")]
)
def test_problems_are_listed_up_to_a_cap_and_the_others_counted(a_file: int, files: int) -> None:
    nothing = "appSelector: {matchLabels: {a: b}}"
    texts = ["---\n".join(hook(file * a_file + n, nothing) for n in range(a_file)) for file in range(files)]
    result = decoded(*texts)
    assert (result.errors, result.warnings) == (0, a_file * files)
    *listed, more = result.problems
    assert ({one.rule for one in listed}, len(listed)) == ({"GS313"}, MOST_IN_ALL)
    assert (str(more.place), more.rule) == ("(source):1:1", "GS120")
    assert more.message.startswith(f"{a_file * files - MOST_IN_ALL:,} more problems are not listed")
    severe = strict(result)
    assert (severe.desired, severe.errors, severe.warnings) == (None, a_file * files, 0)


def test_an_unreadable_file_is_among_the_problems_and_counted() -> None:
    note = problem("GS709", Place("b.YAML"), "", "is not read")
    error = problem("GS704", Place("0"), "", "cannot be read")
    result = decode([], SCHEMAS, Rules(), unread=[note])
    assert [one.rule for one in result.problems] == ["GS701", "GS709"]
    assert (result.desired is None, result.errors, result.warnings) == (False, 0, 2)
    broken = decode([], SCHEMAS, Rules(), unread=[note, error])
    assert [one.rule for one in broken.problems] == ["GS704", "GS709"], "there are files"
    assert (broken.desired, broken.errors, broken.warnings) == (None, 1, 1)


def test_reading_a_source_ends_at_too_many_documents() -> None:
    files = [SourceFile(f"{number}.yaml", app(number).encode()) for number in range(5)]
    result = read(files, Validator(SCHEMAS), most=2)
    assert not result.whole
    assert [(one.place.file, one.rule) for one in result.problems] == [("3.yaml", "GS703")]


def test_reading_a_source_ends_at_too_many_problems() -> None:
    result = decoded(*["hello"] * 2_100)
    assert result.desired is None
    assert [one.rule for one in result.problems if str(one.place) != "(source):1:1"].count("GS120") == 1
    assert (result.errors, result.warnings) == (2_001, 0), "as many as were read"
    assert max(one.place.file for one in result.problems if one.rule == "GS104") < "3000.yaml"


def test_expanding_selectors_ends_at_too_many_webhooks() -> None:
    texts = [
        *(app(number, labels="{a: b}") for number in range(3)),
        hook(1, "appSelector: {matchLabels: {a: b}}"),
    ]
    files = [SourceFile(f"{number}.yaml", text.encode()) for number, text in enumerate(texts)]
    entries, _, whole = read(files, Validator(SCHEMAS))
    assert [one.rule for one in collect(entries, Rules(), whole=whole, most=2).problems] == ["GS703"]


def test_an_unreadable_file_does_not_make_references_into_it_wrong() -> None:
    """One broken file must not drown its problem in a hundred others."""
    result = decoded(
        "a: [",
        hook(1, "app: customer9"),
        app(1, "  partner: elsewhere\n"),
        hook(2, "appSelector: {matchLabels: {a: b}}"),
    )
    assert found(result) == [("0.yaml:2:1", "GS101", "")]


def test_a_reference_need_not_name_one_of_two_partners_if_a_file_is_unreadable() -> None:
    own = "spec: {url: https://partner.gupshup.io, credentials: {token: {env: GUPSHUP_A}}}\n"
    partners = [f"{HEAD}kind: Partner\nmetadata: {{name: {name}}}\n{own}" for name in "ab"]
    assert [rule for _, rule, _ in found(decoded("a: [", *partners, app(1)))] == ["GS101"]


def test_an_app_that_is_no_mapping_lets_the_other_apps_be_checked() -> None:
    broken = f"{HEAD}kind: App\nmetadata: 5\nspec: [1]\n"
    result = decoded(broken, app(1, "  appName: no\n"))
    assert {rule for _, rule, _ in found(result)} == {"GS205", "GS401", "GS201"} - {"GS201"}


def test_a_selector_reaches_every_app_with_all_of_its_labels() -> None:
    result = decoded(
        app(1, labels="{tier: gold, country: de}"),
        app(2, labels="{tier: gold}"),
        app(3, labels="{tier: tin, country: de}"),
        hook(1, "appSelector: {matchLabels: {tier: gold, country: de}}"),
        hook(2, "appSelector: {matchLabels: {tier: gold}}"),
    )
    assert result.desired is not None
    made = [(one.name, one.app, one.url) for one in result.desired.subscriptions]
    assert made == [
        ("hook-1", "customer1", "https://hooks.example.com/customer1/1"),
        ("hook-2", "customer1", "https://hooks.example.com/customer1/2"),
        ("hook-2", "customer2", "https://hooks.example.com/customer2/2"),
    ]


def test_a_problem_of_one_selector_in_many_apps_is_reported_once() -> None:
    texts = [app(number, labels="{a: b}") for number in range(20)]
    result = decoded(
        *texts, hook(1, "appSelector: {matchLabels: {a: b}}", url="http://hooks.example.com/${app.name}")
    )
    assert [rule for _, rule, _ in found(result)] == ["GS501"]


def test_two_partners_at_one_gupshup_cannot_share_a_phone() -> None:
    spec = "spec: {{url: {}, credentials: {{token: {{env: GUPSHUP_A}}}}}}\n"
    partners = {"a": "https://partner.gupshup.io", "b": "http://127.0.0.1:8085"}
    texts = [
        f"{HEAD}kind: Partner\nmetadata: {{name: {name}}}\n{spec.format(url)}"
        for name, url in partners.items()
    ]
    one, other = app(1, "  partner: a\n"), app(1, "  partner: b\n").replace("customer1", "customer2")
    rules = Rules(allowed_urls=("http://127.0.0.1:8085",))
    assert decoded(*texts, one, other, rules=rules).desired is not None
    same = decoded(*texts, one, other.replace(": b", ": a"), rules=rules)
    assert [rule for _, rule, _ in found(same)] == ["GS406"]
    [shared] = same.problems
    assert ("49000000001" in shared.message, "49*****0001" in shared.message) == (False, True)


@pytest.mark.parametrize(
    "replaced", [pytest.param(True, id="the same phone"), pytest.param(False, id="another phone")]
)
def test_a_retired_app_gives_way_to_an_active_one(*, replaced: bool) -> None:
    """It has no webhook that could be one too many, or that lacks a mode."""
    left = app(1, "  state: Retired\n")
    heir = app(2).replace('"49000000002"', '"49000000001"') if replaced else app(2)
    hooks = [hook(number, "app: customer1", url=f"https://hooks.example.com/{number}") for number in range(6)]
    result = decoded(left, heir, *hooks)
    assert [rule for _, rule, _ in found(result)] == ["GS520"], "the active one has none"
    assert result.desired is not None
    assert [(one.name, one.is_retired, one.replaced) for one in result.desired.apps] == [
        ("customer1", True, replaced),
        ("customer2", False, False),
    ]
    assert len(result.desired.subscriptions) == 6, "they count as declared: nothing shrank"


def test_the_default_partner_comes_from_the_environment() -> None:
    rules = Rules(url="http://localhost:8085/", token_given=True)
    result = decoded(app(1), rules=rules)
    assert result.desired is not None
    [partner] = result.desired.partners
    assert partner.url == "http://localhost:8085"
    assert isinstance(partner.credentials, Token)
    assert partner.place == ENVIRONMENT
    assert [one.partner for one in result.desired.apps] == ["default"]


def test_an_address_from_the_environment_must_be_valid_too() -> None:
    result = decoded(app(1), rules=Rules(url="http://evil.example.com"))
    assert found(result) == [("(environment):1:1", "GS803", "GUPSHUP_URL")]


def test_addresses_listed_by_the_operator_are_allowed() -> None:
    text = f"{HEAD}kind: Partner\nmetadata: {{name: p}}\nspec: {{url: 'https://Proxy.example.com:443/'}}\n"
    result = decoded(text, rules=Rules(allowed_urls=("https://proxy.example.com",)))
    assert result.desired is not None
    assert [one.url for one in result.desired.partners] == ["https://proxy.example.com"]


def test_partner_defaults_fill_what_an_app_leaves_out() -> None:
    partner = (
        f"{HEAD}kind: Partner\nmetadata: {{name: p}}\nspec:\n"
        "  defaults: {storageRegion: IN, callbackUrl: 'https://hooks.example.com/${app.labels.tier}'}\n"
        "  guards: {maxLinks: 10%}\n"
    )
    result = decoded(
        partner,
        app(1, labels="{tier: gold}"),
        app(2, "  storageRegion: DE\n  callbackUrl: https://x.example.com/\n"),
    )
    assert result.desired is not None
    assert [(one.storage_region, one.callback_url) for one in result.desired.apps] == [
        ("IN", "https://hooks.example.com/gold"),
        ("DE", "https://x.example.com/"),
    ]
    [made] = result.desired.partners
    assert isinstance(made, Partner)
    assert made.guards.max_links == Share(10)


def calls(files: int) -> int:
    """Return how many Python calls it takes to decode so many empty files, each with a warning."""
    count = 0

    def profile(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event == "call"

    empty = [SourceFile(f"{number}.yaml", b"") for number in range(files)]
    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        decode(empty, SCHEMAS, Rules())
    finally:
        sys.setprofile(before)
    return count


def test_decoding_twice_as_many_empty_files_takes_twice_as_many_calls() -> None:
    """Counted in calls: the time of this machine is nobody's business."""
    assert calls(5_000) < 2.5 * calls(2_500)


@pytest.mark.parametrize(
    ("url", "settle", "severity"),
    [
        pytest.param("https://partner.gupshup.io", "lateEffect: 10m, staleList: 2m", None, id="the defaults"),
        pytest.param("https://partner.gupshup.io", "lateEffect: 1h, staleList: 1d", None, id="longer"),
        pytest.param("https://partner.gupshup.io", "lateEffect: 0s", "error", id="none at Gupshup"),
        pytest.param("https://partner.gupshup.io", "lateEffect: 599s", "error", id="a second less"),
        pytest.param("https://partner.gupshup.io", "staleList: 1m", "error", id="a list believed too soon"),
        pytest.param("http://localhost:1", "lateEffect: 0s", "warning", id="none at a simulator"),
        pytest.param("http://[::1]:1", "lateEffect: 3s", "warning", id="little at a simulator"),
        pytest.param("https://lab.example.com", "lateEffect: 3s", "error", id="little at a lab elsewhere"),
        pytest.param(
            "https://127.0.0.1.example.com", "lateEffect: 3s", "error", id="a name that looks local"
        ),
    ],
)
def test_a_wait_below_its_default_is_a_warning(url: str, settle: str, severity: str | None) -> None:
    rules = Rules(allowed_urls=(url,))
    text = f"{HEAD}kind: Partner\nmetadata: {{name: p}}\nspec: {{settle: {{{settle}}}"
    named = decoded(f"{text}, url: '{url}'}}\n", rules=rules)
    meant = decoded(f"{text}}}\n", rules=Rules(url=url))
    for result in (named, meant):
        assert [(one.rule, str(one.severity)) for one in result.problems] == (
            [("GS804", severity)] if severity else []
        )


def test_strict_mode_turns_warnings_into_errors_and_nothing_else() -> None:
    warned = decoded(app(1), hook(1, "appSelector: {matchLabels: {a: b}}"))
    assert warned.desired is not None
    assert [str(one.severity) for one in warned.problems] == ["warning"]
    refused = strict(warned)
    assert refused.desired is None
    assert found(refused) == found(warned)
    assert [str(one.severity) for one in refused.problems] == ["error"]
    sound = decoded(app(1))
    assert strict(sound) == sound


def test_a_second_revision_reads_only_what_differs_and_is_decoded_as_without_the_first() -> None:
    kept, before = file("a.yaml", app(1)), file("b.yaml", app(2))
    broken, moved = file("b.yaml", "kind: Nothing"), file("c.yaml", app(2))
    memo: FileMemo = {}
    for files in ([kept, before], [kept, broken], [kept, moved], [kept, before]):
        assert read_all(files, memo) == read_all(files, {})
    assert list(memo) == [(each.path, each.data) for each in (kept, before, broken, moved)]
    first = memo[kept.path, kept.data]
    read_all([kept], memo)
    assert memo[kept.path, kept.data] is first


def file(path: str, text: str) -> SourceFile:
    return SourceFile(path, text.encode())


def read_all(files: Sequence[SourceFile], memo: FileMemo) -> Decoded:
    return decode(files, SCHEMAS, Rules(), revision="r1", memo=memo)


def test_the_same_source_gives_the_same_answer_in_any_order() -> None:
    texts = [app(number, labels="{a: b}") for number in range(5)] + [
        hook(1, "appSelector: {matchLabels: {a: b}}")
    ]
    files = [SourceFile(f"{number}.yaml", text.encode()) for number, text in enumerate(texts)]
    assert decode(files, SCHEMAS, Rules()) == decode(files[::-1], SCHEMAS, Rules())


@pytest.mark.parametrize("kind", ["Partner", "App", "Subscription"])
def test_a_schema_is_strict_described_and_within_what_both_validators_agree_on(kind: str) -> None:
    text = json.dumps(SCHEMAS[kind])
    assert "\\\\d" not in text
    assert "\\\\w" not in text
    assert "$ref" not in text
    pending: list[object] = [SCHEMAS[kind]]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            if isinstance(node.get("pattern"), str):
                assert node["pattern"].startswith("^")
                assert node["pattern"].endswith("$(?!\\n)")
            if isinstance(node.get("properties"), dict) and ("type" in node or "required" in node):
                assert all("description" in one for one in node["properties"].values())
                assert node["additionalProperties"] is False
            pending += node.values()
        elif isinstance(node, list):
            pending += node


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param("a: " + "[" * 33, "1:35", id="two too many"),
        pytest.param("a: " + "[" * 1_000, "1:35", id="as many as a parser takes"),
        pytest.param("a: " + "[" * 1_001, "1:35", id="one more than it takes"),
        pytest.param("a: " + "[" * 100_000, "1:35", id="very many"),
        pytest.param("é: " + "[{" * 600, "1:35", id="of both kinds, behind a letter of two bytes"),
        pytest.param("a: " + "[ " * 10 + "[" * 1_100, "1:45", id="with spaces"),
        pytest.param("a: b\nc:\n  - " + "[" * 1_100, "3:35", id="further down, one level in"),
        pytest.param("[" * 1_100, "1:33", id="at the very beginning"),
        pytest.param("[" * 1_100 + "]" * 1_100, "1:33", id="and closed again"),
    ],
)
def test_nesting_that_is_too_deep_is_reported_whatever_the_parser_says(text: str, place: str) -> None:
    """Newer ones give up by themselves, a thousand levels ahead of what they have told."""
    assert found(decoded(text)) == [(f"0.yaml:{place}", "GS108", "")]


@pytest.mark.parametrize(
    "text", ["a: '" + "[" * 1_100, "[" * 20 + "}", "a: ]" + "[" * 50, "[" * 32 + " %", "{" + " " * 900 + "%"]
)
def test_other_errors_of_the_parser_are_not_reported_as_nesting(text: str) -> None:
    assert [rule for _, rule, _ in found(decoded(text))] == ["GS101"]


@pytest.mark.parametrize(
    ("brackets", "refused"), [(31, False), (32, True)], ids=["the deepest", "one deeper"]
)
def test_nesting_up_to_the_limit_is_accepted(brackets: int, *, refused: bool) -> None:
    result = decoded("a: " + "[" * brackets + "]" * brackets)
    assert ("GS108" in {one.rule for one in result.problems}) is refused


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param("{}", id="nothing at all"),
        pytest.param("{url: https://partner.gupshup.io}", id="credentials"),
        pytest.param("{credentials: {token: {env: GUPSHUP_A}}}", id="the address"),
        pytest.param(
            "{url: https://partner.gupshup.io, credentials: {email: {env: GUPSHUP_A}}}",
            id="half of the credentials",
        ),
    ],
)
def test_only_one_partner_may_leave_something_to_the_environment(spec: str) -> None:
    partners = [f"{HEAD}kind: Partner\nmetadata: {{name: {name}}}\nspec: {spec}\n" for name in "ab"]
    own = "{url: https://partner.gupshup.io, credentials: {token: {env: GUPSHUP_A}}}"
    assert [rule for _, rule, _ in found(decoded(*partners))] == ["GS315"]
    assert decoded(partners[0], partners[1].replace(spec, own)).desired is not None


def test_an_id_from_the_environment_is_that_of_the_one_partner_that_declares_none() -> None:
    own = "url: https://partner.gupshup.io, credentials: {token: {env: GUPSHUP_A}}"
    one, two = (f"{HEAD}kind: Partner\nmetadata: {{name: {name}}}\nspec: {{{own}}}\n" for name in "ab")
    named = two.replace("{url", '{partnerId: "7", url')
    rules = Rules(partner_id="1368")
    alone = decoded(one, named, rules=rules).desired
    assert alone is not None
    assert [partner.partner_id for partner in alone.partners] == ["1368", "7"]
    assert [rule for _, rule, _ in found(decoded(one, two, rules=rules))] == ["GS315", "GS317"]
    default = decoded(app(1), rules=rules).desired
    assert default is not None
    assert default.partners[0].partner_id == "1368"
    wrong = decoded(app(1), rules=Rules(partner_id="main"))
    assert [(str(one.place), one.rule, one.field) for one in wrong.problems] == [
        (str(ENVIRONMENT), "GS316", "GUPSHUP_PARTNER_ID")
    ]


@pytest.mark.parametrize(("count", "valid"), [(5, True), (6, False), (51, False)])
def test_an_app_has_at_most_five_webhooks(count: int, *, valid: bool) -> None:
    result = decoded(app(1), *(hook(number, "app: customer1") for number in range(count)))
    assert (result.desired is not None) is valid
    assert [one.rule for one in result.problems] == ["GS518" if valid else "GS515"]


def test_webhooks_are_counted_after_selectors_are_expanded() -> None:
    every = [hook(number, "appSelector: {matchLabels: {tier: gold}}") for number in range(5)]
    own = hook(5, "app: customer2")
    result = decoded(app(1, labels="{tier: gold}"), app(2, labels="{tier: gold}"), *every, own)
    (problem,) = result.problems
    assert (problem.rule, problem.place.file, problem.field) == ("GS515", "1.yaml", "metadata.name")
    assert "hook-0, hook-1, hook-2, hook-3, hook-4, hook-5" in problem.message
