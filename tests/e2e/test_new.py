"""Manifests of new apps and subscriptions: from a sign-up or a table, killed anywhere, and looked up live."""

import json
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import commands
from tests.e2e.commands import COMMAND
from tests.e2e.test_validate import run
from tests.e2e.world import AMPLE, LEGACY, PARTNER, World, world

JOE = ("new", "app", "--name", "Joe's Café", "--waba-id", "109876543210987", "--phone", "+91 98765 43210")
TABLE = "name,wabaId,phone,labels,partner\n"


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.yaml"))}


def rows(count: int) -> str:
    return TABLE + "".join(
        f"Café {n % 7},1098765{n:06},+91 98765 {n:05},tier=gold;n={n},\n" for n in range(count)
    )


def test_a_sign_up_is_a_file_once(tmp_path: Path) -> None:
    first, again = run(*JOE, "--label", "tier=gold", cwd=tmp_path), run(*JOE, cwd=tmp_path)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == "written manifests/joes-cafe.yaml  App/joes-cafe\n1 written, 0 declared already.\n"
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout == "kept    manifests/joes-cafe.yaml  App/joes-cafe\n0 written, 1 declared already.\n"
    assert list(files(tmp_path / "manifests")) == ["joes-cafe.yaml"]
    assert run("validate", cwd=tmp_path).returncode == 0


def test_another_waba_is_refused(tmp_path: Path) -> None:
    run(*JOE, cwd=tmp_path)
    before = files(tmp_path / "manifests")
    other = run(*JOE[:5], "555555555555555", *JOE[6:], cwd=tmp_path)
    assert (other.returncode, other.stdout) == (3, "")
    assert (
        "is not the WABA of App/joes-cafe at manifests/joes-cafe.yaml:1:1, which has this phone"
        in other.stderr
    )
    assert files(tmp_path / "manifests") == before


def test_each_wrong_row_is_named_and_no_row_is_written(tmp_path: Path) -> None:
    text = rows(3) + "Ann,1,0171 234,,\n\nBob,109876543210987,+91 98765 99999,tier=go ld,\n"
    (tmp_path / "c.csv").write_text(text, encoding="utf-8")
    done = run("new", "app", "--from", "c.csv", "-o", "json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert [line.split("]")[0] + "]" for line in done.stderr.splitlines()[:-1]] == [
        "c.csv:5:1: error [GS402]",
        "c.csv:5:1: error [GS403]",
        "c.csv:7:1: error [GS308]",
    ]
    assert done.stderr.endswith("Error: 3 problems: nothing was written\n")
    assert [path.name for path in tmp_path.iterdir()] == ["c.csv"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        pytest.param("<&-", 1, "--from -: standard input is closed", id="closed"),
        pytest.param("</dev/null", 3, "the first line must name the columns", id="empty"),
    ],
)
def test_no_table_at_all_is_never_a_success(tmp_path: Path, words: str, code: int, message: str) -> None:
    script = f"{shlex.quote(str(COMMAND))} new app --from - {words}"
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr


