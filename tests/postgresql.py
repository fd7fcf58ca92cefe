"""A PostgreSQL server of our own: in a folder that goes away, on the loopback, as a user without rights."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

REQUIRED = "GUPSHUPCTL_TEST_POSTGRESQL"
USER, PASSWORD = "gups", "pass/word%with@signs"
_NUMBERS = count(1)
_SETTINGS = {
    "autovacuum": "off",  # it comes when it likes: tests of what it does do that themselves
    "fsync": "off",
    "synchronous_commit": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": 60,
}


class Server:
    """One cluster. Everybody may come in by the socket; by TCP it asks for a password."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self.folder = folder
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "password").write_text(PASSWORD)
        self._give_away()
        auth = ("--auth-local", "trust", "--auth-host", "scram-sha-256", "--pwfile", folder / "password")
        form = ("--username", USER, "--encoding", "UTF8", "--locale", "C", "--no-sync")
        self._run("initdb", *form, *auth, "-D", self._data)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        """Start it, and return when it answers."""
        settings = {**_SETTINGS, "port": self.port, "unix_socket_directories": self.folder}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                user=_user(),
                process_group=0,  # what ends the tests' own processes does not end it first
            )
        self._run("pg_isready", "--quiet", "--timeout=0", again=True)

    def stop(self) -> None:
        """End it at once, and every connection with it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)
            self._process = None

    def connect(self, database: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host=str(self.folder), port=self.port, user=USER, dbname=database, autocommit=True
        )

    def database(self, options: LiteralString = "") -> str:
        """Make a database, with *options* in SQL, and return its name."""
        name = f"store{next(_NUMBERS)}"
        with self.connect() as connection:
            made = sql.SQL("CREATE DATABASE {} ").format(sql.Identifier(name)) + sql.SQL(options)
            connection.execute(made)
        return name

    def url(self, database: str, **query: str) -> str:
        """Return where *database* is, by the socket."""
        more = "".join(f"&{name}={value}" for name, value in query.items())
        return f"postgresql://{USER}@/{database}?host={self.folder}&port={self.port}{more}"

    def _run(self, program: str, *words: str | Path, again: bool = False) -> None:
        command = [self._programs / program, *words]
        if again:
            command += ["--host", self.folder, "--port", str(self.port)]
        while True:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, cwd=self.folder, user=_user()
            )
            if done.returncode == 0:
                return
            assert again, done.stderr
            assert self._process is not None
            assert self._process.poll() is None, (self.folder / "log").read_text()

    def _give_away(self) -> None:
        user = _user()
        if user is not None:
            owner = pwd.getpwnam(user)
            for path in (self.folder, *self.folder.iterdir()):
                os.chown(path, owner.pw_uid, owner.pw_gid)


def _user() -> str | None:
    """Return who is to run it, None for ourselves: root may not."""
    return "nobody" if os.getuid() == 0 else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _programs() -> Path | None:
    """Return the folder of the newest server that is installed."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    found = shutil.which("postgres")
    chosen = debian[-1] if debian else Path(found).resolve() if found else None
    return None if chosen is None else chosen.parent


@contextmanager
def running() -> Iterator[Server]:
    """Run a server; skips the test where none is installed, unless GUPSHUPCTL_TEST_POSTGRESQL=required."""
    programs = _programs()
    if programs is None:
        if os.environ.get(REQUIRED) == "required":
            pytest.fail("no PostgreSQL server is installed, and the tests are told that it must be")
        pytest.skip("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short, for the socket's name, and open to another user
    server: Server | None = None
    try:
        server = Server(programs, folder)
        server.start()
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder)
