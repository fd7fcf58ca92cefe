"""`apply` and `forget` on a terminal: they show what they would do, and ask; stdout is for the report."""

import json
import os
import pty
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.world import COMMAND, PARTNER, PATIENCE, THREE, Done, World, app, world


def answered(
    there: World,
    words: str,
    *arguments: str,
    verb: str = "apply",
    meanwhile: Callable[[], object] | None = None,
) -> Done:
    """Run *verb* for somebody who types *words* at a terminal, where stderr is shown, too.

    What happens *meanwhile* happens after the question, and before the answer.
    """
    ours, theirs = pty.openpty()
    if meanwhile is None:
        os.write(ours, words.encode())
    with subprocess.Popen(
        [COMMAND, verb, *arguments],
        cwd=there.folder,
        env=there.environ,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    ) as process:
        os.close(theirs)
        asked = ""
        if meanwhile is not None:
            while "Apply this?" not in asked:
                asked += os.read(ours, 4_096).decode(errors="replace")
            try:
                meanwhile()
            finally:
                os.write(ours, words.encode())
        seen = asked + _seen(ours)
        assert process.stdout is not None
        out = process.stdout.read()
        code = process.wait(PATIENCE)
    os.close(ours)
    return Done(code, out, seen)


def _seen(terminal: int) -> str:
    said = b""
    try:
        while part := os.read(terminal, 4_096):
            said += part
    except OSError:  # how a pseudo-terminal says that it is over
        pass
    return said.decode()


def test_a_confirmed_apply_prints_only_json_on_stdout(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE)
        done = answered(there, "y\n", "-o", "json")
        assert (done.code, json.loads(done.out)["summary"]["linked"]) == (0, 3)
        assert done.out.startswith("{")
        assert "\x1b[32m  + link\x1b[0m         App/AppOne\r\n" in done.err, "a terminal has colours"
        assert "Apply this? [y/N]" in done.err


@pytest.mark.parametrize(
    "words", ["n\n", "\n", "yep\n", "\x04"], ids=["no", "nothing", "a riddle", "the end"]
)
def test_an_answer_other_than_yes_changes_nothing(tmp_path: Path, words: str) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE)
        done = answered(there, words)
        assert (done.code, done.out) == (1, "")
        assert "nothing was changed" in done.err
        assert not there.apps()


def test_apply_asks_also_about_changes_that_wait_for_a_live_app(tmp_path: Path) -> None:
    """It may come live after the plan was shown, and would be subscribed without a question."""
    with world(tmp_path, scale=1) as there:
        there.declare(*THREE)
        there.apply()
        done = answered(there, "n\n", "--wait")
        assert (done.code, "Apply this?" in done.err) == (1, True)


def test_a_confirmed_apply_does_what_was_shown_and_names_what_changed_meanwhile(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE)
        there.apply("--wait")
        moved = THREE[3].replace("${app.name}", "${app.name}/moved")
        there.declare(*THREE[:3], moved, app("AppFour", 4))

        def meanwhile() -> None:
            other = [{"tag": "events", "url": "https://elsewhere.example.com", "version": 3}]
            there.control("drift", {"app": "AppTwo", "subscriptions": other})
            other = [{"tag": "events", "url": "https://hooks.example.com/AppThree/moved", "version": 3}]
            there.control("drift", {"app": "AppThree", "subscriptions": other})

        done = answered(there, "y\n", "-o", "json", meanwhile=meanwhile)
        assert done.code == 5, done.err
        found = {(each["verb"], each["app"]): each for each in done.json()["results"]}
        assert {key: (each["outcome"], each["reason"]) for key, each in found.items()} == {
            ("link", "AppFour"): ("done", ""),
            ("subscribe", "AppFour"): ("done", ""),  # shown as waiting
            ("update", "AppOne"): ("done", ""),
            ("update", "AppTwo"): ("stale", "ChangedMeanwhile"),
            ("update", "AppThree"): ("stale", "AlreadyAsPlanned"),
        }
        assert "url changed meanwhile" in found["update", "AppTwo"]["message"]
        made, hooks = found["update", "AppOne"], "https://hooks.example.com/AppOne"
        assert (made["before"]["url"], made["after"]["url"]) == (hooks, f"{hooks}/moved")
        assert done.summary == {"linked": 1, "subscribed": 1, "updated": 1, "unchanged": 4, "stale": 1}
        assert there.apps()["AppTwo"]["subscriptions"][0]["url"] == "https://elsewhere.example.com"


def test_what_a_guard_lets_through_with_a_release_is_shown_and_done(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(PARTNER.replace("spec: {", "spec: {guards: {maxLinks: 1}, "), *THREE[:3])
        digest = there.plan().json()["heldDigest"]
        done = answered(there, "y\n", "--release", digest)
        assert (done.code, sorted(there.apps())) == (0, ["AppOne", "AppThree", "AppTwo"])
        assert "\x1b[32m  + link\x1b[0m         App/AppOne\r\n" in done.err, "a terminal has colours"


def test_apply_does_not_ask_if_there_is_nothing_to_do(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE)
        there.apply("--wait")
        done = answered(there, "")
        assert (done.code, "Apply this?" in done.err) == (0, False)
        assert "Done: 6 unchanged." in done.out


def test_apply_does_not_begin_if_planning_failed(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE)
        there.faults({"kind": "403", "route": "list", "times": 2})
        done = answered(there, "y\n")
        assert (done.code, "Apply this?" in done.err) == (7, False)
        assert "Nothing was changed" in done.err
        assert not there.calls("link")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        pytest.param("apply <&-", 64, id="nobody can answer where stdin is closed"),
        pytest.param("apply --yes 2>&-", 0, id="nobody sees how it goes where stderr is closed"),
        pytest.param("plan >&-", 0, id="nobody reads the plan"),
    ],
)
def test_a_stream_that_is_closed_is_no_terminal(tmp_path: Path, command: str, code: int) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE)
        shell = ["/bin/sh", "-c", f"{COMMAND} {command}"]
        done = subprocess.run(
            shell, cwd=there.folder, env=there.environ, capture_output=True, text=True, check=False
        )
        assert (done.returncode, "bug" in done.stderr) == (code, False)


def test_a_run_that_cannot_end_in_time_says_so_at_once(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(*(app(f"Number{index:02}", index) for index in range(11)))
        late = there.apply("--timeout", "10s")
        assert "takes at least 1 min 2 s, and --timeout is 10 s" in late.err
        assert (late.code, late.summary["linked"]) == (6, 10)

        there.declare(*THREE[:1])
        assert "takes at least" not in there.apply("--timeout", "2s", "--only", "App/AppOne").err


def test_forget_erases_after_a_yes_and_nothing_after_a_no(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(PARTNER, app("AppOne", 1, "state: Retired"))
        assert there.apply().code == 0
        for words in ("n\n", "\n", "\x04"):
            kept = answered(there, words, "AppOne", verb="forget")
            assert (kept.code, kept.out) == (1, "")
            assert "App/AppOne (never linked) in http" in kept.err
            assert "Cancelled; nothing was erased." in kept.err
            assert "AppOne" in there.run("get", "--all").out
        done = answered(there, "y\n", "AppOne", verb="forget")
        assert (done.code, "App/AppOne: erased" in done.out) == (0, True)
        assert "AppOne" not in there.run("get", "--all").out
