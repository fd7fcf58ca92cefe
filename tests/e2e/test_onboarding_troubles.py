"""What goes wrong around the receiver of sign-ups: nothing is lost, done twice, or said that is not so."""

import re
import shutil
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.e2e.portal import Onboarding, free_address, graph, sign_up, signed
from tests.e2e.world import COMMAND, PATIENCE


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Onboarding]:
    with graph() as url:
        yield Onboarding(tmp_path, url)


def test_a_push_that_is_refused_waits_and_passwords_stay_out_of_the_log(portal: Onboarding) -> None:
    hook = portal.folder / "origin.git/hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'main is protected: https://bot:canary@example.com/x' >&2\nexit 1\n")
    hook.chmod(0o755)
    with portal.receiver():
        assert portal.post(sign_up()) == 200
        portal.until(lambda: "main is protected: https://***@example.com/x" in portal.log())
        hook.unlink()
        portal.until(lambda: not portal.spooled())
    assert portal.files() == ["manifests/customers/cafe-1.yaml"]
    assert "canary" not in portal.log()


def test_a_push_of_somebody_else_at_the_last_moment_is_kept(portal: Onboarding) -> None:
    """The hook of the repository lets a commit in while ours is on its way."""
    hook = portal.folder / "origin.git/hooks/pre-receive"
    other = portal.author_commits({"note": "theirs"}, "theirs")
    words = f"unset GIT_QUARANTINE_PATH; git update-ref refs/heads/main {other}"
    hook.write_text(f"#!/bin/sh\n[ -e theirs ] || {{ touch theirs; {words}; }}\n")
    hook.chmod(0o755)
    with portal.receiver():
        assert portal.post(sign_up()) == 200
        portal.until(lambda: not portal.spooled())
    assert portal.files() == ["manifests/customers/cafe-1.yaml"]
    assert portal.git("log", "--format=%s", "main").splitlines() == [
        "Customers onboarded: 1",
        "a change",
        "a change",
    ]


def test_an_empty_repository_and_one_without_manifests(portal: Onboarding) -> None:
    portal.git("update-ref", "-d", "refs/heads/main")
    with portal.receiver():
        assert portal.post(sign_up()) == 200
        portal.until(lambda: "Remote branch main not found" in portal.log())
        portal.author_commits({"manifests/partner.yaml": None, "README.md": "customers"}, "main")
        portal.until(lambda: not portal.spooled())
    assert portal.files() == ["manifests/customers/cafe-1.yaml"]


def test_a_folder_that_git_ignores_loses_nothing(portal: Onboarding) -> None:
    portal.author_commits({".gitignore": "customers/"}, "main")
    with portal.receiver():
        assert portal.post(sign_up()) == 200
        portal.until(lambda: not portal.spooled())
    assert portal.files() == ["manifests/customers/cafe-1.yaml"]


def test_a_link_out_of_the_repository_is_not_followed(portal: Onboarding) -> None:
    (portal.folder / "author/manifests/customers").symlink_to(portal.folder / "outside")
    portal.author_commits({}, "main")
    with portal.receiver():
        assert portal.post(sign_up()) == 200
        portal.until(lambda: "leads out of the repository" in portal.log())
    assert not (portal.folder / "outside").exists()
    assert portal.spooled()


def test_an_interrupted_command_refuses_nobody(portal: Onboarding) -> None:
    command = portal.folder / "bin/gupshupctl"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\n[ "$1" = new ] && exit 130\nexec {COMMAND} "$@"\n')
    command.chmod(0o755)
    with portal.receiver(PATH=f"{command.parent}:{portal.environ['PATH']}"):
        assert portal.post(sign_up()) == 200
        portal.until(lambda: "ended with 130" in portal.log())
        assert portal.spooled()
        command.unlink()
        portal.until(lambda: not portal.spooled())
    assert portal.files() == ["manifests/customers/cafe-1.yaml"]


def test_two_hundred_posts_at_once(portal: Onboarding) -> None:
    """Forty customers, each five times at once, one of whom cannot be declared."""
    bodies = [sign_up(number) for number in range(40)]
    bodies[7] = sign_up(7, labels={"tier": "not a label"})
    with portal.receiver(ONBOARDING_EVERY="1"), ThreadPoolExecutor(50) as many:
        assert set(many.map(portal.post, [body for body in bodies for _ in range(5)])) == {200}
        portal.until(lambda: not portal.spooled())
    assert len(portal.files()) == 39
    assert "GS308" in portal.reasons()
    assert "Traceback" not in portal.log()


