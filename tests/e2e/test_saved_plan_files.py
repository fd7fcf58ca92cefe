"""Files of saved plans, honest and forged: nobody trusts them, and what is wrong is one line."""

import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from controller.core.planning.digest import digest
from tests.e2e.world import PARTNER, Done, World, app, subscription, world

HOOKS = "https://hooks.example.com"
Forge = Callable[[dict[str, Any]], object]


@contextmanager
def planned(folder: Path, *documents: str) -> Iterator[World]:
    """Run a world with a saved plan: a link, and a subscription that waits for it."""
    with world(folder) as there:
        there.declare(PARTNER, *(documents or (app("AppOne", 1), subscription("events", "app: AppOne"))))
        done = there.plan("--out", "plan.json")
        assert done.code == 0, done.err
        yield there


def forge(there: World, change: Forge, name: str = "forged.json") -> str:
    """Change a saved plan, and give it the digest that it has then."""
    content = json.loads((there.folder / "plan.json").read_text(encoding="utf-8"))
    change(content)
    content.pop("digest")
    text = json.dumps({**content, "digest": digest(content)}, ensure_ascii=False)
    (there.folder / name).write_text(text, encoding="utf-8")
    return name


def refused(there: World, name: str, words: str, code: int = 1) -> None:
    """Assert that neither `show` nor `apply` takes the file, and that nothing is sent."""
    before = len(there.calls())
    for done in (there.run("show", name), there.run("apply", name)):
        assert (done.code, done.out) == (code, ""), done.err
        assert words in done.err
        assert done.err.isprintable() or done.err.count("\n") == len(done.err.splitlines())
        assert "\x1b" not in done.err
    assert len(there.calls()) == before


def one_line(done: Done) -> bool:
    return done.err.startswith("Error: ") and done.err.count("\n") == 1


