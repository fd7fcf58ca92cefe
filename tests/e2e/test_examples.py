"""Each folder of examples does what it says: planned and applied against the stand-in."""

import subprocess
import sys
from pathlib import Path

from tests.e2e.world import COMMAND, ROOT, World, served, world

EXAMPLES = ROOT / "examples"


def copy(there: World, name: str) -> str:
    """Copy an example's manifests, pointed at the stand-in where they name Gupshup themselves."""
    for file in sorted((EXAMPLES / name).rglob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        text = text.replace("https://partner.gupshup.io", there.url)
        text = text.replace("/run/secrets/gupshup-asia", str(there.folder / "secret"))
        there.declare(text, name=file.name)
    return str(there.manifests)


def test_every_example_has_a_test() -> None:
    tried = {
        "account-events",
        "demo",
        "fleet-of-thirty",
        "one-app",
        "several-partners",
        "suspended",
        "take-over",
    }
    no_manifests = {"ci", "deploy", "observability", "onboarding"}  # tried by tests of their own
    assert {path.name for path in EXAMPLES.iterdir() if path.is_dir()} - no_manifests == tried


def test_the_example_of_one_app_is_applied(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        folder = copy(there, "one-app")
        assert there.plan(folder).summary == {"link": 1, "waiting": 1}
        done = there.apply(folder, "--wait")
        assert (done.code, done.summary) == (0, {"linked": 1, "subscribed": 1})


def test_the_example_of_account_events_is_subscribed_before_the_app_is_live(tmp_path: Path) -> None:
    with world(tmp_path, scale=1) as there:
        done = there.apply(copy(there, "account-events"))
        assert (done.code, done.summary) == (0, {"linked": 1, "subscribed": 2})
        assert there.tags() == {"AcmeSupport": ["gitops-account", "gitops-events"]}
        assert not there.apps()["AcmeSupport"]["live"]


def test_a_fleet_of_thirty_is_planned_whole_and_applied_in_part(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        folder = copy(there, "fleet-of-thirty")
        plan = there.plan(folder)
        assert (plan.code, plan.summary) == (0, {"link": 30, "waiting": 30})
        assert plan.json()["forecast"]["seconds"] >= 120
        done = there.apply(folder, "--wait", "--only", "App/branch-07", "--only", "App/branch-30")
        assert (done.code, done.summary) == (0, {"linked": 2, "subscribed": 2})
        assert sorted(there.tags()) == ["MeadowBranch07", "MeadowBranch30"]


def test_several_partners_are_worked_on_side_by_side(tmp_path: Path) -> None:
    """Two accounts of one stand-in: what they declare differs, and so does how they sign in."""
    with served(tmp_path, [sys.executable, "-m", "tests.e2e.partners", "2", "100000"]) as there:
        folder = copy(there, "several-partners")
        (tmp_path / "secret").write_text(there.environ["GUPSHUP_SECRET"] + "\n", encoding="utf-8")
        asia = {"GUPSHUP_ASIA_EMAIL": there.environ["GUPSHUP_EMAIL"]}
        half = there.apply(folder, "--lock-timeout", "30s", **asia)
        assert half.code == 7, "one partner without credentials is no other's trouble"
        assert [each["partner"] for each in half.json()["errors"]] == ["europe"]
        assert half.summary["linked"] == 1
        europe = {"GUPSHUP_EUROPE_TOKEN": there.token("p2@example.com")}
        done = there.apply(folder, "--wait", "--lock-timeout", "30s", **asia, **europe)
        assert done.code == 0, done.out + done.err
        assert there.tags() == {"TeaHouseMumbai": ["gitops-events"], "BookShopBerlin": ["gitops-events"]}
        one = there.apply(folder, **asia, GUPSHUP_EUROPE_TOKEN=there.token("p1@example.com"))
        assert (one.code, "one account" in one.err) == (1, True)


def test_the_example_of_a_suspended_app_changes_nothing(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        folder = copy(there, "suspended")
        assert there.plan(folder, "--detailed-exitcode").code == 0
        done = there.apply(folder, "--wait")
        assert (done.code, done.summary) == (0, {"waiting": 4})
        assert not there.calls("link")


def test_the_example_of_a_take_over_is_applied(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        folder = copy(there, "take-over")
        missing = there.apply(folder)
        assert (missing.code, missing.json()["blocked"][0]["reason"]) == (5, "AppNotFound")
        id_ = "7f9c24e5-8d1b-4c3a-9a51-2f6d0b7e1c88"
        there.seed({"id": id_, "name": "Acme Inc. (old)", "phone": "919876543211"})
        assert there.plan(folder).summary == {"subscribe": 1, "unchanged": 1}
        done = there.apply(folder, "--wait")
        assert (done.code, done.summary) == (0, {"subscribed": 1, "unchanged": 1})


def test_the_demo_goes_live_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = subprocess.run([COMMAND, "demo"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Done: 6 linked, 9 subscribed." in done.stdout
    assert done.stderr.count("✓ ready") == 6
    for name in ("bakery", "library"):
        steps = [line.split()[1] for line in done.stderr.splitlines() if f"App/{name}" in line]
        assert list(dict.fromkeys(steps)) == ["link", "provisioning", "live", "subscribe", "ready"]
    assert not list(tmp_path.iterdir())


def test_a_demo_whose_simulator_cannot_start_says_so(tmp_path: Path) -> None:
    done = subprocess.run(
        [COMMAND, "demo", "--time-scale", "0"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, "--time-scale" in done.stderr) == (64, True)
