"""What one line of a manifest can send where: nothing that the operator did not hand out, in any verb."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.world import World, app, world

CANARY = "canary-of-a-cloud-4711"
VERBS = [
    pytest.param(("plan",), id="plan"),
    pytest.param(("apply", "--yes"), id="apply"),
    pytest.param(("run", "--once"), id="run --once"),
]
LOGIN = "email: {env: GUPSHUP_EMAIL}, secret: {env: GUPSHUP_SECRET}"


def partner(credentials: str, url: str) -> str:
    head = "apiVersion: gupshup.controller/v1\nkind: Partner\nmetadata: {name: main}\n"
    return f"{head}spec:\n  url: {url}\n  credentials: {{{credentials}}}\n"


@contextmanager
def listener() -> Iterator[tuple[int, socket.socket]]:
    """Listen on a port of this machine as a database without a password would."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server.getsockname()[1], server


def reached(server: socket.socket) -> bool:
    try:
        server.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Have a cloud's key in a variable, in a file, and behind a link from where credentials lie."""
    folder = tmp_path_factory.mktemp("reach")
    with world(folder) as there:
        (folder / "key").write_text(CANARY, encoding="utf-8")
        (folder / "secrets").mkdir()
        (folder / "secrets/linked").symlink_to(folder / "key")
        (folder / "secrets/ours").write_text(CANARY, encoding="utf-8")
        there.environ |= {"CLOUD_KEY": CANARY, "GUPSHUPCTL_CREDENTIALS_DIR": str(folder / "secrets")}
        yield there


def store(folder: Path) -> tuple[str, ...]:
    return "--store", str(folder / "state.db")


@pytest.mark.parametrize("verb", VERBS)
def test_a_port_of_this_machine_is_not_reached_before_the_operator_allows_it(
    there: World, tmp_path: Path, verb: tuple[str, ...]
) -> None:
    with listener() as (port, server):
        there.declare(partner(LOGIN, f"http://127.0.0.1:{port}"), app("AppOne", 1))
        done = there.run(*verb, *store(tmp_path))
        assert done.code == 3 or (verb[0] == "run" and done.code)
        assert f"set GUPSHUPCTL_ALLOW_URLS=http://127.0.0.1:{port}" in done.out + done.err
        assert not reached(server)


@pytest.mark.parametrize("verb", VERBS)
def test_a_variable_that_was_not_handed_out_is_not_sent(
    there: World, tmp_path: Path, verb: tuple[str, ...]
) -> None:
    there.declare(
        partner("email: {env: GUPSHUP_EMAIL}, secret: {env: CLOUD_KEY}", there.url), app("AppOne", 1)
    )
    before = len(there.calls())
    done = there.run(*verb, *store(tmp_path))
    assert done.code == 3 or (verb[0] == "run" and done.code)
    assert "GUPSHUPCTL_CREDENTIALS_ALLOW" in done.out + done.err
    assert CANARY not in done.out + done.err
    assert not there.calls(since=before)


@pytest.mark.parametrize("verb", VERBS)
def test_a_file_behind_a_link_out_of_its_folder_is_not_sent(
    there: World, tmp_path: Path, verb: tuple[str, ...]
) -> None:
    """By its name it is below the folder of credentials; where it is read it shows that it is not."""
    there.declare(partner("email: {env: GUPSHUP_EMAIL}, secret: {file: linked}", there.url), app("AppOne", 1))
    before = len(there.calls())
    done = there.run(*verb, *store(tmp_path))
    assert done.code == 7
    assert "may not be read" in done.out + done.err or verb[0] == "run"
    assert CANARY not in done.out + done.err
    assert not there.calls(since=before)


def test_a_file_of_the_controller_is_no_credential(there: World, tmp_path: Path) -> None:
    """Whether a flag names it or a variable."""
    there.declare(partner("email: {env: GUPSHUP_EMAIL}, secret: {file: ours}", there.url), app("AppOne", 1))
    ours = str(there.folder / "secrets/ours")
    before = len(there.calls())
    for done in (
        there.run("run", "--once", "--git-token-file", ours, *store(tmp_path)),
        there.run("plan", GUPSHUPCTL_AUTH_TOKEN_FILE=ours),
    ):
        assert done.code != 0
        assert "that no other variable names" in done.out + done.err
    assert not there.calls(since=before)
    assert there.run("plan").code == 7, "it would be sent, and is the wrong one"
    assert len(there.calls("login", since=before)) == 1


def test_variables_and_files_that_were_handed_out_are_used(there: World, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("\ufeff" + there.environ["GUPSHUP_SECRET"] + "\r\n\n", encoding="utf-8")
    there.declare(partner(f"email: {{env: MAIL}}, secret: {{file: {secret}}}", there.url), app("AppOne", 1))
    more = {"GUPSHUPCTL_CREDENTIALS_ALLOW": "MAIL", "MAIL": there.environ["GUPSHUP_EMAIL"]}
    assert there.plan(**more).code == 3
    assert there.plan(GUPSHUP_ASIA_FILE=str(secret), **more).code == 0
