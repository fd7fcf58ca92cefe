"""Health of apps by the installed command: read once, shown everywhere, not again by a settled `apply`."""

import json
from pathlib import Path
from typing import Any

from tests.e2e.world import Done, World, app, subscription, world

SENDABLE = (app("AppOne", 1, "readyWhen: Sendable"), app("AppTwo", 2), subscription())
NO_ACCOUNT = {
    "kind": "status",
    "route": "wabaInfo",
    "status": 400,
    "message": "Error while getting waba info for given app",
}


def conditions(done: Done) -> dict[str, tuple[str, str]]:
    (item,) = done.json()["items"]
    return {each["type"]: (each["status"], each["reason"]) for each in item["conditions"]}


def health(there: World, name: str) -> Any:  # noqa: ANN401  (JSON)
    (item,) = json.loads(there.run("describe", name, "-o", "json").out)["items"]
    return item["health"]


def test_apply_reads_the_health_once_and_shows_it(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(*SENDABLE)
        first = there.apply("--wait")
        assert (first.code, len(there.calls("wabaInfo"))) == (0, 2)

        second = there.apply("--wait")
        assert (second.code, second.summary) == (0, {"unchanged": 4})
        assert len(there.calls("wabaInfo")) == 2

        one = conditions(there.run("get", "apps", "AppOne", "-o", "json"))
        assert (one["Sendable"], one["Ready"]) == (("True", "CanSend"), ("True", "Ready"))
        assert health(there, "AppTwo")["state"] == "Available"
        assert health(there, "AppTwo")["quality"] == "GREEN"
        assert "SENDABLE" in there.run("get").out
        assert "Sending:   Available" in there.run("describe", "AppOne").out.splitlines()


def test_an_app_that_is_to_be_able_to_send_is_not_ready_while_nobody_knows(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(*SENDABLE)
        there.faults(NO_ACCOUNT)
        there.apply()
        there.until(lambda world: all(each["live"] for each in world.apps().values()))
        there.apply()
        one = conditions(there.run("get", "apps", "AppOne", "-o", "json"))
        assert (one["Live"][0], one["Sendable"][0]) == ("True", "Unknown")
        assert one["Ready"] == ("False", "NotSendable")
        two = conditions(there.run("get", "apps", "AppTwo", "-o", "json"))
        assert (two["Sendable"][0], two["Ready"][0]) == ("Unknown", "True")
