"""Apps that existed before, changes by others at Gupshup, and manifests in the less usual ways."""

import json
import re
from pathlib import Path

import pytest

from tests.e2e.world import AMPLE, HASTY, PARTNER, app, subscription, world

ONE = app("AppOne", 1)
PHONE = "910000000001"
URL = "https://hooks.example.com/AppOne"
EVENTS = {"tag": "events", "url": URL, "version": 3, "modes": ["SENT", "MESSAGE"]}
SETTLED = {"name": "AppOne", "phone": PHONE, "subscriptions": [EVENTS]}


def test_a_name_of_a_strangers_app_is_blocked_and_not_tried_again(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.seed({"name": "AppOne", "phone": "915550000000", "partner": "stranger"})
        there.declare(ONE, app("AppTwo", 2), subscription())
        first = there.apply("--wait")
        assert first.code == 5
        assert [(each["name"], each["reason"]) for each in first.json()["blocked"]][:1] == [
            ("AppOne", "NameTakenElsewhere")
        ]
        assert there.tags()["AppTwo"] == ["events"], "the other one goes on"

        again = there.run("apply", "--yes")
        assert (again.code, "NameTakenElsewhere" in again.out) == (5, True)
        assert len(there.calls("link")) == 2
        assert "NameTakenElsewhere" in there.run("get").out

        there.apply("--only", "App/AppOne", "--wait")
        assert len(there.calls("link")) == 3, "whoever names it asks once more"
        there.declare(app("AppOne", 1, "appName: AppOneOther"), app("AppTwo", 2), subscription())
        assert there.apply("--wait").code == 0


def test_a_phone_of_a_strangers_app_is_blocked(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.seed({"name": "Theirs", "phone": PHONE, "partner": "stranger"})
        there.declare(ONE)
        assert there.apply("--wait").code == 5
        assert [each["reason"] for each in there.apply().json()["blocked"]] == ["PhoneLinkedElsewhere"]
        assert len(there.calls("link")) == 1


def test_drift_is_found_and_restored(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.seed(SETTLED)
        there.declare(ONE, subscription())
        assert there.apply("--wait").summary == {"unchanged": 2}
        there.control(
            "drift", {"app": "AppOne", "subscriptions": [{**EVENTS, "url": "https://evil.example.com"}]}
        )
        plan = there.plan()
        (action,) = plan.json()["actions"]
        assert action["fields"] == {"url": {"from": "https://evil.example.com", "to": URL}}
        assert there.apply("--wait").summary == {"updated": 1, "unchanged": 1}
        assert there.apps()["AppOne"]["subscriptions"][0]["url"] == URL
        assert there.within_limits()


def test_only_owned_and_undeclared_subscriptions_are_unsubscribed(tmp_path: Path) -> None:
    policies = "policies: [Link, Subscribe, Update, Unsubscribe]"
    partner = PARTNER.replace("spec: {", "spec: {ownedTags: 'old-*', ")
    with world(tmp_path) as there:
        extra = [{**EVENTS, "tag": tag} for tag in ("old-one", "by-hand")]
        there.seed({**SETTLED, "subscriptions": [EVENTS, *extra]})
        there.declare(partner, app("AppOne", 1, policies), subscription())
        assert there.apply("--only", "App/AppOne").summary.get("unsubscribed", 0) == 0
        done = there.apply("--wait")
        assert done.summary == {"unsubscribed": 1, "unchanged": 2}
        assert there.tags() == {"AppOne": ["by-hand", "events"]}
        assert [each["tag"] for each in done.json()["foreign"]] == ["by-hand"]


def test_an_app_under_another_name_is_taken_over_by_its_id(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        (id_,) = there.seed({**SETTLED, "name": "Acme Inc. (old)", "subscriptions": []})
        there.declare(ONE, subscription())
        blocked = there.apply()
        (first, *_) = blocked.json()["blocked"]
        assert (blocked.code, first["reason"]) == (5, "PhoneLinkedToOtherApp")
        assert [there.plan(*more).code for more in ((), ("--detailed-exitcode",))] == [0, 5], (
            "it is only shown, unless details are asked for"
        )
        assert f"`appId: {id_}`" in first["message"]
        there.declare(app("AppOne", 1, f"appId: {id_}"), subscription())
        done = there.apply("--wait")
        assert (done.code, done.summary) == (0, {"subscribed": 1, "unchanged": 1})
        assert not there.calls("link")


def test_a_suspended_app_is_left_alone(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.seed({**SETTLED, "subscriptions": []})
        reason = 'suspend: {reason: "number is being ported", until: 2090-01-01T00:00:00Z}'
        there.declare(app("AppOne", 1, reason), app("AppTwo", 2, "suspend: true"), subscription())
        done = there.apply("--wait")
        assert (done.code, done.summary) == (0, {"waiting": 3, "unchanged": 1})
        assert {each["for"] for each in done.json()["waiting"]} == {"suspension"}
        assert "number is being ported" in done.out
        assert not there.calls("link", "subscribe")


def test_a_tag_that_gupshup_keeps_in_another_case_is_written_once(tmp_path: Path) -> None:
    with world(tmp_path, "--switch", "tag-case=lower") as there:
        there.declare(ONE, subscription("Gitops-Events"))
        first = there.apply("--wait")
        assert (first.code, first.summary) == (5, {"linked": 1, "subscribed": 1, "blocked": 1})
        (blocked,) = first.json()["blocked"]
        assert (blocked["reason"], "written from here" in blocked["message"]) == ("TagTaken", True)
        again = there.apply()
        lists = again.json()
        assert (lists["blocked"], lists["unmanaged"], lists["foreign"]) == ([blocked], [], [])
        assert len(there.calls("subscribe")) == 1
        assert blocked["message"] in there.run("describe", "Gitops-Events").out
        there.declare(ONE, subscription("Gitops-Events", "app: AppOne", "tag: gitops-events"))
        assert there.apply().summary == {"unchanged": 2}


CALLBACK = "callbackUrl: https://hooks.example.com/callback"
HEADERS = "headers: {X-Hook: {env: HOOK_SECRET}}"
SECRET = {"HOOK_SECRET": "canary-of-the-hook"}


def test_unknown_values_that_cannot_be_read_back_are_written_once(tmp_path: Path) -> None:
    """A callback and headers that were declared after the link, or over a store that is lost."""
    with world(tmp_path, *AMPLE) as there:
        there.seed(SETTLED)
        there.declare(HASTY, app("AppOne", 1, CALLBACK), subscription("events", "app: AppOne", HEADERS))
        planned, text = there.plan(**SECRET), there.run("plan", **SECRET)
        assert (planned.summary, planned.json()["unverifiable"]) == ({"update": 2}, [])
        assert text.out.count("unknown → declared") == 2
        sent = there.apply(**SECRET)
        assert (sent.code, sent.summary) == (0, {"updated": 2})
        assert there.apply(**SECRET).summary == {"unchanged": 2}
        assert there.plan(**SECRET).summary == {"unchanged": 2}
        (one,) = there.apps().values()
        assert one["callbackUrl"] == "https://hooks.example.com/callback"
        assert SECRET["HOOK_SECRET"] in one["subscriptions"][0]["meta"]


def test_a_run_in_ci_with_a_new_store_reports_unknown_values_and_sends_them_on_request(
    tmp_path: Path,
) -> None:
    """Such a store begins anew with each run, and every run would write all of it."""
    ci = {**SECRET, "CI": "true"}
    with world(tmp_path) as there:
        there.seed(SETTLED)
        there.declare(app("AppOne", 1, CALLBACK), subscription("events", "app: AppOne", HEADERS))
        for done in (there.plan(**ci), there.apply(**ci)):
            assert [each["kind"] for each in done.json()["unverifiable"]] == ["App", "Subscription"]
            assert (done.code, done.summary) == (0, {})
        assert not there.calls("callbackUrl", "updateSubscription")
        told = json.loads(there.run("get", "-o", "json").out)["items"][0]["conditions"]
        assert {(each["status"], each["reason"]) for each in told if each["type"] in {"Synced", "Ready"}} == {
            ("Unknown", "Unverifiable")
        }
        sent = there.apply("--resend", **ci)
        assert (sent.code, sent.summary) == (0, {"updated": 2})


@pytest.mark.parametrize("content", [None, "", "a line\nand another"], ids=["missing", "empty", "two lines"])
def test_an_unavailable_header_is_reported_by_every_verb(tmp_path: Path, content: str | None) -> None:
    secret = tmp_path / "hooks" / "secret"
    secret.parent.mkdir()
    headers = "headers: {X-Hook: {file: " + str(secret) + "}}"
    folder = {"GUPSHUPCTL_HEADER_DIR": str(secret.parent)}
    with world(tmp_path, *AMPLE) as there:
        there.seed(SETTLED)
        there.declare(
            HASTY,
            app("AppOne", 1),
            subscription("events", "app: AppOne", headers),
            subscription("other", "app: AppOne"),
        )
        secret.write_text("canary-of-the-hook\n", encoding="utf-8")
        assert there.apply(**folder).summary == {"unchanged": 1, "subscribed": 1, "updated": 1}
        secret.unlink() if content is None else secret.write_text(content, encoding="utf-8")
        once = ("run", "--once", "--manifests", "manifests")
        for done in (there.plan(**folder), there.apply(**folder)):
            blocked = [(each["name"], each["reason"]) for each in done.json()["blocked"]]
            assert (done.code, blocked) == (5, [("events", "HeaderUnavailable")])
            assert str(secret) in done.json()["blocked"][0]["message"]
            assert done.summary == {"blocked": 1, "unchanged": 2}
        assert there.run(*once, **folder).code == 5
        assert "HeaderUnavailable" in there.run("get", "subscriptions").out
        assert len(there.calls("updateSubscription")) == 1


def test_an_app_that_was_renamed_at_gupshup_is_drift_and_one_renamed_in_the_manifest_is_not(
    tmp_path: Path,
) -> None:
    with world(tmp_path) as there:
        there.declare(app("AppOne", 1))
        assert there.apply("--wait").summary == {"linked": 1}
        there.declare(app("AppTwo", 1))
        (changed,) = there.plan().json()["blocked"]
        there.declare(app("AppOne", 1))
        there.control("drift", {"app": "AppOne", "set": {"name": "Theirs"}})
        (drifted,) = there.plan().json()["blocked"]
        assert (changed["cause"], drifted["cause"]) == ("change", "drift")
        assert (
            "the name was changed in the manifest. To keep this app, declare `appName: AppOne`"
            in changed["message"]
        )
        assert (
            "the name was changed at Gupshup. To keep this app, declare `appName: Theirs`"
            in drifted["message"]
        )
        text = there.run("plan", "--fail-on", "drift")
        assert text.code == 2
        assert "Drift:" in text.out


@pytest.mark.parametrize(
    "changed", [app("AppOne", 1, "appName: Renamed"), app("AppOne", 2)], ids=["name", "phone"]
)
def test_a_bound_app_is_recognised_after_its_name_or_phone_was_changed(tmp_path: Path, changed: str) -> None:
    with world(tmp_path) as there:
        there.declare(app("AppOne", 1))
        assert there.apply("--wait").summary == {"linked": 1}
        id_ = there.apps()["AppOne"]["id"]
        there.declare(changed)
        done = there.apply()
        (blocked,) = done.json()["blocked"]
        assert (done.code, id_ in blocked["message"], "is ours" in blocked["message"]) == (5, True, True)
        assert re.search("declare a new app .*and retire this one", blocked["message"])
        shown = there.run("get").out.splitlines()[1].split()
        assert shown[2:] == [id_, "True", "-", "True", "False", blocked["reason"]]