def test_a_selector_that_no_app_has_is_written_with_a_warning(tmp_path: Path) -> None:
    run(*JOE, "--label", "tier=gold", cwd=tmp_path)
    hook = ("--tag", "events", "--url", "https://h.example.com/", "--modes", "SENT")
    done = run("new", "subscription", "--selector", "tier=godl", *hook, cwd=tmp_path)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "1 written, 0 declared already.")
    assert "warning [GS313]" in done.stderr


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            '{"name": "Joe", "wabaId": "109876543210987", "phone": "+91 98765 43210"}', id="JSON Lines"
        ),
        pytest.param('[{"name": "Joe", "wabaId": 109876543210987, "phone": 919876543210}]', id="JSON"),
        pytest.param("phone,wabaId,name\n919876543210,109876543210987,Joe\n", id="CSV"),
    ],
)
def test_a_table_may_come_from_stdin(tmp_path: Path, text: str) -> None:
    words = [str(COMMAND), "new", "app", "--from", "-", "--out", "apps/new", "-o", "json"]
    done = subprocess.run(words, cwd=tmp_path, input=text, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {
        "formatVersion": "1.0",
        "items": [
            {
                "kind": "App",
                "name": "joe",
                "file": "apps/new/joe.yaml",
                "outcome": "written",
                "from": "(stdin):1" if text[0] == "{" else "(stdin):1" if text[0] == "[" else "(stdin):2",
            }
        ],
        "conflicts": [],
    }
    assert b'appName: Joe3210\n  wabaId: "109876543210987"\n' in files(tmp_path / "apps/new")["joe.yaml"]


def test_a_file_with_something_else_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests/joes-cafe.yaml").write_text("# mine\n", encoding="utf-8")
    done = run(*JOE, cwd=tmp_path)
    assert done.returncode == 1
    assert "manifests/joes-cafe.yaml exists and holds something else, so it is not overwritten" in done.stderr
    assert files(tmp_path / "manifests") == {"joes-cafe.yaml": b"# mine\n"}


def test_the_whole_source_counts_wherever_new_files_go(tmp_path: Path) -> None:
    run(*JOE, cwd=tmp_path)
    kept = run(*JOE, "--out", "other", cwd=tmp_path)
    assert "kept    manifests/joes-cafe.yaml" in kept.stdout
    assert not (tmp_path / "other").exists()
    anew = run(*JOE, "other", "--out", "other", cwd=tmp_path)
    assert (anew.returncode, "there is no such file or folder" in anew.stderr) == (0, False)
    assert list(files(tmp_path / "other")) == ["joes-cafe.yaml"]


def test_a_folder_that_other_verbs_skip_counts_if_new_files_go_there(tmp_path: Path) -> None:
    run(*JOE, "--out", "manifests/.new", cwd=tmp_path)
    again = run(*JOE, "--out", "manifests/.new", cwd=tmp_path)
    assert again.stdout.startswith("kept    manifests/.new/joes-cafe.yaml")


def test_editors_find_the_schema_that_init_wrote(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    run("init", cwd=tmp_path)
    run(*JOE, "--out", "manifests/in/north", cwd=tmp_path)
    (text,) = files(tmp_path / "manifests/in/north").values()
    first = text.decode().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../../.schemas/manifest.json"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("app",), "give --name, --waba-id and --phone, or --from with a table"),
        ((*JOE[1:4], "--from", "c.csv"), "with --from, names, WABA ids and phones are in the table"),
        (
            ("subscription", "--url", "https://h.example.com", "--modes", "SENT", "--tag", "x"),
            "either --app or",
        ),
        (
            ("subscription", "--url", "https://h.example.com", "--modes", "SENT", "--app", "x"),
            "give --tag, or",
        ),
    ],
)
def test_wrong_usage(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    done = run("new", *words, cwd=tmp_path)
    assert done.returncode == 64
    assert told in done.stderr


def test_a_table_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    done = run("new", "app", "--from", "c.csv", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "Error: c.csv: No such file or directory\n")


def test_a_subscription_is_a_file_once(tmp_path: Path) -> None:
    run(*JOE, "--label", "tier=gold", cwd=tmp_path)
    words = (
        "new",
        "subscription",
        "--selector",
        "tier=gold",
        "--tag",
        "git:events",
        "--modes",
        "sent,message",
    )
    url = ("--url", "https://hooks.example.com/${app.name}", "--header", "X-Hook=HOOK_SECRET")
    first, again = run(*words, *url, cwd=tmp_path), run(*words, *url, cwd=tmp_path)
    assert (first.returncode, again.returncode) == (0, 0)
    assert first.stdout.startswith("written manifests/git-events.yaml  Subscription/git-events\n")
    assert again.stdout.startswith("kept    manifests/git-events.yaml  Subscription/git-events\n")
    assert "1 subscription (1 webhook)" in run("validate", cwd=tmp_path).stdout


def test_killed_anywhere_it_ends_with_the_same_bytes(tmp_path: Path) -> None:
    """Each run is killed once it has written some files more than the one before."""
    table = tmp_path / "c.csv"
    table.write_text(rows(120), encoding="utf-8")
    words = ("new", "app", "--from", "c.csv", "--out")
    assert run(*words, "clean", cwd=tmp_path).returncode == 0
    wanted = files(tmp_path / "clean")
    assert len(wanted) == 120
    killed, folder = 0, tmp_path / "killed"
    for least in range(20, 110, 30):
        with commands.start([COMMAND, *words, "killed", "killed"], tmp_path, {}, forks=False) as process:
            while process.poll() is None and len(list(folder.glob("*.yaml"))) < least:
                pass
            process.send_signal(signal.SIGKILL)
            killed += process.wait(60) == -signal.SIGKILL
        assert files(folder).items() <= wanted.items()
    assert killed > 0
    assert run(*words, "killed", "killed", cwd=tmp_path).returncode == 0
    assert files(folder) == wanted
    assert len(list(folder.iterdir())) == 120, "and nothing else"


def test_many_at_once_write_one_file(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(rows(5), encoding="utf-8")
    words = [str(COMMAND), "new", "app", "--from", "c.csv"]
    running = [subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, text=True) for _ in range(5)]
    ends = sorted(process.communicate(timeout=120)[0].splitlines()[-1] for process in running)
    assert ends == ["0 written, 5 declared already."] * 4 + ["5 written, 0 declared already."]
    assert len(files(tmp_path / "manifests")) == 5


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("new"), *AMPLE) as made:
        yield made