def test_a_plan_is_saved_for_its_owner_whole_and_through_no_link(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(app("AppOne", 1))
        other = tmp_path / "other.txt"
        other.write_text("mine", encoding="utf-8")
        (tmp_path / "plan.json").symlink_to(other)
        done = there.plan("--out", "plan.json")
        file = tmp_path / "plan.json"
        assert (done.code, file.is_symlink(), other.read_text(encoding="utf-8")) == (0, False, "mine")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert digest_in(done) == json.loads(file.read_text(encoding="utf-8"))["digest"]
        assert [each.name for each in tmp_path.glob(".plan*")] == [], "no part of it is left"

        (tmp_path / "folder.json").mkdir()
        for name, words in (
            ("folder.json", "cannot save the plan as folder.json: Is a directory"),
            ("nowhere/plan.json", "cannot save the plan as nowhere/plan.json: No such file or directory"),
        ):
            failed = there.plan("--out", name)
            assert (failed.code, words in failed.err) == (1, True), failed.err
        there.faults({"kind": "500", "route": "list"}, {"kind": "500", "route": "partnerApps"})
        failed = there.plan("--out", "plan.json", "--timeout", "1s")
        assert (failed.code, file.exists()) == (1, False), "and no plan of before"
        assert "Not saved as plan.json: only a plan of every partner is." in failed.err
        assert [each.name for each in tmp_path.iterdir() if each.name.startswith((".plan", ".folder"))] == []


def digest_in(done: Done) -> str:
    """Return the digest that `plan --out` prints."""
    return next(word.strip(".,") for word in done.err.split() if word.startswith("sha256:"))


def test_a_full_disk_leaves_no_part_of_a_plan(tmp_path: Path) -> None:
    """As on a disk that is full, no file may grow beyond a limit."""
    with world(tmp_path) as there:
        for number in range(8):
            there.declare(app(f"Large{number}", number), "# much\n" * 30_000, name=f"{number}.yaml")
        there.before = ("prlimit", "--fsize=1500000")
        done = there.plan("--out", "plan.json")
        assert (done.code, "cannot save the plan as plan.json: File too large" in done.err) == (1, True)
        assert not [each.name for each in tmp_path.iterdir() if "plan.json" in each.name]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(("plan", "x.json"), "x.json is a saved plan by its name", id="plan of a plan"),
        pytest.param(
            ("validate", "x.json"),
            "`gupshupctl show x.json` checks and shows a plan",
            id="validate of a plan",
        ),
        pytest.param(("apply", "a.json", "b.json"), "a.json is a saved plan by its name", id="two plans"),
        pytest.param(
            ("apply", "manifests", "b.json"), "b.json is a saved plan by its name", id="one of each"
        ),
        pytest.param(("apply", "x.json", "--only", "App/AppOne"), "belong to `plan`", id="--only"),
        pytest.param(("apply", "x.json", "-l", "tier=gold"), "belong to `plan`", id="-l"),
        pytest.param(("apply", "x.json", "--resend"), "belong to `plan`", id="--resend"),
        pytest.param(
            ("apply", "x.json", "--release", "sha256:" + "0" * 64), "belong to `plan`", id="--release"
        ),
        pytest.param(("plan", "--out", "x.yaml"), "name ends in .json", id="a plan by another name"),
    ],
)
def test_plans_and_manifests_are_told_apart_by_their_names(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    with world(tmp_path) as there:
        there.declare(app("AppOne", 1))
        done = there.run(*arguments)
        assert (done.code, words in done.err, there.calls()) == (64, True, []), done.err


def test_what_is_no_plan_at_all_is_refused_in_one_line(tmp_path: Path) -> None:
    with planned(tmp_path) as there:
        whole = (tmp_path / "plan.json").read_bytes()
        (tmp_path / "folder.json").mkdir()
        files: dict[str, tuple[bytes, str]] = {
            "empty.json": (b"", "it is no whole plan"),
            "cut.json": (whole[: len(whole) // 2], "it is no whole plan"),
            "nul.json": (whole.replace(b"AppOne", b"App\0ne"), "it is no whole plan"),
            "zero.json": (b"\0" * 100_000, "it is no whole plan"),
            "utf16.json": (whole.decode().encode("utf-16"), "it is no plan: it holds no UTF-8 text"),
            "brackets.json": (b"[" * 10_000_000, "it is no plan"),
            "changed.json": (whole.replace(b"AppOne", b"AppTwo"), "it was changed after it was made"),
            "twice.json": (whole.replace(b'"kind"', b'"kind": "x",\n "kind"', 1), "it is no plan"),
            "nan.json": (whole.replace(b'"created": ', b'"created": NaN, "x": '), "it is no plan"),
            "app.json": (b'{"apiVersion": "gupshup.controller/v1", "kind": "App"}', "it is no saved plan"),
            "escape.json": (
                b'{"kind": "gupshup.controller/saved-plan", "formatVersion": "2\\u001b[2J"}',
                "its format is 2\\x1b[2J, and this gupshupctl knows 1.0",
            ),
        }
        for name, (data, words) in files.items():
            (tmp_path / name).write_bytes(data)
            refused(there, name, f"{name}: {words}")
            assert one_line(there.run("show", name)), name
        (tmp_path / "device.json").symlink_to("/dev/zero")
        os.mkfifo(tmp_path / "pipe.json")
        for name in ("folder.json", "device.json", "pipe.json"):
            refused(there, name, f"{name}: it is no regular file (a folder, pipe, socket or device)")
        refused(there, "missing.json", "missing.json: cannot read it: No such file or directory")


def test_a_forged_plan_is_refused_for_what_it_says_of_itself(tmp_path: Path) -> None:
    with planned(tmp_path) as there:
        day = 86_400

        def newer(content: dict[str, Any]) -> None:
            content["formatVersion"] = "2.0"

        refused(there, forge(there, newer), "its format is 2.0, and this gupshupctl knows 1.0")
        ahead = there.run("apply", forge(there, lambda it: it.update(created=it["created"] + day)))
        assert (ahead.code, "which is still to come: check the clocks" in ahead.err) == (1, True)
        old = forge(there, lambda it: it.update(created=it["created"] - 25 * 3600))
        shown = there.run("show", old)
        assert (shown.code, "Note: it is older than a day" in shown.err) == (0, True)
        late = there.run("apply", old)
        assert (late.code, "longer ago than --max-age allows; plan again" in late.err) == (1, True)
        assert not there.calls("link")
        assert there.run("apply", old, "--max-age", "26h").code == 0
        assert len(there.calls("link")) == 1


def text_of(content: dict[str, Any], old: str, new: str) -> None:
    """Change the manifests of a plan, and what it plans likewise: its parts agree with each other."""
    for manifest in content["manifests"]:
        assert old in manifest["text"]
        manifest["text"] = manifest["text"].replace(old, new)
    content["plans"] = json.loads(json.dumps(content["plans"]).replace(old, new))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        pytest.param(
            lambda it: text_of(it, "spec: {settle", "spec: {url: 'https://evil.example.com', settle"),
            "spec.url",
            id="a Gupshup that nobody here allows",
        ),
        pytest.param(
            lambda it: text_of(it, "version: 3", "headers: {X-A: {env: PATH}}\n  version: 3"),
            "GS606] spec.headers.X-A.env",
            id="a header from any variable",
        ),
        pytest.param(
            lambda it: text_of(it, "version: 3", "headers: {X-A: {file: /etc/passwd}}\n  version: 3"),
            "/etc/passwd",
            id="a header from any file",
        ),
        pytest.param(
            lambda it: text_of(it, "spec: {settle", "spec: {credentials: {token: {env: HOME}}, settle"),
            "GS608] spec.credentials.token.env",
            id="credentials from any variable",
        ),
        pytest.param(
            lambda it: text_of(it, 'wabaId: "', 'appId: "../../admin"\n  wabaId: "'),
            "appId",
            id="a path for an id",
        ),
        pytest.param(
            lambda it: text_of(it, HOOKS, "http://169.254.169.254"), "url", id="an address inside the network"
        ),
        pytest.param(lambda it: text_of(it, "kind: App", "kind: &a App"), "GS", id="an anchor"),
    ],
)
def test_the_manifests_of_a_forged_plan_keep_to_the_rules(tmp_path: Path, change: Forge, rule: str) -> None:
    with planned(tmp_path) as there:
        refused(there, forge(there, change), rule, code=3)
        assert there.run("show", "forged.json").err.startswith("forged.json/manifests/all.yaml:")


def evil(row: dict[str, Any]) -> None:
    row["after"]["url"] = "https://evil.example.com"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(
            lambda it: it["plans"][0]["actions"][0]["after"].update(phone="919999999999"),
            "what it plans for App/AppOne is not what its own manifests declare; plan again",
            id="a link of another phone",
        ),
        pytest.param(
            lambda it: evil(it["plans"][0]["waiting"][0]["effect"]),
            "what it plans for Subscription/events on App/AppOne is not what its own manifests declare",
            id="another address",
        ),
        pytest.param(
            lambda it: it["plans"][0]["actions"][0].update(app="../../x", name="../../x"),
            "its manifests do not declare App/../../x",
            id="a path for a name",
        ),
        pytest.param(
            lambda it: it["plans"][0].update(partner="\x1b[2J"),
            "not one plan for each",
            id="an escape for a name",
        ),
        pytest.param(lambda it: it.update(manifests=[]), "no Partner main", id="no manifests"),
        pytest.param(lambda it: it.update(upstreams={}), "not one plan for each", id="no account"),
    ],
)
def test_a_forged_plan_does_nothing_that_its_manifests_do_not_declare(
    tmp_path: Path, change: Forge, words: str
) -> None:
    with planned(tmp_path) as there:
        refused(there, forge(there, change), words)


def test_a_plan_is_for_one_account_at_one_gupshup(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with world(tmp_path / "a") as there, world(tmp_path / "b") as other:
        there.declare(app("AppOne", 1))
        assert there.plan("--out", "plan.json").code == 0
        elsewhere = there.run("apply", "plan.json", GUPSHUP_URL=other.url, GUPSHUPCTL_ALLOW_URLS=other.url)
        forged = forge(there, lambda it: it["upstreams"].update(default=f"{there.url}#7\x1b[2J"))
        another = there.run("apply", forged)
        for done in (elsewhere, another):
            assert (done.code, "; nothing was sent" in done.err, "\x1b" in done.err) == (1, True, False), (
                done.err
            )
        assert f"the plan is for {there.url}#" in elsewhere.err
        assert not (*there.calls("link"), *other.calls("link"))
        assert there.run("apply", "plan.json").code == 0, "a refused plan is not spent"
