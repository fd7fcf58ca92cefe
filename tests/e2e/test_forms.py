"""The forms of `plan` and `apply`: for pull requests and for scripts, one run for all of them."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.builders.documents import closed, published
from tests.e2e.world import PARTNER, THREE, app, world

TIGHT = PARTNER.replace("spec: {", "spec: {guards: {maxLinks: 1}, ")
PHONE, MASKED = "910000000001", "91******0001"
FILES = ("--output-file", "json=plan.json", "--output-file", "markdown=plan.md")


def read(there: Path, name: str) -> str:
    return (there / name).read_text(encoding="utf-8")


def test_one_run_of_plan_gives_every_form(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(TIGHT, *THREE)
        done = there.run("plan", *FILES, "--output-file", "github=notes")
        calls = there.counted()
        text, found, markdown = done.out, json.loads(read(tmp_path, "plan.json")), read(tmp_path, "plan.md")

        assert (done.code, text.splitlines()[1]) == (4, "Changes:")
        Draft202012Validator(closed(published("plan"))).validate(found)
        assert markdown.startswith(
            "<!-- gupshupctl plan -->\n### Gupshup plan: 3 held by a guard, 3 waiting\n"
        )
        assert f"apply manifests/ --release {found['heldDigest']}</code>" in markdown
        assert f"  gupshupctl apply manifests/ --release {found['heldDigest']}\n" in text
        notes = read(tmp_path, "notes").splitlines()
        assert [note.partition(",title=")[0] for note in notes] == [
            "::warning file=manifests/all.yaml,line=6,col=1",
            "::warning file=manifests/all.yaml,line=20,col=1",
            "::warning file=manifests/all.yaml,line=13,col=1",
        ]
        for form in (text, json.dumps(found), markdown.replace("&#42;", "*"), "".join(notes)):
            assert PHONE not in form
            assert MASKED in form
        assert calls["list"] == 1, "one observation serves them all"


def test_phone_numbers_are_shown_to_who_asks_for_them(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(app("AppOne", 1))
        (planned,) = there.plan("--show-phones", *FILES).json()["actions"]
        assert (planned["fields"]["phone"], planned["after"]["phone"]) == (PHONE, PHONE)
        assert PHONE in read(tmp_path, "plan.md")
        assert PHONE in there.run("plan", "--show-phones").out
        (planned,) = there.plan(GUPSHUPCTL_SHOW_PHONES="1").json()["actions"]
        assert planned["after"]["phone"] == PHONE


def test_annotations_alone_stand_on_stdout(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(app("AppOne", 1))
        done = there.run("plan", "-o", "github")
        assert (done.code, done.out, done.err) == (0, "", "Plan: 1 to link.\n")


def test_a_report_is_written_in_each_form(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(app("AppOne", 1))
        done = there.run("apply", "--yes", "-o", "markdown", "--output-file", "json=apply.json")
        assert (done.code, done.out.splitlines()[0]) == (0, "<!-- gupshupctl apply -->")
        assert "### Gupshup apply — Done: 1 linked" in done.out
        found = json.loads(read(tmp_path, "apply.json"))
        Draft202012Validator(closed(published("apply"))).validate(found)
        assert found["summary"]["linked"] == 1


def test_a_file_that_cannot_be_written_ends_a_run_before_its_work_and_never_after_it(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(app("AppOne", 1))
        assert there.apply("--output-file", "json=nowhere/apply.json").code == 1
        assert not there.calls("link")
        done = there.apply("--output-file", "markdown=/dev/full")
        assert (done.code, done.summary["linked"]) == (0, 1)
        assert "Warning: cannot write /dev/full: No space left on device\n" in done.err
        planned = there.run("plan", "--output-file", "markdown=/dev/full")
        assert (planned.code, "cannot write /dev/full" in planned.err) == (1, True)


def test_a_file_has_nothing_of_an_earlier_run(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(app("AppOne", 1))
        assert there.run("plan", *FILES).code == 0
        there.declare(app("Bad_Name", 1))
        assert there.run("plan", *FILES).code == 3
        assert (read(tmp_path, "plan.json"), read(tmp_path, "plan.md")) == ("", "")


def test_a_file_without_a_form_is_wrong_usage(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(app("AppOne", 1))
        for wrong in ("plan.json", "json=", "sarif=x", "=x"):
            done = there.run("plan", "--output-file", wrong)
            assert (done.code, "write FORM=FILE" in done.err) == (64, True)
        assert not there.calls()


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param("plan --out same.json --output-file json=./same.json", id="the plan and a form of it"),
        pytest.param("plan --output-file json=same.json --output-file markdown=link.json", id="two forms"),
        pytest.param("apply --yes --output-file json=a --output-file markdown=b/../a", id="two of apply"),
        pytest.param("show same.json --output-file json=link.json", id="the plan that is shown"),
        pytest.param("apply same.json --output-file json=same.json", id="the plan that is applied"),
        pytest.param("plan manifests/all.yaml --output-file json=manifests/all.yaml", id="the manifests"),
    ],
)
def test_a_file_that_would_be_lost_is_wrong_usage(tmp_path: Path, arguments: str) -> None:
    with world(tmp_path) as there:
        there.declare("no manifest at all")
        (tmp_path / "same.json").write_text("kept", encoding="utf-8")
        (tmp_path / "link.json").symlink_to("same.json")
        (tmp_path / "b").mkdir()
        done = there.run(*arguments.split())
        assert (done.code, "that this run reads or writes already" in done.err) == (64, True), done.err
        assert read(tmp_path, "same.json") == "kept"
        assert read(there.manifests, "all.yaml").startswith("no manifest at all")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        pytest.param("manifests/all.yaml", "a manifest", id="a manifest of the folder"),
        pytest.param("link.txt", "a manifest", id="a link to it"),
        pytest.param("new.yml", "a manifest", id="what would be read as a manifest then"),
        pytest.param("state.db", "a file that holds no text, as a store does", id="the store"),
    ],
)
@pytest.mark.parametrize("verb", ["plan", "apply --yes", "run --once --manifests manifests"])
def test_no_form_is_written_over_a_manifest_or_a_store(
    tmp_path: Path, verb: str, name: str, what: str
) -> None:
    with world(tmp_path) as there:
        there.declare(PARTNER)
        (tmp_path / "link.txt").symlink_to("manifests/all.yaml")
        (tmp_path / "state.db").write_bytes(b"SQLite format 3\0")
        done = there.run(*verb.split(), "--output-file", f"markdown={name}")
        words = f"--output-file markdown={name} names {what}"
        assert (done.code, words in done.err) == (64, True), done.err
        assert read(there.manifests, "all.yaml") == PARTNER
        assert (tmp_path / "state.db").read_bytes() == b"SQLite format 3\0"
        assert not (tmp_path / "new.yml").exists()


def test_a_run_without_an_end_writes_no_report(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        done = there.run("run", "--manifests", "manifests", "--output-file", "markdown=report.md")
        assert (done.code, "is about the report of run --once" in done.err) == (64, True)


def test_a_saved_plan_is_shown_as_it_was(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(app("AppOne", 1))
        assert there.run("plan", "--out", "saved.json").code == 0
        shown = there.run("show", "saved.json", "-o", "markdown").out
        assert shown.startswith(
            "<!-- gupshupctl plan saved.json -->\n### Gupshup plan: 1 change\n\nPlan sha256:"
        )
        document = there.run("show", "saved.json", "-o", "json").json()
        Draft202012Validator(closed(published("plan"))).validate(document)
        assert MASKED in there.run("show", "saved.json").out
