"""`plan` shows what `apply` would do, changes nothing, and its document has the keys that are promised."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from tests.builders.documents import closed, published
from tests.e2e.world import PARTNER, THREE, app, subscription, world

ITEM = {"kind", "name", "partner", "app"}
LISTS = {"waiting", "blocked", "held", "unmanaged", "foreign", "unverifiable", "warnings", "errors"}
TOLD = {"message", "until", "before", "after"}
"""Keys of what waits or is held that are there where there is more to say."""

HEAD = {"formatVersion", "revision", "heldDigest", *LISTS}
PLANNED = {"link", "subscribe", "update", "unsubscribe"}
DONE = {"linked", "subscribed", "updated", "unsubscribed", "failed", "stale", "unclear"}
RESULT = {"verb", "outcome", "reason", "message", "appId"}
COUNTED = {"waiting", "blocked", "held", "unchanged"}
TIGHT = PARTNER.replace("spec: {", "spec: {guards: {maxLinks: 1}, ")


def keys(rows: list[dict[str, Any]]) -> set[str]:
    return {key for row in rows for key in row}


def test_planning_sends_only_get_requests_and_the_sign_in(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        url = "https://hooks.example.com/old"
        there.seed(
            {"name": "AppOne", "phone": "910000000001", "subscriptions": [{"tag": "events", "url": url}]}
        )
        there.declare(*THREE)
        first, text = there.plan("--detailed-exitcode"), there.run("plan", "--detailed-exitcode")

        assert (first.code, first.err) == (2, "")
        assert first.summary == {"link": 2, "update": 1, "waiting": 2, "unchanged": 1}
        assert {call["route"] for call in there.calls() if call["method"] != "GET"} == {
            "login",
            "mintPartner",
        }
        assert text.code == 2
        assert [line[:16] for line in text.out.splitlines() if line.startswith("  + ")] == [
            "  + link        "
        ] * 2
        assert "url: https://hooks.example.com/old → https://hooks.example.com/AppOne" in text.out
        assert "Plan: 2 to link, 1 to update; 2 waiting, 1 unchanged.\n" in text.out
        assert "910000000001" not in text.out, "a phone number is masked"


def test_the_documents_of_plan_and_apply_have_the_promised_keys(tmp_path: Path) -> None:
    """A world with one of each: linked, waiting, blocked, held and unmanaged."""
    with world(tmp_path) as there:
        there.seed({"name": "AppOne", "phone": "910000000099"}, {"name": "Unknown", "phone": "910000000098"})
        there.declare(TIGHT, *THREE)
        plan = there.plan()
        assert plan.code == 4
        document = plan.json()
        Draft202012Validator(closed(published("plan"))).validate(document)
        assert document.keys() == HEAD | {"actions", "since", "summary", "forecast", "refused"}
        assert document["formatVersion"] == "1.0"
        assert keys(document["waiting"]) - TOLD == {"verb", "for", "cause", *ITEM}
        assert keys(document["blocked"]) - TOLD == {"reason", "cause", *ITEM}
        assert keys(document["held"]) - TOLD == {"verb", "guard", "cause", *ITEM}
        assert keys(document["unmanaged"]) == {"id", *ITEM}
        assert document["summary"].keys() == PLANNED | COUNTED | {"unmanaged"}
        assert document["forecast"].keys() == {"calls", "seconds"}

        released = there.apply("--release", document["heldDigest"])
        assert released.code == 5, "one is blocked"
        document = released.json()
        Draft202012Validator(closed(published("apply"))).validate(document)
        assert document.keys() == HEAD | {"results", "summary", "interrupted"}
        assert keys(document["results"]) == {*RESULT, "before", "after", *ITEM}
        assert document["summary"].keys() == DONE | COUNTED
        assert released.summary == {"linked": 2, "subscribed": 2, "waiting": 1, "blocked": 1}


def test_the_exit_code_of_a_plan_says_what_it_found(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE)
        assert there.plan("--detailed-exitcode").code == 2
        assert there.plan().code == 0, "nobody asked for details"
        there.declare(TIGHT, *THREE)
        assert there.plan("--detailed-exitcode").code == 4, "a guard holds links"
        there.declare(app("AppOne", 1, "suspend: true"))
        assert there.plan("--detailed-exitcode").code == 0, "waiting alone is nothing to do"


def test_selected_items_are_planned_and_applied_alone(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE)
        assert there.plan("--only", "App/AppTwo").summary == {"link": 1, "waiting": 1}
        assert there.apply("--only", "App/AppTwo").summary == {"linked": 1, "subscribed": 1}
        assert list(there.apps()) == ["AppTwo"]


def test_get_and_describe_show_what_the_last_run_observed(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE[:1], subscription())
        assert "there is no store" in there.run("get").err
        there.apply("--wait")
        calls = len(there.calls())
        id_ = there.apps()["AppOne"]["id"]

        assert there.run("get").out.splitlines()[1].split() == ["AppOne", "default", id_, *["True"] * 4]
        assert "events" in there.run("get", "subscriptions").out
        (item,) = json.loads(there.run("get", "apps", "AppOne", "-o", "json").out)["items"]
        assert (item["appId"], item["upstream"]) == (id_, there.upstream())
        assert {each["type"]: each["status"] for each in item["conditions"]} == dict.fromkeys(
            ("Linked", "Live", "Subscribed", "Sendable", "Synced", "Ready"), "True"
        )
        (told,) = json.loads(there.run("describe", "App/AppOne", "-o", "json").out)["items"]
        assert [(each["verb"], each["outcome"]) for each in told["history"]] == [("link", "done")]
        assert "CONDITION" in there.run("describe", "AppOne").out
        unknown = there.run("describe", "AppNine")
        assert (unknown.code, "has no status of 'AppNine'" in unknown.err) == (1, True)
        assert "did you mean AppOne?" in there.run("describe", "AppOn").err
        several = there.run("describe", "app", "AppOne", "AppTwo")
        assert (several.code, "name one resource" in several.err) == (64, True)
        assert there.counted(since=calls) == {"login": 1}, "that was the test's own"
