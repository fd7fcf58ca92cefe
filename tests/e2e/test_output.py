"""What cannot be printed stops nothing: calls, store and exit code stay the same, whatever streams become."""

import fcntl
import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

from tests.e2e.world import COMMAND, PATIENCE, THREE, Done, World, app, subscription, world

Way = int | IO[Any]
STREAMS = ("stdout", "stderr")


@dataclass(frozen=True, slots=True)
class Ruin:
    """What becomes of streams: what a shell does to them, files, pipes without a reader, the environment."""

    redirect: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)

    @contextmanager
    def ways(self) -> Iterator[dict[str, Way]]:
        """Open where the streams lead; a pipe to us where nothing is said."""
        found: dict[str, Way] = dict.fromkeys(STREAMS, subprocess.PIPE)
        for name in self.gone:
            reading, found[name] = os.pipe()
            os.close(reading)
        for name, path in self.files.items():
            found[name] = os.open(path, os.O_WRONLY)
        try:
            yield found
        finally:
            for way in found.values():
                if isinstance(way, int) and way != subprocess.PIPE:
                    os.close(way)


FULL = Ruin(files=dict.fromkeys(STREAMS, "/dev/full"))
GONE = Ruin(gone=STREAMS)
CLOSED = Ruin("<&- >&- 2>&-")
ASCII = Ruin(environ={"PYTHONIOENCODING": "ascii"})
LATIN = Ruin(environ={"PYTHONIOENCODING": "latin-1"})
BARE = Ruin(environ={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
UNPRINTED = (
    pytest.param(CLOSED, id="all closed"),
    pytest.param(Ruin(">&-"), id="stdout closed"),
    pytest.param(FULL, id="full disks"),
    pytest.param(GONE, id="readers that went away"),
)
PRINTED = (
    pytest.param(Ruin("2>&-"), id="stderr closed"),
    pytest.param(ASCII, id="ASCII"),
    pytest.param(LATIN, id="Latin-1"),
    pytest.param(BARE, id="the locale C"),
)


def ruined(there: World, ruin: Ruin, *arguments: str) -> Done:
    """Run the command so; return what still arrives."""
    with ruin.ways() as ways:
        done = subprocess.run(
            ["sh", "-c", f'exec "$@" {ruin.redirect}', "sh", COMMAND, *arguments],
            cwd=there.folder,
            env={**there.environ, **ruin.environ},
            stdin=subprocess.DEVNULL,
            stdout=ways["stdout"],
            stderr=ways["stderr"],
            text=True,
            timeout=2 * PATIENCE,
            check=False,
        )
    assert "Traceback" not in (done.stderr or "")
    return Done(done.returncode, done.stdout or "", done.stderr or "")


def taken(there: World) -> None:
    """Declare three apps; the name of the first is a stranger's, so that the end is 5."""
    there.seed({"name": "AppOne", "phone": "915550000000", "partner": "stranger"})
    there.declare(*THREE)


APPLY = ("apply", "--yes", "--wait", "--log-level", "debug")
SUMMARY = {"linked": 2, "subscribed": 2, "waiting": 1, "blocked": 1, "failed": 1}


def as_it_should_be(there: World) -> None:
    assert {name: tags for name, tags in there.tags().items() if name != "AppOne"} == {
        "AppTwo": ["events"],
        "AppThree": ["events"],
    }
    assert len(there.calls("link")) == 3
    assert len(there.calls("subscribe")) == 2
    ready = [each["conditions"][-1] for each in there.run("get", "-o", "json").json()["items"]]
    assert len(ready) == 3


@pytest.mark.parametrize("ruin", UNPRINTED)
def test_an_apply_whose_report_cannot_be_printed_does_its_work_and_keeps_the_report(
    tmp_path: Path, ruin: Ruin
) -> None:
    with world(tmp_path) as there:
        taken(there)
        assert ruined(there, ruin, *APPLY, "-o", "json").code == 5
        as_it_should_be(there)
        kept = there.run("get", "report")
        assert (kept.code, kept.summary) == (0, SUMMARY)
        told = there.run("get", "report", "-o", "json").json()["report"]
        assert (told.pop("text"), told["exitCode"], told["output"]) == (kept.out.rstrip("\n"), 5, "json")
        assert there.run("get", "-o", "json").json()["unprintedReport"] == told
        assert told["why"] in there.run("get").out


def test_a_report_is_kept_until_a_newer_one_is_printed(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        taken(there)
        assert ruined(there, FULL, "apply", "--yes").code == 5
        assert "Not all done" in there.run("get", "report").out
        assert there.apply().code == 5, "and one that is printed is the newer one"
        assert "unprintedReport" not in there.run("get", "-o", "json").json()
        assert there.run("get", "report").code == 1


@pytest.mark.parametrize("ruin", PRINTED)
def test_an_apply_is_the_same_with_a_narrow_encoding_or_without_stderr(tmp_path: Path, ruin: Ruin) -> None:
    with world(tmp_path) as there:
        taken(there)
        done = ruined(there, ruin, *APPLY, "-o", "json")
        assert (done.code, done.summary) == (5, SUMMARY)
        as_it_should_be(there)
        text = ruined(there, ruin, *APPLY)
        assert (text.code, "Not all done" in text.out) == (5, True)
        assert there.run("get", "report").code == 1


@pytest.mark.timeout(600)
@pytest.mark.parametrize("ruin", [FULL, GONE, CLOSED, ASCII], ids=["full", "gone", "closed", "ASCII"])
def test_every_verb_ends_with_its_own_exit_code(tmp_path: Path, ruin: Ruin) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE[:2])
        (tmp_path / "wrong.yaml").write_text(app("AppOne", 1).replace('"', ""), encoding="utf-8")
        assert there.apply("--wait").code == 0
        there.declare(*THREE)
        ends = {
            ("plan", "--detailed-exitcode"): 2,
            ("plan", "-o", "json", "--only", "App/AppOne"): 0,
            ("validate",): 0,
            ("validate", "wrong.yaml"): 3,
            ("schema", "App"): 0,
            ("get",): 0,
            ("get", "subscriptions", "-o", "json"): 0,
            ("get", "apps", "Nobody"): 1,
            ("describe", "AppOne"): 0,
            ("events",): 0,
            ("reconcile",): 0,
            ("--help",): 0,
            ("apply",): 64,
            ("nonsense",): 64,
            ("run", "--once", "--log-level", "debug"): 0,
        }
        assert {words: ruined(there, ruin, *words).code for words in ends} == ends
        assert there.tags()["AppThree"] == ["events"], "run --once has done its work"


def test_incomplete_output_is_reported_unless_its_reader_went_away(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(*THREE)
        full = ruined(there, Ruin(files={"stdout": "/dev/full"}), "plan")
        assert (full.code, full.err) == (0, "Warning: the output is incomplete: No space left on device\n")
        gone = ruined(there, Ruin(gone=("stdout",)), "plan")
        assert (gone.code, gone.err) == (0, "")


def test_a_reader_of_output_that_goes_away_does_not_prevent_the_webhook(tmp_path: Path) -> None:
    with world(tmp_path, scale=500) as there:
        there.declare(*THREE[:1], THREE[3])
        reading, writing = os.pipe()
        process = subprocess.Popen(
            [COMMAND, "apply", "--yes", "--wait"],
            cwd=tmp_path,
            env=there.environ,
            stdout=writing,
            stderr=writing,
        )
        os.close(writing)
        with process, os.fdopen(reading, encoding="utf-8") as lines:
            assert any("provisioning App/AppOne" in line for line in lines)
            lines.close()
            assert process.wait(PATIENCE) == 0
        assert there.tags() == {"AppOne": ["events"]}
        assert "Done: 1 linked, 1 subscribed" in there.run("get", "report").out


@contextmanager
def unread() -> Iterator[int]:
    """Give a pipe that is full, and that nobody reads."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writing, b"." * 4096)
    try:
        yield writing
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize(
    "ruin",
    [
        pytest.param(CLOSED, id="closed"),
        pytest.param(FULL, id="full"),
        pytest.param(GONE, id="gone"),
        pytest.param(None, id="a pipe that nobody reads"),
        pytest.param(ASCII, id="ASCII"),
    ],
)
def test_a_run_whose_log_cannot_be_written_goes_on(tmp_path: Path, ruin: Ruin | None) -> None:
    words = ["run", "--interval", "1s", "--listen", "127.0.0.1:0", "--log-level", "debug"]
    with world(tmp_path) as there, unread() as stuck, (ruin or Ruin()).ways() as ways:
        there.declare(*THREE[:1], THREE[3])
        process = subprocess.Popen(
            ["sh", "-c", f'exec "$@" {ruin.redirect if ruin else ""}', "sh", COMMAND, *words],
            cwd=tmp_path,
            env={**there.environ, **(ruin.environ if ruin else {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(subprocess.DEVNULL if ruin is ASCII else ways["stderr"]) if ruin else stuck,
        )
        with process:
            try:
                there.until(lambda there: there.tags().get("AppOne") == ["events"])
                there.declare(*THREE)
                there.until(lambda there: there.tags().get("AppThree") == ["events"])
                process.terminate()
                assert process.wait(PATIENCE) == 0
            finally:
                process.kill()
        assert there.run("get").code == 0


@pytest.mark.parametrize("blocking", [True, False])
def test_a_document_is_whole_however_little_its_reader_takes_at_once(
    tmp_path: Path, *, blocking: bool
) -> None:
    with world(tmp_path) as there:
        there.declare(*(app(f"AppNumber{number}", number) for number in range(200)), subscription())
        reading, writing = os.pipe()
        os.set_blocking(writing, blocking)
        said: list[bytes] = []

        def read() -> None:
            while data := os.read(reading, 1000):
                said.append(data)

        reader = threading.Thread(target=read)
        process = subprocess.Popen(
            [COMMAND, "plan", "-o", "json", "--detailed-exitcode"],
            cwd=tmp_path,
            env=there.environ,
            stdout=writing,
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        reader.start()
        reader.join(PATIENCE)
        os.close(reading)
        assert process.wait(PATIENCE) == 4
        document = json.loads(b"".join(said))
        assert len(document["held"]) + len(document["actions"]) + len(document["waiting"]) == 400


def test_a_closed_terminal_ends_an_apply_cleanly(tmp_path: Path) -> None:
    """The command gets SIGHUP, and can print nothing more."""
    with world(tmp_path, scale=1) as there:
        there.declare(*THREE)
        ours, theirs = os.openpty()
        terminal = os.ttyname(theirs)
        process = subprocess.Popen(
            ["sh", "-c", f'exec "$@" <{terminal} >{terminal} 2>{terminal}', "sh", COMMAND, *APPLY],
            cwd=tmp_path,
            env=there.environ,
            start_new_session=True,
        )
        with process:
            there.until(lambda there: len(there.apps()) == 3)
            os.close(theirs)
            os.close(ours)
            assert process.wait(PATIENCE) == 130
        kept = there.run("get", "report")
        assert "Interrupted: " in kept.out
        assert len(there.calls("link")) == 3


def test_a_closed_terminal_ends_a_run_cleanly_unless_it_was_to_outlive_it(
    tmp_path: Path,
) -> None:
    words = ("run", "--interval", "1s", "--listen", "127.0.0.1:0")
    with world(tmp_path) as there:
        there.declare(*THREE)
        with there.going(*words) as run:
            run.said("pass done")
            assert run.signal(signal.SIGHUP).code == 0
        process = subprocess.Popen(
            ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", COMMAND, *words],
            cwd=tmp_path,
            env=there.environ,
            stderr=subprocess.PIPE,
            text=True,
        )
        with process:
            try:
                assert process.stderr is not None
                assert any("pass done" in line for line in process.stderr)
                process.send_signal(signal.SIGHUP)
                assert any("pass done" in line for line in process.stderr), "and it goes on"
                process.terminate()
                assert process.wait(PATIENCE) == 0
            finally:
                process.kill()
