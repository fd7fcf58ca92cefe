"""What a guard holds: in words, as JSON and back, and the command that releases it."""

import json
import shlex

import pytest

from controller.core.render.descriptions import Described, description, description_text
from controller.core.render.held import (
    apply_command,
    held_about,
    held_lines,
    held_rows,
    plan_command,
    read_held,
    release_command,
)
from controller.core.render.statuses import document, read_documents
from controller.core.status.partner_status import partner_item
from controller.model.plan import Verb
from controller.model.status import Condition, HeldSet, Status
from tests.builders.memory import NOW
from tests.builders.passes import DIGEST, held
from tests.builders.status import FALSE, TRUE, condition, status_of

LINKS, UPDATES = held(), held("sha256:b", guard="maxUpdates", verb=Verb.UPDATE)
MESSAGE = "guard maxLinks: 3 planned, 1 allowed"
STOPPED = condition("Ready", FALSE, "Held", message=MESSAGE)


def test_the_command_for_a_running_controller_can_be_pasted() -> None:
    assert release_command(DIGEST) == f"gupshupctl reconcile --release {DIGEST}"
    words = shlex.split(release_command(DIGEST, ("--store", "'my store.db'")))
    assert words[-3:] == [DIGEST, "--store", "my store.db"]


def test_the_command_for_apply_repeats_its_paths_and_its_other_words() -> None:
    words = shlex.split(apply_command(["my apps/"], DIGEST, ("--only", "App/a")))
    assert words == ["gupshupctl", "apply", "my apps/", "--release", DIGEST, "--only", "App/a"]


def test_the_command_for_a_plan_is_made_likewise() -> None:
    words = shlex.split(plan_command(["my apps/"], DIGEST, ("--out", "plan.json")))
    assert words == ["gupshupctl", "plan", "my apps/", "--release", DIGEST, "--out", "plan.json"]


@pytest.mark.parametrize(
    ("ready", "expected"),
    [
        pytest.param(STOPPED, [LINKS], id="what the condition is about"),
        pytest.param(condition("Ready", FALSE, "Held", message="guard other: 1"), [], id="nothing of it"),
        pytest.param(condition("Ready", FALSE, "AwaitingLive", message=MESSAGE), [], id="it is not held"),
        pytest.param(condition("Ready", TRUE), [], id="ready"),
    ],
)
def test_an_app_shows_what_is_held_of_it(ready: Condition, expected: list[HeldSet]) -> None:
    assert held_about(status_of("acme", ready), (LINKS, UPDATES)) == expected


def test_a_partner_shows_all_that_is_held() -> None:
    assert held_about(Status(partner_item("main"), (), "r1", NOW), (LINKS, UPDATES)) == [LINKS, UPDATES]


def test_what_is_held_is_a_line_with_its_figures_and_one_with_the_command() -> None:
    assert list(held_lines([LINKS, UPDATES], str.upper)) == [
        "Held by guard maxLinks: 3 planned, 1 allowed. To release exactly this:",
        f"  {DIGEST.upper()}",
        "Held by guard maxUpdates: 3 planned, 1 allowed. To release exactly this:",
        "  SHA256:B",
    ]


def test_what_is_held_is_the_same_after_a_trip_through_the_store() -> None:
    status = Status(partner_item("main"), (), "r1", NOW, held=(LINKS, UPDATES))
    assert read_documents({"Partner/main": document(status)}) == (status,)
    assert "held" not in json.loads(document(Status(partner_item("main"), (), "r1", NOW)))


@pytest.mark.parametrize(
    "rows",
    [
        None,
        7,
        [7],
        [{"digest": "sha256:a"}],
        [{"digest": "sha256:a", "changes": [7, {"guard": "maxLinks", "verb": "burn"}]}],
        [{"changes": [{"guard": "maxLinks", "verb": "link", "count": 1, "message": "m"}]}],
        [{"digest": 7, "changes": [{"guard": "maxLinks", "verb": "link", "count": 1, "message": "m"}]}],
    ],
)
def test_what_cannot_be_read_is_left_out(rows: object) -> None:
    assert list(read_held(rows)) == []


def test_a_count_that_is_no_number_is_none() -> None:
    rows = held_rows([LINKS])
    changes = [{"guard": "maxLinks", "verb": "link", "count": "three", "message": "3 planned, 1 allowed"}]
    (found,) = read_held([{**rows[0], "changes": changes}])
    assert found.classes[0].count == 0


def test_a_description_has_the_guard_its_figures_and_the_command() -> None:
    of = Described(status_of("acme", STOPPED), "up#1", held=[LINKS])
    lines = description_text(of, NOW).splitlines()
    at = lines.index(f"Held by {MESSAGE}. To release exactly this:")
    assert (lines[at - 1], lines[at + 1]) == ("", f"  gupshupctl reconcile --release {DIGEST}")
    assert description(of)["held"] == [
        {
            "digest": DIGEST,
            "command": f"gupshupctl reconcile --release {DIGEST}",
            "changes": [{"guard": "maxLinks", "verb": "link", "count": 3, "message": "3 planned, 1 allowed"}],
        }
    ]
    assert description(of)["state"] == "Held"
    assert "held" not in description(Described(status_of("acme"), "up#1"))