def test_two_receivers_share_no_spool_and_may_share_a_repository(portal: Onboarding) -> None:
    other = portal.beside(portal.folder / "other")
    with portal.receiver(ONBOARDING_EVERY="0.5"), other.receiver(ONBOARDING_EVERY="0.5"):
        code, words = portal.begun(ONBOARDING_LISTEN=free_address())
        assert (code, "another receiver works with it" in words) == (1, True)
        for number in range(6):
            assert (portal.post(sign_up(number)), other.post(sign_up(number))) == (200, 200)
        portal.until(lambda: not portal.spooled() and not other.spooled())
    assert portal.files() == [f"manifests/customers/cafe-{number}.yaml" for number in range(6)]


@pytest.mark.parametrize(
    ("setting", "text", "words"),
    [
        pytest.param("ONBOARDING_SECRET_FILE", "", "at least 32", id="anybody could sign"),
        pytest.param("ONBOARDING_SECRET_FILE", "short", "at least 32", id="a secret that can be guessed"),
        pytest.param("GRAPH_TOKEN_FILE", "canary\ntwo", "one line", id="no header"),
        pytest.param("GRAPH_TOKEN_FILE", None, "must be a file", id="no file"),
        pytest.param("ONBOARDING_SPOOL", "", "Not a directory", id="no folder"),
    ],
)
def test_what_is_set_wrong_is_said_at_the_start(
    portal: Onboarding, setting: str, text: str | None, words: str
) -> None:
    file = portal.folder / "file"
    if text is not None:
        file.write_text(text)
    named = file / "spool" if setting == "ONBOARDING_SPOOL" else file
    code, said = portal.begun(**{setting: str(named)})
    assert (code, words in said, setting in said) == (1, True, True)
    assert "canary" not in said
    assert "Traceback" not in said


def test_what_is_not_on_the_disk_is_not_answered_with_200(portal: Onboarding) -> None:
    portal.spool.mkdir()
    (portal.spool / "poison.json").write_bytes(b"\xff")
    with portal.receiver():
        (portal.spool / "unfinished").rename(portal.spool / "away")
        assert portal.post(sign_up()) == 503
        (portal.spool / "away").rename(portal.spool / "unfinished")
        assert portal.post(sign_up()) == 200
        portal.until(lambda: portal.files() and not portal.spooled())
    assert "can't decode byte 0xff" in portal.reasons()


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace on this machine")
def test_all_of_it_is_on_the_disk_before_the_answer(portal: Onboarding) -> None:
    """The calls to the system are written down: a crash of the machine cannot be had in a test."""
    trace = portal.folder / "trace"
    words = ["strace", "-D", "-f", "-y", "-e", "trace=write,fsync,rename,sendto", "-o", str(trace)]
    with portal.receiver(*words, ONBOARDING_EVERY="600"):
        assert portal.post(sign_up()) == 200
    spool, file = re.escape(str(portal.spool)), "/unfinished/[^/>]+"
    order = (
        rf"write\(\d+<{spool}{file}>.*fsync\(\d+<{spool}{file}>\).*"
        rf"rename\(\"{spool}{file}\".*fsync\(\d+<{spool}>\).*HTTP/1.1 200"
    )
    assert re.search(order, trace.read_text(), re.DOTALL)


def test_a_body_in_chunks_is_read_and_one_that_ends_early_is_not_kept(portal: Onboarding) -> None:
    body = sign_up()
    with portal.receiver(ONBOARDING_EVERY="600"):
        host, _, port = portal.address.partition(":")
        with socket.create_connection((host, int(port))) as early:
            early.sendall(b"POST /sign-ups HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{")
        assert portal.post(iter([body[:9], body[9:]]), signed(body)) == 200
        assert [name.partition(".")[0] for name in portal.spooled()] == ["109876543210001-555000000001"]
    assert "Traceback" not in portal.log()


def test_slow_clients_hold_nobody_up_and_are_closed(portal: Onboarding) -> None:
    """More clients than there are places send a part of a request, and nothing more."""
    body, head = sign_up(), b"POST /sign-ups HTTP/1.1\r\nHost: x\r\n"
    host, _, port = portal.address.partition(":")
    with portal.receiver(ONBOARDING_EVERY="600"), ExitStack() as held:
        slow = [held.enter_context(socket.create_connection((host, int(port)), PATIENCE)) for _ in range(300)]
        for number, client in enumerate(slow):
            with suppress(OSError):  # the oldest ones are closed already
                client.sendall(head if number % 2 else head + b"Content-Length: 900\r\n\r\n{")
        assert portal.post(body) == 200
        assert len(portal.spooled()) == 1
        slow[0].settimeout(5)  # it gave way to newer ones, before its time was over
        for client in (slow[0], *slow[-2:]):
            with suppress(ConnectionResetError):
                assert client.recv(1) == b""
    assert "Traceback" not in portal.log()
