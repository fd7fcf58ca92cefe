"""The location of the store: the default place, and what a `--store` means."""

import re
from collections.abc import Mapping
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
    """Return `.gupshupctl/state.db` in the git root that *cwd* lies in, else in *cwd* itself."""
    here = cwd.absolute()
    roots = (folder for folder in (here, *here.parents) if (folder / ".git").exists())
    return next(roots, here) / FOLDER / "state.db"


def chosen_location(given: str | None, environ: Mapping[str, str], cwd: Path) -> str:
    """Return the location *given*, else what the file of GUPSHUPCTL_STORE_FILE holds, else the default.

    That file is for a location with a password in it. Usage if it cannot be read.
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
    """Return the file, or the database of a server, that *location* means; anything else is Usage.

    What is said of a URL never quotes it: it may hold a password.
    """
    if not location.strip():
        raise Usage(f"the store's location is empty: {_FORMS}")
    if "://" not in location:
        return Path(location).absolute()
    if _POSTGRESQL.match(location):
        return _database(location)
    parts = urlsplit(location)
    if parts.scheme != "sqlite":
        raise Usage(f"a store at {parts.scheme}:// is not supported: {_FORMS}")
    if parts.netloc or len(parts.path) < 2:  # noqa: PLR2004  (a slash and one more)
        raise Usage("a store's URL is sqlite:///relative/path or sqlite:////absolute/path")
    return Path(unquote(parts.path[1:])).absolute()


def _database(location: str) -> URL:
    try:
        url = make_url(location.strip())
    except (ArgumentError, ValueError):
        raise Usage(f"the store's location is no URL that can be read: write {_EXAMPLE}") from None
    if not url.database:
        raise Usage(f"the store's location names no database: write {_EXAMPLE}")
    if "@" in f"{url.host}{url.database}":
        raise Usage(
            f"the store's location has an @ too many: write {_EXAMPLE}, and any @ : / % in the password as "
            "%40 %3A %2F %25"
        )
    return url.set(drivername="postgresql+psycopg")


def place_of(url: URL) -> str:
    """Return *url* for people: whose database where, without a password or what else it may hold."""
    query = {name: url.query[name] for name in ("host", "port") if name in url.query}
    shown = URL.create("postgresql", url.username, None, url.host, url.port, url.database, query)
    return shown.render_as_string()
