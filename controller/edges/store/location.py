"""Location of the store: the default one, and the one that a `--store` names."""

import os
import re
import shlex
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from controller.errors import Usage

FOLDER = ".gupshupctl"
VARIABLE = "GUPSHUPCTL_STORE_FILE"

_POSTGRESQL = re.compile(r"(?:postgres|postgresql|postgresql\+psycopg)://", re.IGNORECASE)
_EXAMPLE = "postgresql://user@host/database"
_FORMS = f"give a path, sqlite:///path, or {_EXAMPLE}"
_LONGEST = 4096


def default_location(cwd: Path) -> Path:
    """Return `.gupshupctl/state.db` in the git root above *cwd*, or in *cwd* if there is none."""
    here = cwd.absolute()
    roots = (folder for folder in (here, *here.parents) if (folder / ".git").exists())
    return next(roots, here) / FOLDER / "state.db"


def chosen_location(given: str | None, environ: Mapping[str, str], cwd: Path) -> str:
    """Return the location *given*, else the content of the file of GUPSHUPCTL_STORE_FILE, else the default.

    The file is for a location with a password in it. Usage if the file cannot be read.
    """
    if given is not None:
        return given
    name = environ.get(VARIABLE)
    return str(default_location(cwd)) if not name else _held(Path(name))


def _held(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(_LONGEST).strip()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise Usage(f"the file {path} that {VARIABLE} names cannot be read: {why}") from None
    if not text:
        raise Usage(f"the file {path} that {VARIABLE} names is empty: {_FORMS}")
    return text


def located(location: str) -> Path | URL:
    """Return the file or the URL of the database that *location* names. Anything else is Usage.

    An error never quotes a URL: it may hold a password.
    """
    if not location.strip():
        raise Usage(f"the store's location is empty: {_FORMS}")
    if "://" not in location:
        return _followed(Path(location))
    if _POSTGRESQL.match(location):
        return _database(location)
    parts = urlsplit(location)
    if parts.scheme != "sqlite":
        raise Usage(f"a store at {parts.scheme}:// is not supported: {_FORMS}")
    if parts.netloc or len(parts.path) < 2:  # noqa: PLR2004  (a slash and one more)
        raise Usage("a store's URL is sqlite:///relative/path or sqlite:////absolute/path")
    return _followed(Path(unquote(parts.path[1:])))


def _followed(path: Path) -> Path:
    """Return the file itself, also if *path* is a link to it: the locks of a store stand beside its file."""
    with suppress(OSError):
        if path.is_symlink():
            return Path(os.path.realpath(path))
    return path.absolute()


def _database(location: str) -> URL:
    try:
        url = make_url(location.strip())
    except (ArgumentError, ValueError):
        raise Usage(f"the store's location is no URL that can be read: write {_EXAMPLE}") from None
    if not url.database:
        raise Usage(f"the store's location names no database: write {_EXAMPLE}")
    if "@" in f"{url.host}{url.database}":
        raise Usage(
            f"the store's location has one @ too many: write {_EXAMPLE}, and any @ : / % in the password as "
            "%40 %3A %2F %25"
        )
    return url.set(drivername="postgresql+psycopg")


def store_words(given: str | None) -> tuple[str, ...]:
    """Return the words of a command line that name the store that was *given*, none for the usual place.

    A database is named by the variable, because its URL may hold a password.
    """
    if given is None:
        return ()
    place = located(given)
    return ("--store", shlex.quote(str(place)) if isinstance(place, Path) else '"$GUPSHUPCTL_STORE"')


def place_of(url: URL) -> str:
    """Return *url* for people: user, server and database, without a password or other parameters."""
    query = {name: url.query[name] for name in ("host", "port") if name in url.query}
    shown = URL.create("postgresql", url.username, None, url.host, url.port, url.database, query)
    return shown.render_as_string()
