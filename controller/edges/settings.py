"""What the environment says about manifests: variables go in, rules come out; no credential is read."""

from collections.abc import Mapping
from pathlib import Path

from controller.errors import ControllerError
from controller.model.source import Rules

_LONGEST = 4_096


def rules(environ: Mapping[str, str]) -> Rules:
    """Return what the surroundings allow and mean by default; an empty variable counts as none.

    Raises ControllerError where the file that GUPSHUP_URL_FILE names cannot be read.
    """
    folder = environ.get("GUPSHUPCTL_HEADER_DIR")
    return Rules(
        url=_url(environ) or Rules().url,
        allowed_urls=tuple(environ.get("GUPSHUPCTL_ALLOW_URLS", "").replace(",", " ").split()),
        header_dir=str(Path(folder).absolute()) if folder else None,
        token_given=any(
            environ.get(name) for name in ("GUPSHUP_PARTNER_TOKEN", "GUPSHUP_PARTNER_TOKEN_FILE")
        ),
    )


def _url(environ: Mapping[str, str]) -> str | None:
    if given := environ.get("GUPSHUP_URL"):
        return given
    path = environ.get("GUPSHUP_URL_FILE")
    if not path:
        return None
    try:
        with Path(path).open(encoding="utf-8") as file:
            return file.read(_LONGEST).strip() or None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no UTF-8"
        raise ControllerError(
            f"cannot read GUPSHUP_URL_FILE ({path}): {why}; name a readable file"
        ) from error
