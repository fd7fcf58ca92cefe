"""A customer who leaves: the webhooks of ours go within the guards, and then nothing of the app is called."""

import re
import shutil
import signal
from pathlib import Path

import pytest

from tests.e2e.world import AMPLE, HASTY, World, app, subscription, world

STAYS, EVENTS, ORDERS = app("AppTwo", 2), subscription(), subscription("orders")
ACTIVE = app("AppOne", 1)
LEFT = app("AppOne", 1, "state: Retired")
THEIRS = {"tag": "theirs", "url": "https://hooks.example.org/1", "modes": ["MESSAGE"], "version": 3}
FEW = HASTY.replace("spec: {", "spec: {guards: {maxUnsubscribes: 1}, ")


def settled(there: World) -> None:
    """Link two apps with two webhooks each, and let somebody else add a third to the first."""
    there.declare(HASTY, ACTIVE, STAYS, EVENTS, ORDERS)
    assert there.apply("--wait").summary == {"linked": 2, "subscribed": 4}
    there.control("drift", {"app": "AppOne", "subscriptions": [THEIRS]})


def about_one(there: World, since: int) -> list[str]:
    """Return the routes of the calls about AppOne alone."""
    one = there.apps()["AppOne"]["id"]
    return [each["route"] for each in there.calls(since=since) if one in str(each)]


def test_a_retired_app_loses_our_webhooks_and_is_never_called_again(tmp_path: Path) -> None:
    """Two selectors still match it, and its policies lack Unsubscribe."""
    with world(tmp_path, *AMPLE) as there:
        settled(there)
        there.declare(HASTY, LEFT, STAYS, EVENTS, ORDERS)
        plan = there.plan()
        assert [each["name"] for each in plan.json()["actions"]] == ["events", "orders"]
        before = len(there.calls())
        done = there.apply("--wait")
        assert (done.code, done.summary) == (0, {"unsubscribed": 2, "unchanged": 4})
        assert about_one(there, before) == ["subscriptions", "unsubscribe", "unsubscribe"]
        assert there.tags() == {"AppOne": ["theirs"], "AppTwo": ["events", "orders"]}

        before = len(there.calls())
        again = there.apply("--wait")
        assert (again.code, again.summary) == (0, {"unchanged": 4})
        assert about_one(there, before) == []
        listed, everything = there.run("get"), there.run("get", "--all")
        assert "AppOne" not in listed.out
        assert "Retired" in next(line for line in everything.out.splitlines() if line.startswith("AppOne"))
        assert there.run("get", "apps", "AppOne", "-o", "json").json()["items"][0]["state"] == "Retired"
        assert "AppOne" not in there.run("get", "subscriptions").out

        there.declare(HASTY, ACTIVE, STAYS, EVENTS, ORDERS)
        assert there.apply("--wait").summary == {"subscribed": 2, "unchanged": 4}
        assert there.tags()["AppOne"] == ["events", "orders", "theirs"]


def test_what_a_manifest_declares_goes_although_it_was_never_written_from_here(tmp_path: Path) -> None:
    """So it is after an import, and with a new store. What nobody declares is named."""
    with world(tmp_path, *AMPLE) as there:
        settled(there)
        shutil.rmtree(there.folder / ".gupshupctl")
        there.declare(HASTY, LEFT, STAYS, EVENTS)
        plan = there.plan().json()
        assert [each["name"] for each in plan["actions"]] == ["events"]
        assert [each["tag"] for each in plan["foreign"] if each["app"] == "AppOne"] == ["orders", "theirs"]
        assert there.apply("--wait").code == 0
        assert there.tags()["AppOne"] == ["orders", "theirs"]
        status = there.run("describe", "AppOne").out
        assert "orders (hooks.example.com), theirs (hooks.example.org)" in status

        before = len(there.calls())
        assert there.apply("--wait").code == 0
        assert about_one(there, before) == [], "it is over"
        there.declare(HASTY, LEFT, STAYS, EVENTS, ORDERS)
        assert there.apply("--wait").code == 0
        assert there.tags()["AppOne"] == ["theirs"], "what counts as ours has changed"


def test_a_single_file_names_what_stays_until_the_whole_folder_is_applied(tmp_path: Path) -> None:
    """Nothing else knows whose a webhook is that another file declares: neither the store nor a tag."""
    with world(tmp_path, *AMPLE) as there:
        settled(there)
        shutil.rmtree(there.folder / ".gupshupctl")
        there.declare(HASTY, LEFT, STAYS, EVENTS)
        there.declare(ORDERS, name="orders.yaml")
        single, words = "manifests/all.yaml", "no manifest that was read declares it; if another one does"
        planned = there.run("plan", single)
        assert [words in line for line in planned.out.splitlines() if "foreign" in line] == [True, True]
        done = there.apply(single, "--wait")
        assert (done.code, there.tags()["AppOne"]) == (0, ["orders", "theirs"])
        status = " ".join(there.run("describe", "AppOne").out.split())
        assert "orders (hooks.example.com), theirs (hooks.example.org); only some of the manifests" in status
        assert there.run("apply", "--yes", "-o", "text", single).out.count(words) == 0, "nothing was read"
        assert "orders" in there.run("describe", "AppOne").out

        done = there.apply("--wait")
        assert (done.code, there.tags()["AppOne"]) == (0, ["theirs"])
        assert "only some" not in " ".join(there.run("describe", "AppOne").out.split())


