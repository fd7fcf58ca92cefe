"""`doctor`: each check by itself, whatever is broken, and nothing is changed by it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.world import AMPLE, HASTY, LEGACY, THREE, Done, World, app, subscription, world
from tests.postgresql import Server


def checks(done: Done) -> dict[str, str]:
    """Return the results by the name of the check; of several of one name the worst."""
    found: dict[str, str] = {}
    for each in done.json()["checks"]:
        before = found.get(each["check"], "ok")
        found[each["check"]] = max(before, each["result"], key=("ok", "unknown", "wrong").index)
    return found


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return every file below *folder* with its time and content."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_before_the_first_apply_nothing_is_made(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(LEGACY, *THREE)
        before = files(there.folder)
        done = there.run("doctor", "-o", "json")
        assert done.code == 0
        found = checks(done)
        assert {name for name, result in found.items() if result == "ok"} >= {
            *("versions", "source", "store", "reach", "clock", "credentials", "terms of use"),
            *("tech provider", "waba", "limits"),
        }
        assert files(there.folder) == before
        assert set(there.counted()) == {"", "login", "list"}, "the first is the front page"
        text = there.run("doctor")
        assert "ok       source" in text.out
        assert "3 apps, 1 subscription (3 webhooks), 1 partner, " in text.out, "counted as `validate` does"


def test_after_an_apply_it_shows_the_store_the_writer_and_what_is_left(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, *THREE)
        assert there.apply("--wait").code == 0
        done = there.run("doctor", "-o", "json")
        assert done.code == 0
        words = {each["check"]: each["message"] for each in done.json()["checks"]}
        assert "state.db, version 0" in words["store"]
        assert words["writer"] == "no process writes now"
        assert "left: " in words["limits"]
        assert words["waba"] == "3 linked apps have the WABA of the manifest"

        before = len(there.calls())
        asked = there.run("doctor", "--waba", "-o", "json")
        assert (asked.code, there.counted(before)["wabaInfo"]) == (0, 3)

        there.declare(HASTY, app("AppOne", 1).replace("3000000001", "3000000099"), *THREE[1:])
        other = there.run("doctor", "-o", "json")
        assert (other.code, checks(other)["waba"]) == (5, "wrong")
        assert "App/AppOne" in other.out


def test_wrong_credentials_are_exit_7_and_the_rest_is_checked(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(LEGACY, *THREE)
        done = there.run("doctor", "-o", "json", GUPSHUP_SECRET="wrong")
        found = checks(done)
        assert (done.code, found["credentials"], found["reach"], found["clock"]) == (7, "wrong", "ok", "ok")
        missing = there.run("doctor", GUPSHUP_SECRET="")
        assert missing.code == 7
        assert "GUPSHUP_SECRET" in missing.out


@pytest.mark.parametrize("kind", ["500", "html"])
def test_a_gupshup_that_answers_with_an_error_says_nothing_about_credentials(
    tmp_path: Path, kind: str
) -> None:
    """What the store knows of the account is shown all the same."""
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, *THREE)
        assert there.apply("--wait").code == 0
        there.faults({"kind": kind, "route": "list"})
        done = there.run("doctor", "-o", "json")
        found = checks(done)
        assert (done.code, found["reach"], found["answers"], found["credentials"]) == (
            1,
            "ok",
            "wrong",
            "unknown",
        )
        assert (found["terms of use"], found["writer"], found["limits"]) == ("ok", "ok", "ok")
        there.faults({"kind": kind, "route": "wabaInfo"})
        asked = there.run("doctor", "--waba", "-o", "json")
        assert (asked.code, checks(asked)["credentials"]) == (0, "ok"), (
            "a WABA that cannot be read is unknown"
        )


def test_a_store_that_cannot_be_read_says_nothing_about_the_account(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        a_store_that_is_none(there)
        found = checks(there.run("doctor", "-o", "json"))
        assert found["credentials"] == "ok"
        assert not {"events", "waba", "limits", "writer"} & set(found)


def test_what_is_not_allowed_is_said_with_what_to_do(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE, "--switch", "tech-provider=no") as there:
        hosts = LEGACY.replace("spec: {", "spec: {webhooks: {allowedHosts: [hooks.example.com]}, ")
        there.declare(hosts, app("AppOne", 1, "callbackUrl: https://elsewhere.example.org/x"), subscription())
        done = there.run("doctor", "-o", "json")
        found = checks(done)
        assert (done.code, found["tech provider"], found["callbacks"]) == (5, "wrong", "wrong")
        remedies = [each["remedy"] for each in done.json()["checks"] if each["check"] == "tech provider"]
        assert "ask Gupshup" in remedies[0]


def broken_manifests(there: World) -> None:
    there.declare("kind: Nothing\n")


def no_manifests(there: World) -> None:
    there.manifests.rmdir()


def a_store_that_is_none(there: World) -> None:
    there.declare(LEGACY)
    (there.folder / ".gupshupctl").mkdir()
    (there.folder / ".gupshupctl/state.db").write_text("no database", encoding="utf-8")


def no_network(there: World) -> None:
    there.declare(LEGACY)
    there.environ["GUPSHUPCTL_PROXY"] = "http://127.0.0.1:1"


def a_short_secret(there: World) -> None:
    there.declare(LEGACY)
    there.environ["GUPSHUPCTL_HOOK_SECRET"] = "short"


def a_branch_that_is_not_there(there: World) -> None:
    there.environ["GUPSHUPCTL_GIT"] = "http://127.0.0.1:1/none.git"


@pytest.mark.parametrize(
    ("breaks", "wrong", "code"),
    [
        (broken_manifests, "source", 3),
        (no_manifests, "source", 1),
        (a_store_that_is_none, "store", 1),
        (no_network, "reach", 1),
        (a_short_secret, "hook secret", 1),
        (a_branch_that_is_not_there, "source", 1),
    ],
)
def test_one_broken_part_keeps_no_other_check_from_being_made(
    tmp_path: Path, breaks: Callable[[World], None], wrong: str, code: int
) -> None:
    with world(tmp_path, *AMPLE) as there:
        breaks(there)
        before = files(there.folder)
        done = there.run("doctor", "-o", "json")
        found = checks(done)
        assert found[wrong] == "wrong"
        assert (found["credentials"] == "unknown") is (wrong == "reach"), "they could not be tried"
        assert found.keys() >= {
            "versions",
            "source",
            "store",
            "hook secret",
            "listener",
            "reach",
            "credentials",
        }
        assert done.code == code
        assert files(there.folder) == before


def test_a_run_is_found_by_its_listener_and_its_lock(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, *THREE)
        assert there.apply("--wait").code == 0
        with there.going("run", "--listen", "127.0.0.1:0") as going:
            line = going.said("listening")
            address = re.search(r"127\.0\.0\.1:\d+", line)
            assert address is not None
            there.until(lambda each: each.run("get").code == 0 and "run on" in each.run("doctor").out)
            done = there.run("doctor", "--listen", address[0], "-o", "json")
            assert checks(done)["listener"] == "ok"
            assert any("run on" in each["message"] for each in done.json()["checks"])


def test_a_database_is_looked_at_and_not_made(server: Server, tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        database = server.url(server.database())
        there.declare(HASTY, *THREE)
        for _ in range(2):
            done = there.run("doctor", "--store", database, "-o", "json")
            words = {each["check"]: each["message"] for each in done.json()["checks"]}
            assert (done.code, "none at postgresql://" in words["store"]) == (0, True)
        assert there.apply("--wait", "--store", database).code == 0
        done = there.run("doctor", "--store", database, "-o", "json")
        words = {each["check"]: each["message"] for each in done.json()["checks"]}
        assert (done.code, words["waba"]) == (0, "3 linked apps have the WABA of the manifest")
        assert "version 0" in words["store"]
