"""The documents of `-o json`: what verbs print of apps in all their states is as the published schemas say.

Each run of a test checks its document (`World.run`); here are the states that other tests do not bring about.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.edges.source.schemas import OUTPUTS
from tests.builders.documents import check_document
from tests.e2e.commands import COMMAND, on_a_terminal
from tests.e2e.world import AMPLE, HASTY, World, app, subscription, world

STRICT = HASTY.replace("spec: {", "spec: {webhooks: {allowedHosts: [hooks.example.com]}, ")
THEIRS = {"tag": "theirs", "url": "https://hooks.example.org/x", "version": 3, "modes": ["MESSAGE"]}
GUARDED = HASTY.replace("spec: {", "spec: {guards: {maxLinks: 1}, ")
FLEET = [app(name, phone) for name, phone in (("AppOne", 1), ("AppTwo", 2), ("AppThree", 3), ("AppFour", 4))]


@pytest.fixture
def there(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, *AMPLE) as found:
        yield found


def items(there: World, *words: str) -> list[dict[str, object]]:
    """Return the items of a document; it is not empty, so that its schema is tried."""
    found: list[dict[str, object]] = there.run(*words, "-o", "json").json()["items"]
    assert found, words
    return found


def test_apps_in_all_their_states_are_as_the_schemas_say(there: World) -> None:
    there.seed(
        {"name": "AppOne", "phone": "910000000001", "wabaId": "3000000001", "subscriptions": [THEIRS]},
        {"name": "AppFour", "phone": "15550001111", "wabaId": "1"},
    )
    there.faults({"kind": "stage-error", "name": "AppTwo"}, {"kind": "stuck", "name": "AppThree"})
    there.declare(STRICT, *FLEET, subscription())
    assert there.apply("--wait", "--timeout", "3s").code in {5, 6}
    states = {str(each["name"]): each["state"] for each in items(there, "get")}
    assert states == {"AppOne": "Ready", "AppTwo": "Stalled", "AppThree": "Reconciling", "AppFour": "Stalled"}
    for kind in ("subscriptions", "partners", "foreign"):
        items(there, "get", kind)
    for name in ("AppOne", "AppTwo", "AppThree", "AppFour", "Subscription/events", "Partner/main"):
        items(there, "describe", name)
    assert items(there, "get", "foreign")[0]["id"], "as -o wide shows it"
    for name in ("App/AppOne", "App/AppTwo", "App/AppFour", "Subscription/events"):
        items(there, "show", name)
    items(there, "events")
    for words in (("get",), ("describe", "AppFour"), ("plan",)):
        shown = on_a_terminal([COMMAND, *words], there.folder, {**there.environ, "COLUMNS": "100"})
        assert shown.count(b"More about a reason: gupshupctl explain ") == 1, words
        assert "gupshupctl explain" not in there.run(*words).out
    assert there.run("doctor", "-o", "json").code == 0
    imported = there.run("import", "--out", "m", "-o", "json")
    assert (imported.code, bool(imported.json()["leftOut"])) == (5, True)
    number = ("--waba-id", "3000000009", "--phone", "919876500009")
    items(there, "new", "app", "--name", "AppFour", *number, "--check-live")


def test_what_a_guard_holds_is_as_the_schemas_say(there: World) -> None:
    there.declare(GUARDED, *FLEET)
    assert there.apply().code == 4
    assert items(there, "describe", "AppOne")[0]["held"]
    assert items(there, "describe", "Partner/main")[0]["held"]
    assert items(there, "get", "partners")[0]["held"]


def test_every_verb_whose_document_has_a_schema_is_checked_in_every_run() -> None:
    for verb in OUTPUTS:
        with pytest.raises(ValueError, match=r"required|not valid"):
            check_document((verb, "x", "-o", "json"), "{}")
