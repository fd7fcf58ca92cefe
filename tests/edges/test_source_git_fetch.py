"""Fetching over HTTP and ssh: who is shown a credential, and what is left of a fetch that was cut short."""

import asyncio
import os
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from controller.edges.source.git import Access, GitSource, HttpsLogin, Remote, SshKey
from controller.edges.source.git.messages import git_message
from controller.errors import SourceError
from controller.model.manifest import FromEnv, FromFile
from tests.edges.git_server import Manners, has_backend, serving
from tests.edges.repositories import Repository

CANARY = "canary/+9c41e0 7d"
PAIR = b64encode(f"git:{CANARY}".encode()).decode()
HEADER = f"Basic {PAIR}"
TOKEN = HttpsLogin(FromEnv("GIT_TOKEN"))

pytestmark = pytest.mark.skipif(not has_backend(), reason="git-http-backend is not installed")

NEEDS_PROC = pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="there is no /proc")


@pytest.fixture
def repository(repository: Repository) -> Repository:
    repository.commit({f"{number}.yaml": str(number) for number in range(100)})
    return repository


@pytest.fixture
def server(repository: Repository) -> Iterator[Manners]:
    with serving(repository.folder, password=CANARY) as manners:
        yield manners


def source_at(
    server: Manners, folder: Path, access: Access | None = TOKEN, *, token: str = CANARY, timeout: float = 60
) -> GitSource:
    environ = {"PATH": os.environ["PATH"], "GIT_TOKEN": token}
    return GitSource(Remote(server.url, "main", access=access), folder, environ, timeout=timeout)


async def test_a_token_opens_a_repository_that_asks_for_one(
    repository: Repository, server: Manners, tmp_path: Path
) -> None:
    source = source_at(server, tmp_path / "copy")
    first = await source.fetch()
    assert len((await source.read(first)).files) == 100
    assert set(server.shown) == {None, HEADER}
    second = repository.commit({"a.yaml": "1"})
    third = repository.commit({"a.yaml": "2"})
    assert (await source.fetch()).id == third
    assert await source.advanced(first.id, third)
    assert not await source.advanced(third, second)


