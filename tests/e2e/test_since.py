"""`plan --since`: what one change does, apart from drift and from what was on its way, with few calls."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.world import LEGACY, PARTNER, Done, World, app, subscription, world
from tests.edges.checkouts import WorkingTree

SIGN_IN = {"login", "mintPartner"}
URL = "https://hooks.example.com"
OWNING = PARTNER.replace("spec: {", 'spec: {ownedTags: "gitops-*", ')
PRUNES = "policies: [Link, Subscribe, Update, Unsubscribe]"


def declared_on(name: str) -> dict[str, object]:
    """Return the subscription of `world.subscription` as Gupshup holds it."""
    return {"tag": "events", "url": f"{URL}/{name}", "version": 3, "modes": ["SENT", "MESSAGE"]}


def there_already(there: World, *names: str, **more: object) -> None:
    """Let apps be live, each with its webhook as declared; an app's number is at the end of its name."""
    there.seed(
        *(
            {
                "name": name,
                "phone": f"91{int(name[-3:]):010}",
                "wabaId": f"30{int(name[-3:]):08}",
                "subscriptions": [declared_on(name)],
                **more,
            }
            for name in names
        )
    )


def fleet(count: int) -> list[str]:
    return [f"Fleet{number:03}" for number in range(1, count + 1)]


def committed(there: World, *documents: str, **files: str) -> WorkingTree:
    """Declare *documents* on the branch `main`, and begin a branch of it. *files* are further manifests."""
    tree = WorkingTree(there.folder)
    there.declare(*documents)
    for name, text in files.items():
        there.declare(text, name=f"{name}.yaml")
    tree.git("add", "manifests")
    tree.git("commit", "--quiet", "--message", "base")
    tree.git("checkout", "--quiet", "-b", "feature")
    return tree


def rows(found: Done, name: str) -> list[tuple[str, ...]]:
    """Return what an entry is about, and its cause."""
    return [(each.get("verb") or each["reason"], each["name"], each["cause"]) for each in found.json()[name]]


def apart_from_sign_in(there: World, since: int) -> list[str]:
    return [call["route"] for call in there.calls(since=since) if call["route"] not in SIGN_IN]


@pytest.mark.parametrize("partner", [PARTNER, LEGACY], ids=["a universal token", "a partner token of old"])
def test_one_app_of_many_takes_six_calls_at_the_most(tmp_path: Path, partner: str) -> None:
    """A first webhook: the app's row, its webhooks, its WABA, and the check that it is live."""
    names = fleet(300)
    with world(tmp_path) as there:
        there_already(there, *names[1:])
        there_already(there, names[0], subscriptions=[])
        tree = committed(there, partner, *(app(name, int(name[-3:])) for name in names))
        there.declare(subscription("events", f"app: {names[0]}"), name="new.yaml")
        before = len(there.calls())
        found = there.plan("--since", "main", "--detailed-exitcode")
        calls = apart_from_sign_in(there, before)

        assert found.code == 2, found.err
        assert rows(found, "actions") == [("subscribe", "events", "change")]
        assert found.summary == {"subscribe": 1, "unchanged": 1}
        assert found.json()["since"] == {"ref": "main", "commit": tree.git("rev-parse", "main")}
        assert len(calls) <= 6, calls
        assert calls.count("list") == 2, "one search by phone, one by name"


