"""Webhooks of others on our apps: shown with their host, an alarm if it is not allowed, and never deleted."""

import json
from pathlib import Path

from tests.e2e.world import AMPLE, HASTY, World, app, subscription, world

SECRET = "canary-in-a-path"
THEIRS = {
    "tag": "theirs",
    "url": f"https://Hooks.Example.ORG/{SECRET}?key={SECRET}",
    "modes": ["MESSAGE"],
    "version": 3,
}
OURS = {
    "tag": "events",
    "url": "https://hooks.example.com/AppOne",
    "modes": ["SENT", "MESSAGE"],
    "version": 3,
}
APP = {"name": "AppOne", "phone": "910000000001", "wabaId": "3000000001"}
ONE = app("AppOne", 1)
ROW = {
    "app": "AppOne",
    "partner": "main",
    "tag": "theirs",
    "host": "hooks.example.org",
    "modes": ["MESSAGE"],
    "version": 3,
}


def partner(webhooks: str) -> str:
    return HASTY.replace("spec: {", f"spec: {{webhooks: {webhooks}, ")


STRICT = partner("{allowedHosts: [hooks.example.com]}")
BLOCK = partner("{allowedHosts: [hooks.example.com], onForeign: Block}")


def by_hand(there: World, *subscriptions: dict[str, object]) -> None:
    there.control("drift", {"app": "AppOne", "subscriptions": subscriptions})


def test_six_webhooks_on_one_app_are_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        six = [subscription(f"hook-{number}", "app: AppOne") for number in range(6)]
        there.declare(HASTY, ONE, *six)
        told = there.run("validate")
        assert told.code == 3
        assert "[GS515] metadata.name: has more than 5 webhooks" in told.out
        assert (there.plan().code, there.apply().code, there.calls()) == (3, 3, [])
        there.declare(HASTY, ONE, *six[:5])
        assert there.run("validate").code == 0
        assert there.run("validate", "--strict").code == 3, "one URL under five tags"
        assert there.apply("--wait").summary == {"linked": 1, "subscribed": 5}


def test_a_foreign_webhook_is_shown_with_its_host_and_never_with_its_url(tmp_path: Path) -> None:
    """The app declares no webhook and is only observed. It is read once, as every app is."""
    with world(tmp_path, *AMPLE) as there:
        there.seed({**APP, "subscriptions": [THEIRS]})
        there.declare(STRICT, app("AppOne", 1, "policies: []"))
        plan, text = there.plan(), there.run("plan")
        assert (plan.code, plan.json()["foreign"], plan.json()["unmanaged"]) == (0, [ROW], [])
        line = "! foreign      Subscription/theirs on App/AppOne  → hooks.example.org, MESSAGE, version 3: "
        assert f"{line}no manifest declares it, and its host is not allowed" in text.out

        before = len(there.calls())
        done = there.apply()
        assert (done.code, done.json()["foreign"]) == (0, [ROW])
        assert there.counted(before)["subscriptions"] == 1

        listed = there.run("get", "foreign", "-o", "json").json()["items"]
        assert [{key: each[key] for key in ROW} for each in listed] == [ROW]
        assert [each["allowed"] for each in listed] == [False]
        table, described = there.run("get", "foreign"), there.run("describe", "AppOne")
        assert "hooks.example.org  3        MESSAGE  no" in table.out
        assert "Webhooks that nobody declares" in described.out
        assert "ForeignWebhook" in described.out
        shown = (plan, text, done, table, described, there.run("get", "-o", "json"), there.run("events"))
        assert not any(SECRET in each.out + each.err for each in shown)
        assert not any(SECRET.encode() in file.read_bytes() for file in tmp_path.rglob("state.db*"))
        assert there.tags() == {"AppOne": ["theirs"]}, "it is never deleted"

        there.declare(HASTY, app("AppOne", 1, "policies: []"))
        there.apply()
        assert "ForeignWebhook" not in there.run("describe", "AppOne").out, "without a list it alarms nobody"
        assert "? foreign " in there.run("plan").out
        assert there.plan("--only", "App/AppOne").json()["foreign"] == []


def test_what_was_written_from_here_is_unmanaged_and_not_foreign(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.seed({**APP, "subscriptions": []})
        there.declare(STRICT, ONE, subscription())
        there.apply("--wait")
        by_hand(there, THEIRS)
        there.declare(STRICT, ONE)
        document = there.plan().json()
        assert [each["name"] for each in document["unmanaged"]] == ["events"]
        assert [each["tag"] for each in document["foreign"]] == ["theirs"]


def test_a_foreign_webhook_blocks_changes_where_the_partner_says_so(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.seed({**APP, "subscriptions": [{**OURS, "modes": ["SENT"]}, THEIRS]})
        there.declare(BLOCK, ONE, subscription(), subscription("more"))
        plan, done = there.plan("--detailed-exitcode"), there.apply()
        assert (plan.code, plan.summary) == (5, {"blocked": 2, "unchanged": 1})
        assert {each["reason"] for each in plan.json()["blocked"]} == {"ForeignWebhook"}
        assert (done.code, done.summary) == (5, {"blocked": 2, "unchanged": 1})
        assert not there.calls("subscribe", "update-subscription")
        assert "theirs (hooks.example.org)" in there.run("describe", "Subscription/more").out

        by_hand(there, {"tag": "theirs", "delete": True})
        done = there.apply()
        assert (done.code, done.summary) == (0, {"updated": 1, "subscribed": 1, "unchanged": 1})
        assert "ForeignWebhook" not in there.run("describe", "AppOne").out


def test_as_many_are_made_as_fit_beside_those_of_others(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.seed({**APP, "subscriptions": [{**THEIRS, "tag": f"theirs-{number}"} for number in range(4)]})
        there.declare(HASTY, ONE, subscription("b"), subscription("a"))
        plan = there.plan()
        assert (plan.code, plan.summary) == (5, {"subscribe": 1, "blocked": 1, "unchanged": 1})
        assert [(each["name"], each["reason"]) for each in plan.json()["blocked"]] == [
            ("b", "TooManySubscriptions")
        ]
        done = there.apply()
        assert (done.code, done.summary) == (5, {"subscribed": 1, "blocked": 1, "unchanged": 1})
        assert there.apply().summary == {"unchanged": 2, "blocked": 1}
        assert len(there.calls("subscribe")) == 1, "nothing is tried without room"

        by_hand(there, {"tag": "theirs-0", "delete": True})
        assert there.apply().summary == {"subscribed": 1, "unchanged": 2}
        assert there.tags()["AppOne"] == ["a", "b", "theirs-1", "theirs-2", "theirs-3"]


def test_run_tells_of_a_foreign_webhook_within_a_drift_interval(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.seed({**APP, "subscriptions": []})
        there.declare(STRICT, ONE)
        arguments = ("--interval", "2s", "--drift-interval", "3s", "--listen", "127.0.0.1:0")
        with there.going("run", *arguments):
            there.until(lambda here: bool(here.calls("subscriptions")))
            by_hand(there, THEIRS)
            there.until(alarmed)
            by_hand(there, {"tag": "theirs", "delete": True})
            there.until(lambda here: not alarmed(here))
        assert not there.calls("subscribe", "unsubscribe")


def alarmed(there: World) -> bool:
    """Return whether the app in the store has the condition."""
    items = json.loads(there.run("get", "-o", "json").out or '{"items": []}')["items"]
    return any(each["type"] == "ForeignWebhook" for item in items for each in item["conditions"])
