"""Settings for manifests: environment variables go in, rules come out. No credential is read."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from controller.errors import ControllerError
from controller.model.grant import Grant, is_below
from controller.model.source import Rules

_LONGEST = 4_096
_CREDENTIALS, _HEADERS = "GUPSHUPCTL_CREDENTIALS_DIR", "GUPSHUPCTL_HEADER_DIR"
_SECRETS = "/run/secrets"
_TWIN = "_FILE"


def rules(environ: Mapping[str, str]) -> Rules:
    """Return what the environment allows and sets by default. An empty variable counts as unset.

    Raises ControllerError if a file that GUPSHUP_URL_FILE or GUPSHUP_PARTNER_ID_FILE names cannot be read.
    """
    return Rules(
        url=_held(environ, "GUPSHUP_URL") or Rules().url,
        allowed_urls=_words(environ.get("GUPSHUPCTL_ALLOW_URLS", "")),
        token_given=any(
            environ.get(name) for name in ("GUPSHUP_PARTNER_TOKEN", "GUPSHUP_PARTNER_TOKEN_FILE")
        ),
        credentials=credentials(environ),
        headers=headers(environ),
        partner_id=_held(environ, "GUPSHUP_PARTNER_ID"),
    )


def credentials(environ: Mapping[str, str]) -> Grant:
    """Return what the credentials of a Partner may name."""
    listed = frozenset(_words(environ.get("GUPSHUPCTL_CREDENTIALS_ALLOW", "")))
    folder, others = _folder(environ, _CREDENTIALS), _folder(environ, _HEADERS)
    excluded = others if others and is_below(others, folder) else None
    return _with_files(environ, Grant("GUPSHUP_", listed, folder, excluded))


def headers(environ: Mapping[str, str]) -> Grant:
    """Return what the headers of a Subscription may name. Headers go to hosts that a manifest chooses.

    Files in the folder of credentials are therefore not allowed, even if both purposes share one folder.
    """
    folder, others = _folder(environ, _HEADERS), _folder(environ, _CREDENTIALS)
    excluded = others if folder and others and is_below(f"{others}/", folder) else None
    return _with_files(environ, Grant("HOOK_", folder=folder, excluded=excluded))


def _folder(environ: Mapping[str, str], setting: str) -> str | None:
    given = environ.get(setting) or (_SECRETS if setting == _CREDENTIALS else "")
    return _absolute(given) if given else None


def _with_files(environ: Mapping[str, str], grant: Grant) -> Grant:
    """Add the files that variables name: those for this purpose, and those that are taken for others.

    A variable names a file if its name ends in `_FILE`, or if its value is a path, as in
    GOOGLE_APPLICATION_CREDENTIALS.
    """
    files: set[str] = set()
    taken: dict[str, str] = {}
    for name, value in sorted(environ.items()):
        if value and name.endswith(_TWIN) and grant.allows_variable(name.removesuffix(_TWIN)):
            files.add(_absolute(value))
        elif not grant.allows_variable(name) and (value.startswith("/") or (value and name.endswith(_TWIN))):
            taken[_absolute(value)] = name
    return replace(grant, files=frozenset(files), taken=taken)


def _absolute(path: str) -> str:
    return str(Path(path).absolute())


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _held(environ: Mapping[str, str], name: str) -> str:
    """Return the value of the variable, or of the file that its `_FILE` twin names; "" if neither is set."""
    if given := environ.get(name):
        return given
    path = environ.get(f"{name}_FILE")
    if not path:
        return ""
    try:
        with Path(path).open(encoding="utf-8-sig") as file:
            return file.read(_LONGEST).strip()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no UTF-8"
        raise ControllerError(f"cannot read {name}_FILE ({path}): {why}; name a readable file") from error
