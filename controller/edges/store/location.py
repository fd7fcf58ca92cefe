"""Where the store lies: the default place, and the file that a `--store` means."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from controller.errors import Usage

FOLDER = ".gupshupctl"


def default_location(cwd: Path) -> Path:
    """Return `.gupshupctl/state.db` in the git root that *cwd* lies in, else in *cwd* itself."""
    here = cwd.absolute()
    roots = (folder for folder in (here, *here.parents) if (folder / ".git").exists())
    return next(roots, here) / FOLDER / "state.db"


def store_file(location: str) -> Path:
    """Return the file that *location* names, a path or `sqlite:///` and a path; anything else is Usage."""
    if not location.strip():
        raise Usage("the store's location is empty: give a path, or sqlite:///path")
    if "://" not in location:
        return Path(location).absolute()
    parts = urlsplit(location)
    if parts.scheme != "sqlite":
        raise Usage(f"a store at {parts.scheme}:// is not supported: give a path, or sqlite:///path")
    if parts.netloc or len(parts.path) < 2:  # noqa: PLR2004  (a slash and one more)
        raise Usage("a store's URL is sqlite:///relative/path or sqlite:////absolute/path")
    return Path(unquote(parts.path[1:])).absolute()