def test_a_phone_of_another_app_is_told_with_the_line_that_takes_it_over(there: World) -> None:
    there.declare(PARTNER)
    (taken,) = there.seed({"name": "OldName", "phone": "919876543210", "wabaId": "109876543210987"})
    done = there.run(*JOE, "--check-live")
    assert done.code == 5
    assert done.out.splitlines()[0] == "written manifests/joes-cafe.yaml  App/joes-cafe"
    assert (
        "! blocked App/joes-cafe  PhoneLinkedToOtherApp: the phone belongs to OldName; "
        f"to take that app over, add to spec: `appId: {taken}`\n"
    ) in done.out
    assert there.run(*JOE, "--check-live").code == 5, "kept, and still in conflict"
    with (there.manifests / "joes-cafe.yaml").open("a", encoding="utf-8") as file:
        file.write(f"  appId: {taken}\n")
    assert there.run(*JOE, "--check-live").code == 0
    assert not there.calls("link"), "it only reads"


def test_a_name_that_another_phone_has_is_told(there: World) -> None:
    there.declare(PARTNER)
    there.seed({"name": "AnnsBakery", "phone": "919876500001", "wabaId": "109876543210987"})
    words = (
        "new",
        "app",
        "--name",
        "Ann's Bakery",
        "--waba-id",
        "109876543210988",
        "--phone",
        "919876500002",
    )
    done = there.run(*words, "--check-live", "-o", "json")
    assert done.code == 5
    (conflict,) = done.json()["conflicts"]
    assert (conflict["name"], conflict["reason"]) == ("anns-bakery", "NameTakenByOtherPhone")
    assert done.err.startswith("Only the apps of this account were looked at")
    free = there.run(*words[:-1], "919876500003", "--name", "Cara's Bakery", "--check-live")
    assert (free.code, free.out.splitlines()[-1]) == (0, "1 written, 0 declared already.")


def test_an_app_of_ours_that_the_manifest_adopts_is_told(there: World) -> None:
    there.declare(PARTNER)
    there.seed({"name": "EvesBakery", "phone": "919876500005", "wabaId": "109876543210987"})
    eve = ("new", "app", "--name", "Eve's Bakery", "--waba-id", "109876543210987", "--phone", "919876500005")
    first, again = there.run(*eve, "--check-live"), there.run(*eve, "--check-live")
    told = "adopts  App/eves-bakery: an app of this account has its phone and its name"
    assert (first.code, first.err.splitlines()[0]) == (0, told)
    assert told not in again.err, "it is declared already"


def test_nothing_is_written_if_gupshup_cannot_be_asked(there: World) -> None:
    there.declare(LEGACY)
    words = ("new", "app", "--name", "Dora", "--waba-id", "109876543210989", "--phone", "919876500009")
    done = there.run(*words, "--check-live", GUPSHUP_SECRET="wrong")
    assert (done.code, done.out) == (7, "")
    assert not (there.manifests / "dora.yaml").exists()
