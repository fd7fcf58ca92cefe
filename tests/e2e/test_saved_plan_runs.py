"""`apply FILE` beside guards, `--since`, several partners, CI, a running controller and secrets."""

import json
import sys
from pathlib import Path

from tests.e2e.canaries import Canaries
from tests.e2e.test_saved_plans import HOOKS, OLD, PRUNES, WRITES, applied, exists, webhook
from tests.e2e.test_since import committed
from tests.e2e.world import AMPLE, HASTY, PARTNER, THREE, app, served, subscription, world

TIGHT = PARTNER.replace("spec: {", "spec: {guards: {maxLinks: 1}, ")
CALLED = HASTY.replace("spec: {", f"spec: {{defaults: {{callbackUrl: '{HOOKS}/live'}}, ")
OWNING = PARTNER.replace("spec: {", 'spec: {ownedTags: "gitops-*", ')


def test_what_a_guard_holds_is_in_a_plan_only_if_it_was_released_there(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(TIGHT, *THREE)
        held = there.plan("--out", "plan.json")
        assert (held.code, held.summary) == (4, {"held": 3, "waiting": 3})
        assert held.json()["heldDigest"] in there.run("show", "plan.json").out
        done = applied(there, "--wait")
        assert (done.code, done.summary) == (4, {"held": 3}), "at once, and not as a success"
        assert not there.calls("link"), "a plan of held changes does none of them"

        released = there.plan("--out", "plan.json", "--release", held.json()["heldDigest"])
        assert (released.code, released.summary) == (0, {"link": 3, "waiting": 3})
        done = applied(there, "--wait")
        assert (done.code, done.summary) == (0, {"linked": 3, "subscribed": 3}), done.err


def test_a_released_plan_covers_no_other_change(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(TIGHT, *THREE)
        digest = there.plan().json()["heldDigest"]
        assert there.plan("--out", "plan.json", "--release", digest).code == 0
        there.declare(TIGHT, *THREE, app("AppFour", 4))
        assert applied(there, "--wait").code == 0
        assert "AppFour" not in there.apps(), "the manifests of now say nothing to a saved plan"
        assert there.plan().summary["link"] == 1


def test_a_plan_of_one_change_does_that_change(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.seed(exists("AppOne", 1, webhook("AppOne", **OLD)))
        committed(there, PARTNER, THREE[0], subscription())
        there.declare(PARTNER, THREE[0], app("AppTwo", 2), subscription())
        assert there.plan("--since", "main", "--out", "plan.json").code == 0
        shown = there.run("show", "plan.json")
        assert "\nSince main (" in shown.out
        since = json.loads(there.run("show", "plan.json", "-o", "json").out)["since"]
        assert since["ref"] == "main"
        done = applied(there, "--wait")
        assert (done.code, done.summary) == (0, {"linked": 1, "subscribed": 1}), done.err
        assert there.apps()["AppOne"]["subscriptions"][0]["url"] == OLD["url"], "drift is no part of it"


def test_a_change_that_touches_nothing_is_a_plan_of_nothing(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        committed(there, PARTNER, *THREE)
        assert there.plan("--since", "main", "--out", "plan.json").code == 0
        assert there.run("show", "plan.json").code == 0
        done = applied(there)
        assert (done.code, done.summary) == (0, {})
        assert not there.calls(*WRITES)


def test_a_plan_has_all_manifests_that_its_manifests_name(tmp_path: Path) -> None:
    """The app is in a file of its own, and nothing is to change there."""
    with world(tmp_path) as there:
        there.seed(exists("AppOne", 1, webhook("AppOne")))
        there.declare(PARTNER, THREE[0], name="one.yaml")
        there.declare(THREE[1], subscription("events", "app: AppOne"), "# nothing\n", name="two.yaml")
        there.declare(app("AppThree", 3, "policies: []"), name="three.yaml")
        assert there.plan("--out", "plan.json").summary["link"] == 1
        content = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
        assert [each["path"] for each in content["manifests"]] == [
            "manifests/one.yaml",
            "manifests/three.yaml",
            "manifests/two.yaml",
        ]
        assert applied(there).summary["linked"] == 1


def test_removals_and_callbacks_are_done_as_planned(tmp_path: Path) -> None:
    """A link that is refused with an appId leaves its callback to be set: that belongs to the link."""
    with world(tmp_path) as there:
        extra = webhook("AppOne", tag="gitops-old")
        there.seed(exists("AppOne", 1, webhook("AppOne"), extra))
        there.declare(OWNING, app("AppOne", 1, PRUNES), subscription())
        assert there.plan("--out", "plan.json").summary["unsubscribe"] == 1
        assert applied(there).summary["unsubscribed"] == 1
        assert there.tags() == {"AppOne": ["events"]}

        there.declare(CALLED, app("AppTwo", 2))
        there.faults({"kind": "callback-refused", "route": "link"})
        assert there.plan("--out", "plan.json").summary["link"] == 1
        done = applied(there, "--wait")
        assert (done.code, done.summary["linked"]) == (0, 1), done.out
        assert there.apps()["AppTwo"]["callbackUrl"] == f"{HOOKS}/live"


def test_a_write_that_was_refused_is_not_taken_for_the_deed_of_a_person(tmp_path: Path) -> None:
    """The first run linked only one of two apps. Then somebody links the other one by hand."""
    with world(tmp_path) as there:
        there.declare(PARTNER, *THREE[:2], subscription())
        assert there.plan("--out", "plan.json").summary == {"link": 2, "waiting": 2}
        refused = {"kind": "status", "route": "link", "name": "AppOne", "status": 400, "message": "not now"}
        there.faults(refused, {"kind": "stuck", "name": "AppTwo"})
        assert applied(there).summary == {"linked": 1, "failed": 1, "blocked": 1, "waiting": 2}
        there.seed(exists("AppOne", 1))
        done = applied(there)
        found = {each["name"]: each["reason"] for each in done.json()["results"] if each["verb"] == "link"}
        assert found == {"AppOne": "AlreadyAsPlanned", "AppTwo": "Confirmed"}, done.err


def test_a_header_is_read_when_the_plan_is_applied_and_is_in_no_file(tmp_path: Path) -> None:
    secret, token = "hOOk-canary:of an/environ+ment~42", ""
    with world(tmp_path) as there:
        there.declare(
            PARTNER, THREE[0], subscription("events", "app: AppOne", "headers: {X-Hook: {env: HOOK_A}}")
        )
        there.stay_signed_in()
        token = there.environ["GUPSHUP_PARTNER_TOKEN"]
        runs = [
            there.run("plan", "--out", "plan.json", HOOK_A=secret),
            there.run("show", "plan.json"),
            there.run("apply", "plan.json", "--wait", HOOK_A=secret),
            there.run("apply", "plan.json"),
        ]
        assert [each.code for each in runs] == [0, 0, 0, 0], runs
        assert secret in json.dumps(there.apps()["AppOne"]["subscriptions"]).replace("\\", "")
        search = Canaries({"hook": secret, "token": token, "secret": there.environ["GUPSHUP_SECRET"]})
        files = [(each.name, each.read_bytes()) for each in tmp_path.rglob("*") if each.is_file()]
        assert search.seen([*files, *(("a run", (each.out + each.err).encode()) for each in runs)]) == []


def test_a_plan_without_the_value_of_its_header_blocks_that_webhook(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.seed(exists("AppOne", 1))
        there.declare(
            PARTNER, THREE[0], subscription("events", "app: AppOne", "headers: {X-Hook: {env: HOOK_A}}")
        )
        assert there.run("plan", "--out", "plan.json", HOOK_A="value").code == 0
        done = applied(there)
        assert (done.code, done.summary["stale"], "HOOK_A" in done.out) == (5, 1, True)
        assert not there.calls(*WRITES)


def test_each_partner_is_spent_for_itself(tmp_path: Path) -> None:
    login = "credentials: {{email: {{env: GUPSHUP_EMAIL_{0}}}, secret: {{env: GUPSHUP_SECRET}}}}"
    with served(tmp_path, [sys.executable, "-m", "tests.e2e.partners", "2", "100000"]) as there:
        there.environ |= {f"GUPSHUP_EMAIL_{number}": f"p{number}@example.com" for number in (1, 2)}
        main, other = (
            PARTNER.replace("name: main", f"name: {name}").replace(
                "spec: {", f'spec: {{url: "{there.url}", partnerId: "{number}", {login.format(number)}, '
            )
            for number, name in ((1, "main"), (2, "other"))
        )
        there.declare(main, other, app("AppOne", 1, "partner: main"), app("AppTwo", 2, "partner: other"))
        assert there.plan("--out", "plan.json").summary == {"link": 2}
        failed = there.run("apply", "plan.json", "-o", "json", GUPSHUP_EMAIL_2="nobody@example.com")
        assert (failed.code, failed.summary["linked"]) == (7, 1), failed.err
        done = applied(there)
        assert (done.code, done.summary) == (0, {"linked": 1}), done.err
        assert list(done.json()["plan"]["before"]) == ["main"]
        assert len(there.calls("link")) == 2
        text = there.run("apply", "plan.json").out
        assert [line.split(" was applied to ")[1].split(" at ")[0] for line in text.splitlines()] == [
            "partner main",
            "partner other",
        ]


def test_a_spent_plan_says_when_it_was_done_and_not_that_nothing_is_to_do(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(THREE[0])
        assert there.plan("--out", "plan.json").code == 0
        first = applied(there)
        assert first.json()["plan"]["before"] == {}
        again = there.run("apply", "plan.json")
        assert (again.code, again.err) == (0, "")
        assert again.out.startswith(
            f"Plan {first.json()['plan']['digest']} was applied to partner default at 20"
        )
        assert again.out.endswith("; nothing was sent.\n")
        document = applied(there)
        assert document.json()["plan"]["digest"] == first.json()["plan"]["digest"]
        assert "nothing was sent" in document.err


def test_the_same_plan_is_spent_once_in_each_store(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(THREE[0])
        assert there.plan("--out", "plan.json").code == 0
        assert applied(there).summary == {"linked": 1}
        elsewhere = applied(there, "--store", str(tmp_path / "other.db"))
        assert (elsewhere.code, elsewhere.json()["results"][0]["reason"]) == (0, "AlreadyAsPlanned")
        assert len(there.calls("link")) == 1


def test_a_plan_that_is_cut_short_is_not_spent(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, *THREE[:2])
        assert there.plan("--out", "plan.json").code == 0
        there.faults({"kind": "429", "route": "link", "nth": 1, "retry_after": "5"})
        cut = applied(there, "--timeout", "1s")
        assert (cut.code, cut.summary["waiting"] > 0) == (6, True), cut.out
        done = applied(there)
        assert (done.code, done.json()["plan"]["before"]) == (0, {}), done.out
        assert len(there.apps()) == 2


def test_ci_over_a_new_store_writes_what_the_plan_holds(tmp_path: Path) -> None:
    """What cannot be read back is written only if the plan was made with --resend."""
    with world(tmp_path, *AMPLE) as there:
        there.seed(exists("AppOne", 1))
        there.declare(CALLED, THREE[0])
        assert there.plan("--out", "plan.json", CI="1").json()["unverifiable"]
        assert applied(there, "--store", str(tmp_path / "new.db")).summary == {}
        assert not there.calls("callbackUrl")
        assert there.plan("--out", "plan.json", "--resend", CI="1").summary["update"] == 1
        done = there.run("apply", "plan.json", "-o", "json", "--store", str(tmp_path / "newer.db"), CI="1")
        assert (done.code, done.summary["updated"]) == (0, 1), done.out
        assert there.apps()["AppOne"]["callbackUrl"] == f"{HOOKS}/live"


def test_a_plan_waits_for_its_turn_beside_a_running_controller(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE[:1])
        assert there.plan("--out", "plan.json").code == 0
        there.declare(app("AppTwo", 2), name="all.yaml")
        with there.going("run", "--listen", "127.0.0.1:0", "--mode", "enforce") as run:
            there.until(lambda w: "AppTwo" in w.apps())
            busy = applied(there)
            assert (busy.code, there.calls("link")[-1]["phone"]) == (8, "910000000002"), busy.err
            done = applied(there, "--lock-timeout", "30s")
            assert (done.code, done.summary["linked"]) == (0, 1), done.err
            assert run.process.poll() is None


def test_what_waited_is_done_by_a_later_run_of_the_same_plan(tmp_path: Path) -> None:
    """Also of a plan that only waits; a run without --wait neither drops it nor calls it done."""
    with world(tmp_path, scale=1) as there:
        there.stay_signed_in()
        there.declare(THREE[0], THREE[3])
        assert there.plan("--out", "plan.json").code == 0
        first = applied(there)
        assert (first.code, first.summary) == (0, {"linked": 1, "waiting": 1})
        assert there.plan("--out", "later.json").summary == {"waiting": 1, "unchanged": 1}
        early = applied(there)
        assert (early.code, early.summary, early.json()["plan"]["before"]) == (
            0,
            {"linked": 1, "waiting": 1},
            {},
        )
        there.control("advance", {"seconds": 1_000_000})
        later = there.run("apply", "later.json", "-o", "json")
        assert (later.code, later.summary) == (0, {"subscribed": 1, "unchanged": 1}), later.err
        assert there.tags() == {"AppOne": ["events"]}
        assert applied(there).code == 0
        assert len(there.calls("link")) == len(there.calls("subscribe")) == 1


def test_a_plan_that_failed_leaves_no_plan_of_before(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE)
        saved = there.plan("--out", "my plan.json")
        assert "gupshupctl apply 'my plan.json'" in saved.err
        there.declare("kind: Nothing\n")
        assert there.plan("--out", "my plan.json").code == 3
        assert not (tmp_path / "my plan.json").exists()
        (tmp_path / "package.json").write_text("{}", encoding="utf-8")
        other = there.plan("--out", "package.json")
        assert (other.code, "this file is no saved plan, and would be lost" in other.err) == (64, True)
        assert (tmp_path / "package.json").read_text(encoding="utf-8") == "{}"
        there.declare(*THREE)
        assert "gupshupctl apply ./-x.json" in there.plan("--out", "-x.json").err
        old = there.run("apply", "./-x.json", "--max-age", "0s")
        assert (old.code, old.err.startswith("Error: ./-x.json: it was made at 20")) == (1, True), old.err
        assert there.apply("./-x.json").summary["linked"] == 3
