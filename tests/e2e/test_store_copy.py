"""`gupshupctl store copy`: to a server and back, every verb says the same; not while anybody writes."""

from pathlib import Path
from urllib.parse import quote

from tests.e2e.world import AMPLE, HASTY, THREE, World, world
from tests.postgresql import PASSWORD, USER, Server

FILE = ".gupshupctl/state.db"
VERBS = ("get", "get subscriptions", "get partners", "events", "describe AppOne")


def said(there: World, store: str) -> list[object]:
    """Return what the verbs tell of the store at *store*."""
    told = [there.run(*verb.split(), "-o", "json", "--store", store).json() for verb in VERBS]
    return [*told, there.plan("--store", store).json()["summary"]]


def by_password(server: Server) -> str:
    """Return a new database as one comes to it by TCP, with the password in its URL."""
    return f"postgresql://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{server.port}/{server.database()}"


def test_a_store_moves_to_a_server_and_back_and_every_verb_says_the_same(
    tmp_path: Path, server: Server
) -> None:
    url = by_password(server)
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, *THREE)
        assert there.apply("--wait").code == 0
        before = said(there, FILE)
        for source, target in ((FILE, url), (url, "back.db")):
            done = there.run("store", "copy", source, target)
            assert done.code == 0, done.err
            assert "history" in done.out
            assert PASSWORD not in done.out + done.err
            assert quote(PASSWORD, safe="") not in done.out + done.err
            assert said(there, target) == before
        again = there.run("store", "copy", FILE, url)
        assert (again.code, "something is there already" in again.err) == (1, True)
        assert quote(PASSWORD, safe="") not in again.err
        assert there.apply("--store", url).summary == {"unchanged": 6}


def test_a_store_is_not_copied_while_run_writes_to_it(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, *THREE)
        options = ("--manifests", "manifests", "--listen", "127.0.0.1:0", "--log-level", "info")
        with there.going("run", *options) as run:
            run.said("pass done")
            refused = there.run("store", "copy", FILE, "to.db")
        assert (refused.code, "another writer holds it" in refused.err) == (8, True), refused.err
        assert not (tmp_path / "to.db").exists()
        assert there.run("store", "copy", FILE, "to.db").code == 0