async def test_a_token_may_be_changed_between_two_fetches(
    repository: Repository, server: Manners, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    source = source_at(server, tmp_path / "copy", HttpsLogin(FromFile(str(file)), "git"))
    with pytest.raises(SourceError, match=r"cannot fetch .*no secret: the file .*/token cannot be read"):
        await source.fetch()
    assert server.shown == []
    file.write_text(f"{CANARY}\n", encoding="utf-8")
    assert (await source.fetch()).id == repository.tip()


@pytest.mark.parametrize(
    "token",
    [pytest.param("a\nb", id="of two lines"), pytest.param("a" * 8_193, id="of eight thousand letters")],
)
async def test_a_malformed_token_is_refused_without_showing_it(
    server: Manners, tmp_path: Path, token: str
) -> None:
    with pytest.raises(SourceError, match="its token is not one line of printable ASCII") as refused:
        await source_at(server, tmp_path / "copy", token=token).fetch()
    assert "aa" not in str(refused.value)
    assert server.shown == []


async def test_a_repository_that_asks_for_a_token_where_none_was_given_is_an_error(
    server: Manners, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match="give a reference to one"):
        await source_at(server, tmp_path / "copy", None).fetch()


async def test_a_refused_token_is_not_shown_even_if_the_server_repeats_it(
    server: Manners, tmp_path: Path
) -> None:
    server.password, server.echo = "another", True
    with pytest.raises(SourceError, match="the token was refused: has it expired") as refused:
        await source_at(server, tmp_path / "copy").fetch()
    assert HEADER in server.shown
    assert "***" in str(refused.value)
    assert_is_clean(str(refused.value))


def assert_is_clean(text: str) -> None:
    for spelling in (CANARY, quote(CANARY), quote(CANARY, safe=""), PAIR, CANARY.encode().hex()):
        assert spelling not in text


async def test_a_redirect_of_a_fetch_is_not_followed_and_no_token_is_sent(
    repository: Repository, server: Manners, tmp_path: Path
) -> None:
    with serving(repository.folder, password=CANARY) as elsewhere:
        server.redirect = f"http://127.0.0.1:{elsewhere.port}"
        with pytest.raises(SourceError, match="redirects are not followed"):
            await source_at(server, tmp_path / "copy").fetch()
        assert elsewhere.shown == []


@NEEDS_PROC
async def test_the_token_of_a_fetch_is_in_no_argument_no_variable_and_no_file(
    server: Manners, tmp_path: Path
) -> None:
    server.hold = True
    source = source_at(server, tmp_path / "copy")
    fetch = asyncio.create_task(source.fetch())
    assert await asyncio.to_thread(server.arrived.wait, 30)
    seen = {name: list(everywhere(name)) for name in ("cmdline", "environ")}
    assert any("git-remote-http" in one or "remote-http" in one for one in seen["cmdline"])
    for one in (*seen["cmdline"], *seen["environ"], *contents(tmp_path)):
        assert_is_clean(one)
    server.go.set()
    await source.read(await fetch)
    for one in contents(tmp_path):
        assert_is_clean(one)


@NEEDS_PROC
async def test_no_file_of_a_fetch_grows_past_a_bound(server: Manners, tmp_path: Path) -> None:
    server.hold = True
    fetch = asyncio.create_task(source_at(server, tmp_path / "copy").fetch())
    assert await asyncio.to_thread(server.arrived.wait, 30)
    pairs = zip(everywhere("cmdline"), everywhere("limits"), strict=False)
    bounds = [limits for command, limits in pairs if "remote-http" in command and server.url in command]
    server.go.set()
    await fetch
    assert bounds
    assert all(f"Max file size             {1024**3} " in limits for limits in bounds)


def everywhere(name: str) -> Iterator[str]:
    """Return a file of every process there is."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            yield (process / name).read_bytes().decode(errors="replace")
        except OSError:  # it ended meanwhile
            continue


def contents(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.read_bytes().decode(errors="replace")


def left_over(folder: Path) -> list[str]:
    return [one for one in everywhere("cmdline") if str(folder) in one]


async def test_a_fetch_that_takes_too_long_ends_with_all_its_processes(
    server: Manners, tmp_path: Path
) -> None:
    server.hold = True
    source = source_at(server, tmp_path / "copy", timeout=2)
    async with asyncio.timeout(20):
        with pytest.raises(SourceError, match=r"cannot fetch branch main of http.*: not complete after 2 s"):
            await source.fetch()
    assert left_over(tmp_path / "copy") == []


async def test_a_fetch_that_is_cancelled_ends_with_all_its_processes(
    repository: Repository, server: Manners, tmp_path: Path
) -> None:
    server.hold = True
    source = source_at(server, tmp_path / "copy")
    fetch = asyncio.create_task(source.fetch())
    assert await asyncio.to_thread(server.arrived.wait, 30)
    fetch.cancel()
    async with asyncio.timeout(20):
        with pytest.raises(asyncio.CancelledError):
            await fetch
    assert left_over(tmp_path / "copy") == []
    server.go.set()
    assert (await source.fetch()).id == repository.tip()


FETCHING = """
import asyncio, os, sys
from pathlib import Path
from controller.edges.source.git import GitSource, HttpsLogin, Remote
from controller.model.manifest import FromEnv

remote = Remote(sys.argv[1], "main", access=HttpsLogin(FromEnv("GIT_TOKEN")))
asyncio.run(GitSource(remote, Path(sys.argv[2]), os.environ).fetch())
"""


async def test_a_process_killed_during_a_fetch_leaves_nothing_harmful(
    repository: Repository, server: Manners, tmp_path: Path
) -> None:
    """Its git lives on for a while and may write, to a place that is never read."""
    copy = tmp_path / "copy"
    await source_at(server, copy).fetch()
    tip = repository.commit({"a.yaml": "1"})
    server.hold = True
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", FETCHING, server.url, str(copy), env={**os.environ, "GIT_TOKEN": CANARY}
    )
    assert await asyncio.to_thread(server.arrived.wait, 30)
    killed.kill()
    await killed.wait()
    server.hold = False
    source = source_at(server, copy)
    found = await source.read(await source.fetch())
    server.go.set()
    assert (found.revision, len(found.files)) == (tip, 1)
    assert await source.read(await source.fetch()) == found


async def test_a_proxy_is_used_and_its_password_is_not_shown(
    repository: Repository, server: Manners, tmp_path: Path
) -> None:
    proxy = f"http://ann:hunter2@127.0.0.1:{server.port}"
    remote = Remote("http://localhost:1/remote", "main", access=TOKEN, proxy=proxy)
    environ = {"PATH": os.environ["PATH"], "GIT_TOKEN": CANARY}
    source = GitSource(remote, tmp_path / "copy", environ)
    server.is_proxy = True
    assert (await source.fetch()).id == repository.tip()
    server.password, server.echo = "another", True
    with pytest.raises(SourceError, match="the token was refused") as refused:
        await source.fetch()
    assert "hunter2" not in str(refused.value)
    assert b64encode(b"ann:hunter2").decode() not in str(refused.value)
    assert "by way of Basic ***" in str(refused.value)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
async def test_a_certificate_is_checked_against_the_authority_that_was_given(
    repository: Repository, tmp_path: Path
) -> None:
    pem = certificate(tmp_path, "IP:127.0.0.1")
    with serving(repository.folder, password=CANARY, pem=pem) as server:
        environ = {"PATH": os.environ["PATH"], "GIT_TOKEN": CANARY}
        remote = Remote(server.url, "main", access=TOKEN, ca_file=str(pem))
        assert (await GitSource(remote, tmp_path / "copy", environ).fetch()).id == repository.tip()
        server.shown.clear()
        with pytest.raises(SourceError, match="certificate of its authority with --ca-file"):
            await GitSource(Remote(server.url, access=TOKEN), tmp_path / "other", environ).fetch()
        assert server.shown == []


def certificate(folder: Path, name: str) -> Path:
    """Make a certificate for *name*, signed by itself, with its key in one file."""
    both, key = folder / "both.pem", folder / "key.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    whom = ["-subj", "/CN=test", "-addext", f"subjectAltName={name}"]
    command = ["openssl", "req", "-x509", *curve, *whom, "-keyout", str(key), "-out", str(both)]
    subprocess.run(command, check=True, capture_output=True)
    both.write_text(both.read_text(encoding="ascii") + key.read_text(encoding="ascii"), encoding="ascii")
    return both


async def test_an_unreachable_git_server_is_an_error(repository: Repository, tmp_path: Path) -> None:
    with serving(repository.folder) as server:
        pass
    with pytest.raises(SourceError, match=r"git said: .*check the URL and the network"):
        await source_at(server, tmp_path / "copy").fetch()


SSH = """#!/bin/sh
for word; do printf '%s\\n' "$word" >> {log}; done
exec sh -c "$word"
"""


async def test_a_fetch_over_ssh_trusts_only_the_named_key_and_hosts(
    repository: Repository, tmp_path: Path
) -> None:
    programs, log = tmp_path / "programs", tmp_path / "log"
    programs.mkdir()
    (programs / "ssh").write_text(SSH.format(log=log), encoding="utf-8")
    (programs / "ssh").chmod(0o755)
    remote = Remote(
        f"ssh://git@host.example:2222{repository.folder}",
        "main",
        access=SshKey("/run/my keys/deploy", "/run/known hosts"),
    )
    environ = {"PATH": f"{programs}:{os.environ['PATH']}", "SSH_AUTH_SOCK": "/agent"}
    assert (await GitSource(remote, tmp_path / "copy", environ).fetch()).id == repository.tip()
    words = log.read_text(encoding="utf-8").splitlines()
    assert words[:2] == ["-F", "/dev/null"]
    assert {
        "StrictHostKeyChecking=yes",
        'UserKnownHostsFile="/run/known hosts"',
        "GlobalKnownHostsFile=/dev/null",
        'IdentityFile="/run/my keys/deploy"',
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        "BatchMode=yes",
    } <= set(words)
    assert words[-4:-1] == ["-p", "2222", "git@host.example"]


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        pytest.param("", "nothing", id="nothing at all"),
        pytest.param("a\n\n b \x1b[31m\n", r"a; b \x1b[31m", id="lines and colours"),
        pytest.param("1\n2\n3\n4\n5\n6", "3; 4; 5; 6", id="the last ones"),
        pytest.param("x hunter2&3 y", "x *** y", id="a secret"),
        pytest.param("x hunter2%263 y", "x *** y", id="a secret in a URL"),
        pytest.param("x aHVudGVyMiYz y", "x *** y", id="a secret in base64"),
        pytest.param("x" * 300, "x" * 199 + "…", id="too much"),
    ],
)
def test_messages_of_git_are_made_short_and_printable(words: str, shown: str) -> None:
    assert git_message(words, ["hunter2&3"]) == shown
