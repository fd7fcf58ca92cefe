"""The installed command, as people and pipelines run it: validate, schema, init, and how a run ends."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from controller.edges.source.schemas import OUTPUTS
from tests.builders.manifest_files import APP, HOOK
from tests.e2e import commands
from tests.e2e.commands import COMMAND

ROOT = Path(__file__).parents[2]
NO_MANIFESTS = {"ci", "deploy", "observability", "onboarding"}  # tried by tests of their own
EXAMPLES = sorted(
    path for path in (ROOT / "examples").iterdir() if path.is_dir() and path.name not in NO_MANIFESTS
)


def run(*arguments: str, cwd: Path = ROOT, **more: str) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("GUPSHUP")}
    words = [str(COMMAND), *arguments]
    return subprocess.CompletedProcess(words, *commands.run(words, cwd, known | more, timeout=30))


def write(folder: Path, text: str, name: str = "a.yaml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_valid(example: Path) -> None:
    done = run("validate", str(example))
    assert (done.returncode, done.stderr) == (0, "")
    *hints, last = done.stdout.splitlines()
    assert last.startswith("valid: ")
    assert all(": hint [" in line for line in hints), "an example warns of nothing"
    assert (example / "README.md").is_file()


@pytest.mark.parametrize("example", [*EXAMPLES], ids=lambda path: path.name)
def test_every_example_names_its_schema_for_editors(example: Path) -> None:
    for file in example.rglob("*.yaml"):
        first = file.read_text(encoding="utf-8").splitlines()[0]
        schema = first.removeprefix("# yaml-language-server: $schema=")
        assert (file.parent / schema).resolve().parent == ROOT / "schemas", file


def test_the_folder_of_manifests_is_valid_and_is_what_init_writes(tmp_path: Path) -> None:
    done = run("validate")
    assert done.returncode == 0
    assert "GS701" in done.stdout
    assert run("init", cwd=tmp_path).returncode == 0
    for name in ("README.md", "sample.yaml.txt", ".schemas/manifest.json"):
        assert (tmp_path / "manifests" / name).read_bytes() == (ROOT / "manifests" / name).read_bytes()


def test_the_sample_is_valid_once_it_is_copied(tmp_path: Path) -> None:
    run("init", "here", cwd=tmp_path)
    (tmp_path / "here/first.yaml").write_bytes((tmp_path / "here/sample.yaml.txt").read_bytes())
    assert run("validate", "here", cwd=tmp_path).returncode == 0
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == ".gupshupctl/\n"


def test_the_sample_names_a_schema_of_every_kind_for_editors(tmp_path: Path) -> None:
    run("init", "here", cwd=tmp_path)
    sample = (tmp_path / "here/sample.yaml.txt").read_text(encoding="utf-8")
    first = sample.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    schema = json.loads((tmp_path / "here" / first).read_text(encoding="utf-8"))
    editor = Draft202012Validator(schema)
    for document in yaml.safe_load_all(sample):
        assert editor.is_valid(document)
        assert not editor.is_valid({**document, "spec": {**document["spec"], "nope": 1}})
        assert not editor.is_valid({**document, "kind": "Other"})
    partner = {"apiVersion": "gupshup.controller/v1", "kind": "Partner", "metadata": {"name": "main"}}
    assert editor.is_valid(partner)
    assert not editor.is_valid({**partner, "spec": {"phone": "919876543210"}})
    assert run("validate", "here", cwd=tmp_path).returncode == 0, "the schema is no manifest"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("vaildate", "validate"), ("Plan", "plan"), ("aply", "apply"), ("describ", "describe")],
)
def test_a_misspelt_verb_is_answered_with_the_one_that_was_meant(typed: str, meant: str) -> None:
    done = run(typed, "manifests")
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr.endswith(f"Error: No such verb '{typed}'; did you mean {meant}?\n")


@pytest.mark.parametrize(
    ("typed", "instead"),
    [
        ("status", "'status'; `get` lists the status"),
        ("delete now", "`state: Retired`"),
        ("diff", "`plan` shows what apply would do"),
        ("apply --dry-run", "'--dry-run'; `plan` shows what apply would do"),
        ("apply --auto-approve", "'--auto-approve'; it is `--yes`"),
        ("plan -f m.yaml", "'-f'; name files and folders without an option"),
        ("get NaryNorth", "'NaryNorth' is no kind. One resource: get KIND NAME, or describe"),
        ("get app/x", "'app/x' is no kind. One resource: get KIND NAME, or describe"),
        ("get apss", "did you mean apps?"),
    ],
)
def test_a_word_of_another_tool_is_answered_with_what_has_its_place(typed: str, instead: str) -> None:
    done = run(*typed.split())
    assert (done.returncode, done.stdout) == (64, "")
    assert instead in done.stderr


def test_a_verb_like_no_other_is_only_refused() -> None:
    done = run("xyzzy")
    assert done.returncode == 64
    assert "did you mean" not in done.stderr


def test_a_selector_that_matches_nothing_is_an_error_with_strict(tmp_path: Path) -> None:
    hook = APP.replace("App", "Subscription").replace("AcmeSubscription", "hook").split("spec:")[0]
    spec = "spec:\n  appSelector: {matchLabels: {a: b}}\n  url: https://hooks.example.com/x\n  version: 3\n"
    write(tmp_path, f"{APP}---\n{hook}{spec}  modes: [SENT]\n")
    loose, strict = (run("validate", ".", *more, cwd=tmp_path) for more in ((), ("--strict",)))
    assert (loose.returncode, strict.returncode) == (0, 3)
    assert " warning [GS313] " in loose.stdout
    assert " error [GS313] " in strict.stdout
    assert strict.stdout.endswith("invalid: 1 error, 0 warnings in 1 file\n")
    document = json.loads(run("validate", ".", "--strict", "-o", "json", cwd=tmp_path).stdout)
    assert (document["valid"], document["summary"]["errors"]) == (False, 1)
    assert run("validate", ".", cwd=tmp_path, GUPSHUPCTL_STRICT="true").returncode == 3


@pytest.mark.parametrize(
    ("files", "loose", "strict"),
    [
        pytest.param({"a.yaml": APP}, 0, 0, id="sound manifests"),
        pytest.param({"a.yaml": APP + HOOK}, 0, 0, id="a hint fails nothing"),
        pytest.param({}, 0, 3, id="an empty folder"),
        pytest.param({"a.yaml": APP, "b.YAML": "x"}, 0, 3, id="a file that only looks like a manifest"),
        pytest.param({"a.yaml": APP, "A.yml": ""}, 0, 3, id="two names that are easily confused"),
        pytest.param({"a.yaml": "kind: Nothing"}, 3, 3, id="an error"),
    ],
)
def test_strict_fails_on_warnings_in_every_form(
    tmp_path: Path, files: Mapping[str, str], loose: int, strict: int
) -> None:
    for name, text in files.items():
        write(tmp_path, text, name)
    for form in ("text", "json", "sarif", "github"):
        assert run("validate", ".", "-o", form, cwd=tmp_path).returncode == loose
        assert run("validate", ".", "-o", form, "--strict", cwd=tmp_path).returncode == strict


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "manifests").mkdir()
    write(tmp_path / "manifests", "mine", "README.md")
    write(tmp_path, "mine", ".gitignore")
    done = run("init", cwd=tmp_path)
    assert done.returncode == 0
    assert "kept    manifests/README.md" in done.stdout
    assert (tmp_path / "manifests/README.md").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == "mine"


def test_an_invalid_manifest_is_exit_3_and_reported_by_place(tmp_path: Path) -> None:
    write(tmp_path, APP.replace('"919876543210"', "+919876543210"))
    done = run("validate", ".", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stdout == (
        "a.yaml:6:10: error [GS201] spec.phone: must be a string, in quotes; found a number"
        ' — write "919876543210"\n'
        "invalid: 1 error, 0 warnings in 1 file\n"
    )
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(["validate", "nowhere"], 1, "no such file or folder", id="a path that does not exist"),
        pytest.param(["validate", ""], 64, "a path is empty", id="an empty path"),
        pytest.param(["validate", "-o", "xml"], 64, "'xml' is not one of", id="an unknown form"),
        pytest.param(["validate", "-o", ""], 64, "empty", id="an empty value"),
        pytest.param(["validate", "--nope"], 64, "No such option", id="an unknown option"),
        pytest.param(["nope"], 64, "No such verb", id="an unknown verb"),
        pytest.param(["schema", "Nope"], 64, "'Nope' is not one of", id="an unknown kind"),
        pytest.param(["init", "a.yaml"], 64, "is a file", id="a file where a folder belongs"),
        pytest.param([], 64, "Verbs:", id="no verb"),
    ],
)
def test_a_run_that_cannot_begin_says_why(
    tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    write(tmp_path, APP)
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_unreadable_file_is_not_reported_as_missing(tmp_path: Path) -> None:
    write(tmp_path, "#" * 300_000)
    done = run("validate", ".", cwd=tmp_path)
    assert (done.returncode, "GS109" in done.stdout, "GS701" in done.stdout) == (3, True, False)


def test_validate_prints_only_json_on_stdout(tmp_path: Path) -> None:
    write(tmp_path, APP)
    done = run("validate", ".", "-o", "json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert told["valid"] is True
    assert told["revision"].startswith("sha256:")
    assert json.loads(run("validate", ".", cwd=tmp_path, GUPSHUPCTL_OUTPUT="json").stdout) == told


def test_sarif_and_annotations_are_written(tmp_path: Path) -> None:
    write(tmp_path, APP + "nope: 1\n")
    sarif = run("validate", ".", "-o", "sarif", cwd=tmp_path)
    assert sarif.returncode == 3
    assert json.loads(sarif.stdout)["runs"][0]["results"][0]["ruleId"] == "GS301"
    github = run("validate", ".", "-o", "github", cwd=tmp_path)
    assert github.stdout.startswith("::error file=a.yaml,line=7,col=1,title=GS301::nope: unknown field")
    assert github.stderr.startswith("invalid: 1 error")


def test_validate_opens_no_socket_and_needs_no_credentials(tmp_path: Path) -> None:
    """A process whose sockets fail validates as well, a broken manifest and its slower judge included."""
    write(tmp_path, APP + "nope: 1\n")
    program = (
        "import socket, sys\n"
        "def refused(*_, **__): raise SystemExit('a socket!')\n"
        "socket.socket.__init__ = refused\n"
        "socket.create_connection = socket.getaddrinfo = refused\n"
        "from controller.doors.cli import run\n"
        "sys.exit(run(['validate', '.']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr


def test_schemas_are_printed_as_they_are() -> None:
    for verb in OUTPUTS:
        shipped = (ROOT / f"schemas/output/{verb}.json").read_text(encoding="utf-8")
        assert run("schema", verb).stdout == shipped
    assert run("schema", "app").stdout == (ROOT / "schemas/app.json").read_text(encoding="utf-8")


def test_version_and_help_answer() -> None:
    assert run("--version").stdout.startswith("gupshupctl ")
    assert "Verbs:" in run("--help").stdout
    assert "GUPSHUPCTL_OUTPUT" in run("validate", "--help").stdout


def on_a_terminal(cwd: Path, more: Mapping[str, str], verb: str = "validate") -> bytes:
    return commands.on_a_terminal([COMMAND, verb, "."], cwd, os.environ | dict(more))


def test_colour_is_used_on_terminals_unless_it_is_switched_off(tmp_path: Path) -> None:
    write(tmp_path, APP + "nope: 1\n")
    assert b"\x1b[31merror" in on_a_terminal(tmp_path, {})
    assert b"\x1b[" not in on_a_terminal(tmp_path, {"NO_COLOR": "1"})
    assert "\x1b[" not in run("validate", ".", cwd=tmp_path).stdout


@pytest.mark.parametrize("verb", ["validate", "plan"])
def test_a_person_is_shown_how_to_read_more_about_a_rule(verb: str, tmp_path: Path) -> None:
    write(tmp_path, APP + "nope: 1\n")
    assert on_a_terminal(tmp_path, {}, verb).endswith(b"\nMore about a rule: gupshupctl explain GS301\r\n")
    done = run(verb, ".", cwd=tmp_path)
    assert "gupshupctl explain" not in done.stdout + done.stderr


def test_a_reader_of_validate_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    write(tmp_path, "---\n".join(APP + f"nope{number}: 1\n" for number in range(200)))
    script = f"{COMMAND} validate . -o json | head -n 1"
    done = subprocess.run(
        ["/bin/sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout == "{\n"
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_validate_answers_hostile_folders_within_moments(tmp_path: Path) -> None:
    (tmp_path / "deep.yaml").write_bytes(b"[" * 200_000)
    (tmp_path / "alias.yaml").write_bytes(b"a: &a [x]\nb: *a\n")
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "\x1b[31mred\n.yaml").write_bytes(b"a: b")
    done = run("validate", ".", cwd=tmp_path)
    assert done.returncode == 3
    assert {rule for rule in ("GS108", "GS107", "GS704", "GS702") if rule in done.stdout} == {
        "GS108",
        "GS107",
        "GS704",
        "GS702",
    }
    assert all(line.isprintable() for line in done.stdout.splitlines())