def test_a_drifted_app_that_the_change_does_not_touch_is_not_even_read(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there_already(there, *fleet(3), subscriptions=[])
        committed(there, *(app(name, int(name[-3:])) for name in fleet(3)), subscription())
        assert there.apply().summary == {"subscribed": 3, "unchanged": 3}
        there.control(
            "drift", {"app": "Fleet002", "subscriptions": [{"tag": "events", "url": f"{URL}/changed"}]}
        )
        there.declare(subscription("audit", "app: Fleet001", f"url: {URL}/audit"), name="new.yaml")
        before = len(there.calls())
        found = there.plan("--since", "main")
        read = {call["app"] for call in there.calls("subscriptions", since=before)}

        assert rows(found, "actions") == [("subscribe", "audit", "change")]
        assert read <= {there.apps()["Fleet001"]["id"]}
        assert rows(there.plan(), "actions") == [
            ("subscribe", "audit", "change"),
            ("update", "events", "drift"),
        ]


def test_what_was_on_its_way_or_drifted_on_the_same_app_has_its_own_cause(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there_already(there, "Fleet001", subscriptions=[])
        third = subscription("third", "app: Fleet001", f"url: {URL}/third")
        tree = committed(there, app("Fleet001", 1), subscription())
        there.apply()
        there.control("drift", {"app": "Fleet001", "subscriptions": [{"tag": "events", "delete": True}]})
        there.declare(app("Fleet001", 1), subscription(), third)
        tree.git("commit", "--quiet", "--all", "--message", "progress")
        there.declare(subscription("audit", "app: Fleet001", f"url: {URL}/audit"), name="new.yaml")
        found, text = there.plan("--since", "HEAD"), there.run("plan", "--since", "HEAD").out

        assert rows(found, "actions") == [
            ("subscribe", "audit", "change"),
            ("subscribe", "events", "drift"),
            ("subscribe", "third", "progress"),
        ]
        assert text.startswith("Since HEAD (")
        assert "), this change touches 1 item.\n" in text
        parts = [line for line in text.splitlines() if line.endswith(":") or line.startswith("  + ")]
        assert [line.split(" on ")[0] for line in parts] == [
            "Because of this change:",
            "  + subscribe    Subscription/audit",
            "Drift:",
            "  + subscribe    Subscription/events",
            "In progress:",
            "  + subscribe    Subscription/third",
        ]


def test_a_new_app_whose_name_is_taken_is_blocked_because_of_this_change(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.seed({"name": "Fleet009", "phone": "919999999999"})
        committed(there, app("Fleet001", 1))
        there.declare(app("Fleet009", 9), name="new.yaml")
        before = len(there.calls())
        found = there.plan("--since", "main", "--detailed-exitcode")

        assert rows(found, "blocked") == [("NameTakenByOtherPhone", "Fleet009", "change")]
        assert (found.code, found.summary) == (5, {"blocked": 1})
        assert apart_from_sign_in(there, before) == ["list", "list"]
        assert there.plan("--since", "main").code == 0, "without the option, it is only shown"


def test_what_others_block_fails_the_plan_of_everything_and_not_that_of_a_change(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.seed({"name": "Fleet009", "phone": "919999999999"})
        committed(there, app("Fleet009", 9))
        there.declare(app("Fleet001", 1, "suspend: true"), name="new.yaml")

        assert there.plan("--detailed-exitcode").code == 5
        found = there.plan("--since", "main", "--detailed-exitcode")
        assert (found.code, found.summary) == (0, {"waiting": 1}), "waiting alone is nothing to do"


def test_a_removed_subscription_is_removed_or_reported_as_in_the_plan_of_everything(tmp_path: Path) -> None:
    hook = {"tag": "gitops-old", "url": f"{URL}/old", "version": 3, "modes": ["SENT"]}
    other = {"tag": "theirs", "url": f"{URL}/theirs", "version": 3, "modes": ["SENT"]}
    old = subscription("gitops-old", "appSelector: {matchLabels: {fleet: all}}", f"url: {URL}/old")
    with world(tmp_path) as there:
        for name in fleet(2):
            there_already(there, name, subscriptions=[hook, other])
        committed(there, OWNING, app("Fleet001", 1, PRUNES), app("Fleet002", 2), old=old)
        (there.manifests / "old.yaml").unlink()
        of_change, whole = there.plan("--since", "main"), there.plan()

        assert rows(of_change, "actions") == [("unsubscribe", "gitops-old", "change")]
        for part in ("actions", "waiting", "blocked", "foreign", "unmanaged"):
            assert of_change.json()[part] == whole.json()[part]
        assert [(each["app"], each["tag"]) for each in of_change.json()["foreign"]] == [
            ("Fleet001", "theirs"),
            ("Fleet002", "gitops-old"),
            ("Fleet002", "theirs"),
        ]
        narrowed = there.plan("--since", "main", "--only", "App/Fleet001")
        assert (narrowed.json()["actions"], narrowed.json()["foreign"]) == ([], []), "as with --only alone"


def test_a_change_that_touches_nothing_makes_no_call(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        tree = committed(there, app("Fleet001", 1), subscription())
        (there.manifests / "all.yaml").rename(there.manifests / "renamed.yaml")
        (there.folder / "README.md").write_text("no manifest", encoding="utf-8")
        before = len(there.calls())
        found, text = (
            there.plan("--since", "main", "--detailed-exitcode"),
            there.run("plan", "--since", "main"),
        )

        assert (found.code, found.summary) == (0, {})
        commit = tree.git("rev-parse", "main")
        assert text.out.startswith(f"Since main ({commit[:12]}), this change touches nothing.\n")
        assert there.calls(since=before) == []


def test_a_selection_and_a_change_narrow_each_other(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        committed(there, app("Fleet001", 1))
        there.declare(app("Fleet002", 2), app("Fleet003", 3), name="new.yaml")
        assert rows(there.plan("--since", "main", "--only", "App/Fleet003"), "actions") == [
            ("link", "Fleet003", "change")
        ]
        told = there.run("plan", "--since", "main", "--only", "App/Fleet003").out
        assert "), this change touches 1 item of the selection.\n" in told
        before = len(there.calls())
        nothing = there.plan("--since", "main", "--only", "App/Fleet001")
        assert (nothing.code, nothing.summary, there.calls(since=before)) == (0, {}, [])
        assert there.plan("--since", "main", "--only", "App/Nobody").code == 64, "no such app is declared"


def test_another_name_and_another_file_are_nothing_to_do(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there_already(there, *fleet(10))
        committed(there, *(app(name, int(name[-3:])) for name in fleet(10)))
        there.apply()
        there.declare(*(app(f"Acme{name}", int(name[-3:]), f"appName: {name}") for name in fleet(5)))
        there.declare(*(app(name, int(name[-3:])) for name in fleet(10)[5:]), name="moved.yaml")
        before = len(there.calls())
        found = there.plan("--since", "main")

        assert (found.code, found.summary, apart_from_sign_in(there, before)) == (0, {}, []), found.err
        assert "Note: renamed: App/Fleet001 is App/AcmeFleet001 now, App/Fleet002" in found.err
        assert "no longer declared" not in found.err


def test_a_source_that_lost_too_much_is_refused_although_only_a_change_is_looked_at(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there_already(there, *fleet(10))
        committed(there, *(app(name, int(name[-3:])) for name in fleet(10)))
        there.apply()
        there.declare(*(app(name, int(name[-3:])) for name in fleet(5)))
        before = len(there.calls())
        found = there.plan("--since", "main")
        assert (found.code, "10 Apps became 5" in found.err) == (4, True)
        assert "Note: no longer declared: App/Fleet006, App/Fleet007" in found.err
        assert apart_from_sign_in(there, before) == []
        assert there.plan("--since", "main", "--only", "App/Fleet001").code == 0, "a selection loses nothing"


def test_the_digest_of_a_change_is_taken_by_apply_where_it_holds_the_same(tmp_path: Path) -> None:
    tight = PARTNER.replace("spec: {", "spec: {guards: {maxLinks: 1}, ")
    with world(tmp_path) as there:
        committed(there, tight, app("Fleet001", 1, "suspend: true"))
        there.declare(app("Fleet002", 2), app("Fleet003", 3), name="new.yaml")
        found, text = there.plan("--since", "main"), there.run("plan", "--since", "main").out
        assert (found.code, rows(found, "held")) == (
            4,
            [("link", "Fleet002", "change"), ("link", "Fleet003", "change")],
        )
        assert "`apply` takes this digest only if it holds exactly these changes then, and no others." in text
        there.declare(tight, app("Fleet001", 1))
        digest = found.json()["heldDigest"]
        assert there.apply("--release", digest).summary == {"held": 3}, "one more is held than was agreed to"
        there.declare(tight, app("Fleet001", 1, "suspend: true"))
        assert there.apply("--release", digest).summary == {"linked": 2, "waiting": 1}


CI = {"CI": "true", "GITHUB_BASE_REF": "main"}


@pytest.mark.parametrize(
    ("environ", "arguments", "ref"),
    [
        pytest.param({"GITHUB_BASE_REF": "main"}, (), None, id="on no CI, nothing is taken for granted"),
        pytest.param({"CI": "true", "GITHUB_BASE_REF": ""}, (), None, id="a push has no base"),
        pytest.param(CI, (), "origin/main", id="a pull request of GitHub"),
        pytest.param({"CI": "1", "CI_MERGE_REQUEST_DIFF_BASE_SHA": "SHA"}, (), "SHA", id="one of GitLab"),
        pytest.param(CI, ("--since", "none"), None, id="switched off"),
        pytest.param({**CI, "GUPSHUPCTL_SINCE": "none"}, (), None, id="switched off for all commands"),
        pytest.param(CI, ("--since", "feature"), "feature", id="another revision"),
    ],
)
def test_ci_names_the_base_of_a_pull_request(
    tmp_path: Path, environ: Mapping[str, str], arguments: tuple[str, ...], ref: str | None
) -> None:
    with world(tmp_path) as there:
        tree = committed(there, app("Fleet001", 1))
        commit = tree.git("rev-parse", "main")
        tree.git("update-ref", "refs/remotes/origin/main", "main")
        given = {name: value.replace("SHA", commit) for name, value in environ.items()}
        found = there.plan(*arguments, **given)

        expected = None if ref is None else {"ref": ref.replace("SHA", commit), "commit": commit}
        assert found.json()["since"] == expected
        said = [line for line in found.err.splitlines() if "--since" in line]
        variable = next((name for name in environ if name not in {"CI", "GUPSHUPCTL_SINCE"}), "")
        named = ref is not None and not arguments
        assert [variable in line and "plans everything" in line for line in said] == [True] * named


def test_a_base_that_ci_did_not_fetch_plans_everything_and_says_why(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        committed(there, app("Fleet001", 1))
        found = there.plan(**CI)
        assert (found.code, found.json()["since"], found.summary) == (0, None, {"link": 1})
        assert "everything is planned, because GITHUB_BASE_REF names a revision without a use" in found.err
        assert "`git fetch origin main`" in found.err
        asked = there.plan("--since", "origin/main")
        assert (asked.code, "`git fetch origin main`" in asked.err) == (1, True), (
            "who asks, gets it or an error"
        )
        assert there.plan("--since=-x").code == 64
        assert there.plan("--since", "").code == 64


def test_invalid_manifests_of_before_make_everything_a_change(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        committed(there, app("Fleet001", 1), broken="kind: Nothing\n")
        (there.manifests / "broken.yaml").unlink()
        found = there.plan("--since", "main")
        assert rows(found, "actions") == [("link", "Fleet001", "change")]
        assert "Note: everything counts as changed: the manifests of commit" in found.err
        there.declare("kind: Nothing\n", name="broken.yaml")
        assert there.plan("--since", "main").code == 3, "the manifests of now have to be valid"


def test_uncommitted_manifests_and_single_files_are_compared_too(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        committed(there, app("Fleet001", 1), second=app("Fleet002", 2))
        there.declare(app("Fleet002", 2, "provisioningTimeout: 1h"), name="second.yaml")
        assert rows(there.plan("--since", "main", "manifests/second.yaml"), "actions") == [
            ("link", "Fleet002", "change")
        ]
        assert there.plan("--since", "main", "manifests/all.yaml").summary == {}


def test_a_partner_that_the_change_does_not_touch_is_not_signed_in_to(tmp_path: Path) -> None:
    credentials = "credentials: {token: {env: GUPSHUP_OTHER}}"
    with world(tmp_path) as there:
        second = PARTNER.replace("name: main", "name: second").replace(
            "spec: {", f'spec: {{url: "{there.url}", partnerId: "77", {credentials}, '
        )
        committed(
            there, PARTNER, second, app("Fleet001", 1, "partner: main"), app("Fleet002", 2, "partner: second")
        )
        there.declare(app("Fleet003", 3, "partner: main"), name="new.yaml")
        found = there.plan("--since", "main")
        assert (found.code, found.summary, found.json()["errors"]) == (0, {"link": 1}, [])


def keys(document: Mapping[str, Any]) -> set[str]:
    return {
        key for name in ("actions", "waiting", "blocked", "held") for row in document[name] for key in row
    }


def test_a_name_with_many_alike_is_found_in_the_list(tmp_path: Path) -> None:
    """`Fleet` is in the name of every app: the search would have as many pages as the list."""
    names = fleet(120)
    with world(tmp_path, "--switch", "page-size-max=100") as there:
        there_already(there, *names)
        committed(there, app("Fleet001", 1))
        there.declare(app("FleetA", 999, "appName: Fleet0"), name="new.yaml")
        before = len(there.calls())
        found = there.plan("--since", "main")
        assert rows(found, "actions") == [("link", "FleetA", "change")]
        assert "cause" in keys(found.json())
        assert len(apart_from_sign_in(there, before)) <= 4


def test_no_repository_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(app("Fleet001", 1))
        found = there.plan("--since", "main", GIT_CEILING_DIRECTORIES=os.fspath(tmp_path))
        assert (found.code, "is in no git repository; run it in a checkout" in found.err) == (1, True)
