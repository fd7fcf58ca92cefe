"""Half of a fleet under other names, in other files: nothing to do, no call more, and nothing forgotten.

tests/sim/test_renames has a fleet of a thousand.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.e2e.world import AMPLE, HASTY, World, app, subscription, world

APPS, HALF = 60, 30
URL = "https://hooks.example.com/events"
THERE = {"tag": "events", "url": URL, "version": 3, "modes": ["SENT", "MESSAGE"]}
EVENTS = subscription("events", "appSelector: {matchLabels: {fleet: all}}", f"url: {URL}")


def at_gupshup(number: int) -> str:
    return f"Fleet{number:04}"


def seeded(there: World) -> None:
    """Let each app be there, live, with its webhook; the first one lacks it."""
    there.seed(
        *(
            {
                "name": at_gupshup(n),
                "phone": f"91{n:010}",
                "wabaId": f"30{n:08}",
                "live": True,
                "subscriptions": [THERE] * (n > 0),
            }
            for n in range(APPS)
        )
    )


def manifests(*numbers: int, name: str = "app-{}") -> Iterator[str]:
    for number in numbers:
        yield app(name.format(number), number, f"appName: {at_gupshup(number)}")


def declare(there: World, *documents: str, folder: str = "") -> None:
    """Declare *documents* and nothing else, in a file below *folder*."""
    for old in there.manifests.rglob("*.yaml"):
        old.unlink()
    (there.manifests / folder).mkdir(exist_ok=True)
    there.declare(*documents, name=str(Path(folder, "all.yaml")))


@pytest.fixture
def there(tmp_path: Path) -> Iterator[World]:
    """Yield a settled fleet: each app live, with its webhook."""
    with world(tmp_path, *AMPLE) as made:
        seeded(made)
        made.stay_signed_in()
        declare(made, HASTY, *manifests(*range(APPS)), EVENTS)
        assert made.apply().summary == {"subscribed": 1, "unchanged": 2 * APPS - 1}
        yield made


def test_half_of_the_fleet_under_other_names(there: World) -> None:
    usual = counted(there, "apply", "--yes", "-o", "json")
    was, wrote = statuses(there), writes(there, "app-0")
    customers = manifests(*range(HALF), name="customer-{}")
    declare(there, HASTY, *customers, *manifests(*range(HALF, APPS)), EVENTS, folder="moved")
    plan = there.plan()
    assert (plan.code, plan.json()["actions"], plan.json()["unmanaged"]) == (0, [], []), plan.err
    assert counted(there, "apply", "--yes", "-o", "json") == usual, "no call more, and none of them writes"
    assert counted(there, "run", "--once").keys() == usual.keys()

    found = statuses(there)
    assert set(found) == {f"customer-{n}" if n < HALF else f"app-{n}" for n in range(APPS)}
    assert found["customer-0"] == was["app-0"], "since when each condition holds"
    assert writes(there, "customer-0") == wrote != []
    described = there.run("describe", "App/customer-1", "-o", "json").json()["items"][0]
    assert [each["name"] for each in described["subscriptions"]] == ["events"]


def test_a_webhook_under_another_name_is_the_same_one_if_its_tag_is(there: World) -> None:
    """Nothing is removed and made again, although all that is not declared may be removed."""
    owner = HASTY.replace("spec: {", "spec: {ownedTags: '*', ")
    allowed = "policies: [Link, Subscribe, Update, Unsubscribe]"
    fleet = [app(f"app-{n}", n, f"appName: {at_gupshup(n)}", allowed) for n in range(APPS)]
    target = "appSelector: {matchLabels: {fleet: all}}"
    renamed = subscription("happenings", target, f"url: {URL}", "tag: events")
    declare(there, owner, *fleet, renamed)
    found = there.plan()
    assert (found.code, found.summary) == (0, {"unchanged": 2 * APPS}), found.err
    assert there.apply().code == 0
    assert wrote(there, "happenings on App/app-0") == ["subscribe"], "what was written under its old name"
    declare(there, owner, *fleet, renamed.replace("  tag: events\n", ""))
    summary = there.plan().summary
    assert summary["subscribe"] == summary["held"] == APPS, "its name was its tag: another one"


def counted(there: World, *words: str) -> dict[str, int]:
    """Run the command, which has nothing to do, and return how many calls it made of each route."""
    before = len(there.calls())
    done = there.run(*words)
    assert done.code == 0, done.err
    return there.counted(since=before)


def statuses(there: World) -> dict[str, Sequence[tuple[str, str, str]]]:
    """Return since when each condition of each app holds."""
    return {
        each["name"]: [(c["type"], c["status"], c["lastTransitionTime"]) for c in each["conditions"]]
        for each in there.run("get", "apps", "-o", "json").json()["items"]
    }


def wrote(there: World, target: str) -> list[str]:
    """Return the verbs of the writes to the first subscription that `describe` shows for *target*."""
    name, _, app = target.partition(" on App/")
    items = there.run("describe", f"Subscription/{name}", "-o", "json").json()["items"]
    return [each["verb"] for item in items if item["app"] == app for each in item["history"]]


def writes(there: World, name: str) -> list[str]:
    return [each["at"] for each in there.run("events", name, "-o", "json").json()["items"]]
