"""What is odd about manifests is said by each verb that acts on them, as `validate` says it."""

import json
import signal
from pathlib import Path

import pytest

from tests.e2e.world import PARTNER, World, app, subscription, world

ODD = ("GS313", "GS709", "GS804")
"""A selector without an app, a file that only looks like a manifest, a wait below its default."""


def declare_odd(there: World, nobody: int = 1) -> None:
    """Declare one app, and as many subscriptions for *nobody*."""
    selects_none = "appSelector: {matchLabels: {fleet: none}}"
    hooks = [subscription(f"hook-{number}", selects_none) for number in range(nobody)]
    there.declare(PARTNER, app("AppOne", 1), *hooks)
    there.declare(app("AppTwo", 2), name="more.YAML")


def warnings(text: str) -> list[str]:
    return [line for line in text.splitlines() if ": warning [GS" in line]


@pytest.mark.parametrize(
    "verb",
    [
        pytest.param(("plan", "-o", "json"), id="plan"),
        pytest.param(("apply", "--yes", "-o", "json"), id="apply"),
        pytest.param(("run", "--once", "-o", "json"), id="run --once"),
    ],
)
def test_warnings_about_manifests_are_on_stderr_and_change_nothing_else(
    tmp_path: Path, verb: tuple[str, ...]
) -> None:
    with world(tmp_path) as there:
        declare_odd(there)
        told = warnings(there.run("validate").out)
        assert [rule for rule in ODD if any(rule in line for line in told)] == list(ODD)
        for _ in range(2):  # the revision is good already when it is read again
            done = there.run(*verb)
            assert (done.code, warnings(done.err), warnings(done.out)) == (0, told, [])
            assert done.json()["formatVersion"] == "1.0"


def test_warnings_about_manifests_are_listed_up_to_a_cap_and_counted(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        declare_odd(there, nobody=200)
        done = there.plan()
        assert (done.code, len(warnings(done.err))) == (0, 20)
        assert done.err.endswith("and 183 more: gupshupctl validate\n")


def test_run_logs_the_warnings_about_manifests_with_the_revision(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        declare_odd(there)
        with there.going("run", "--log-format", "json", "--listen", "127.0.0.1:0") as run:
            line = json.loads(run.said("manifests have warnings"))
            assert (line["level"], line["warnings"]) == ("warning", 4)
            assert [rule for rule in ODD if rule in line["first"]] == list(ODD)
            assert line["revision"] == json.loads(run.said("pass done"))["revision"]
            assert run.signal(signal.SIGTERM).code == 0