def test_a_retired_app_is_not_missed(tmp_path: Path) -> None:
    """A fleet of two may lose one of them, with its webhooks, once it was declared as retired."""
    with world(tmp_path, *AMPLE) as there:
        settled(there)
        there.declare(HASTY, LEFT, STAYS, EVENTS, ORDERS)
        assert there.apply("--wait").code == 0
        there.declare(HASTY, STAYS, EVENTS, ORDERS)
        done = there.apply("--wait")
        assert (done.code, done.summary) == (0, {"unchanged": 3})


def test_more_removals_than_the_guard_allows_are_held(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        settled(there)
        there.declare(FEW, LEFT, STAYS, EVENTS, ORDERS)
        held = there.apply()
        assert (held.code, len(held.json()["held"])) == (4, 2)
        assert "AppOne" in there.run("get").out, "it is not retired before its webhooks are gone"
        done = there.apply("--release", held.json()["heldDigest"])
        assert (done.code, there.tags()["AppOne"]) == (0, ["theirs"])


@pytest.mark.parametrize("fault", ["lose-reply", "lose-request"])
def test_a_run_that_was_killed_between_two_removals_is_finished_by_the_next(
    tmp_path: Path, fault: str
) -> None:
    with world(tmp_path, *AMPLE) as there:
        settled(there)
        there.declare(HASTY, LEFT, STAYS, EVENTS, ORDERS)
        there.faults({"kind": fault, "route": "unsubscribe", "nth": 2, "seconds": 50})
        with there.going("apply", "--yes", "-o", "json") as run:
            there.until(lambda there: there.counted_faults() == 1)
            assert run.signal(signal.SIGKILL).code == -signal.SIGKILL
        assert there.apply("--wait").code == 0
        assert there.tags()["AppOne"] == ["theirs"]
        before = len(there.calls())
        assert there.apply().code == 0
        assert about_one(there, before) == []


def test_a_retired_app_is_never_linked(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, LEFT, EVENTS)
        assert there.apply("--wait").summary == {"unchanged": 1}
        assert there.apps() == {}


def test_the_phone_of_a_retired_app_may_be_declared_anew(tmp_path: Path) -> None:
    """The new manifest takes the app over: the retired one leaves its webhooks alone."""
    with world(tmp_path, *AMPLE) as there:
        settled(there)
        heir = app("NewName", 1, "appName: AppOne")
        there.declare(HASTY, LEFT, heir, STAYS, EVENTS, ORDERS)
        done = there.apply("--wait")
        assert (done.code, done.json()["blocked"]) == (0, [])
        assert there.tags()["AppOne"] == ["events", "orders", "theirs"]


def test_a_removed_manifest_retires_nothing_and_stays_in_get(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        settled(there)
        there.declare(HASTY, STAYS, EVENTS, ORDERS)
        refused = there.apply()
        assert refused.code == 4, "half of the fleet is gone"
        digest = re.search(r"--release (sha256:\w+)", refused.err)
        assert digest, refused.err
        done = there.apply("--release", digest[1])
        assert (done.code, done.summary) == (0, {"unchanged": 3})
        assert there.tags()["AppOne"] == ["events", "orders", "theirs"]

        listed = there.run("get")
        assert re.search(r"^AppOne .* ManifestGone$", listed.out, re.MULTILINE)
        assert (
            "No manifest of its partner declares App/AppOne: nothing of it is read or changed any more"
            in listed.out
        )
        assert there.run("describe", "AppOne", "-o", "json").json()["items"][0]["state"] == "Unmanaged"
        asked = there.run("reconcile", "AppOne", "--wait")
        assert (asked.code, "No manifest of its partner declares App/AppOne" in asked.err) == (1, True)
        there.declare(HASTY, ACTIVE, STAYS, EVENTS, ORDERS)
        assert there.apply().code == 0
        assert "ManifestGone" not in there.run("get").out


def holding(there: World, *words: str) -> list[str]:
    """Return the files of the store that hold one of *words*."""
    files = [each for each in (there.folder / ".gupshupctl").rglob("*") if each.is_file()]
    return [each.name for each in files if any(word.encode() in each.read_bytes() for word in words)]


def test_forget_leaves_nothing_of_a_customer_in_the_store(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        settled(there)
        refused = there.run("forget", "AppTwo", "--yes")
        assert refused.code == 1
        assert "App/AppTwo is declared, and not retired yet (Ready)" in refused.err
        assert there.run("forget", "nobody", "--yes").code == 1

        there.declare(HASTY, LEFT, STAYS, EVENTS, ORDERS)
        assert there.apply("--wait").code == 0
        there.declare(HASTY, STAYS, EVENTS, ORDERS)
        assert there.apply().code == 0
        everything = there.run("get", "--all").out
        assert ("AppOne" in everything, "No manifest of its partner" in everything) == (True, False)
        asked = there.run("forget", "AppOne")
        assert (asked.code, "use --yes" in asked.err) == (64, True)
        personal = (there.apps()["AppOne"]["id"], "910000000001", "3000000001", "App/AppOne")
        assert holding(there, *personal) == ["state.db"]

        done = there.run("forget", "AppOne", "--yes")
        assert done.code == 0
        assert "App/AppOne: erased" in done.out
        assert f"- the app at Gupshup ({personal[0]})" in done.out
        assert "its manifest" not in done.out
        assert holding(there, *personal) == []
        assert there.run("get", "apps", "AppOne").code == 1
        assert there.run("events", "AppOne", "-o", "json").json()["items"] == []
        assert there.apply().summary == {"unchanged": 3}
        assert "AppOne" not in there.run("get", "--all").out
        assert holding(there, *personal) == []


def test_forget_waits_for_a_run_that_lets_go(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        settled(there)
        there.declare(HASTY, LEFT, STAYS, EVENTS, ORDERS)
        assert there.apply("--wait").code == 0
        with there.going("run", "--log-level", "info") as run:
            run.said("pass done")
            assert there.run("forget", "AppOne", "--yes").code == 8
            done = there.run("forget", "AppOne", "--yes", "--lock-timeout", "30s")
            assert done.code == 0, done.err
            assert "- its manifest: while it is there" in done.out
            there.until(lambda there: "Retired" in there.run("get", "--all").out)
            assert run.signal(signal.SIGTERM).code == 0


def gone(there: World, *declared: str) -> None:
    """Let a customer leave; the app stays at Gupshup with a webhook of others."""
    settled(there)
    there.declare(HASTY, LEFT, STAYS, EVENTS, ORDERS)
    assert there.apply("--wait").code == 0
    there.declare(HASTY, *declared, STAYS, EVENTS, ORDERS)
    assert there.apply("--wait").code == 0


OTHER_WABA = ACTIVE.replace('"3000000001"', '"3999999999"')
OTHER_PHONE = app("AppOne", 9).replace('"3000000009"', '"3000000001"')
ANOTHER = "another appName"


@pytest.mark.parametrize("forgotten", [True, False], ids=["forgotten", "known"])
@pytest.mark.parametrize(
    ("back", "reason", "way_out"),
    [
        pytest.param(OTHER_WABA, "WabaMismatch", "ask Gupshup to end this app", id="same phone, other WABA"),
        pytest.param(OTHER_PHONE, "NameTakenByOtherPhone", ANOTHER, id="same WABA, other phone"),
        pytest.param(app("AppOne", 9), "NameTakenByOtherPhone", ANOTHER, id="same name, other customer"),
    ],
)
def test_whoever_comes_back_finds_a_way_and_the_old_app_is_left_alone(
    tmp_path: Path, back: str, reason: str, way_out: str, *, forgotten: bool
) -> None:
    with world(tmp_path, *AMPLE) as there:
        gone(there)
        if forgotten:
            assert there.run("forget", "AppOne", "--yes").code == 0
        old, before = there.apps()["AppOne"]["id"], len(there.calls())
        there.declare(HASTY, back, STAYS, EVENTS, ORDERS)
        done = there.apply("--wait")
        (blocked,) = done.json()["blocked"]
        assert (done.code, blocked["reason"], way_out in blocked["message"]) == (5, reason, True)
        assert [each["method"] for each in there.calls(since=before) if each["route"] == "link"] == []
        assert there.tags()["AppOne"] == ["theirs"]

        named = "AppOne"
        if way_out is ANOTHER:
            named = "AppAnew"
            there.declare(HASTY, f"{back}  appName: AppAnew\n", STAYS, EVENTS, ORDERS)
        else:
            there.control("drift", {"app": "AppOne", "delete": True})
            lost = there.apply("--wait")
            assert lost.code == 0 or [each["reason"] for each in lost.json()["blocked"]] == ["AppLost"]
            if lost.code:
                assert there.run("resolve", "AppOne", "--absent").code == 0
        assert there.apply("--wait").code == 0
        assert there.apps()[named]["id"] != old
        assert there.tags()[named] == ["events", "orders"]
        if way_out is ANOTHER:
            assert there.tags()["AppOne"] == ["theirs"]
