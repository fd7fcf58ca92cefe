"""Secrets from the environment and from files: a reference goes in, a `Secret` comes out, read each time."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from controller.edges import settings
from controller.errors import Denied
from controller.model.grant import Grant, is_service_account
from controller.model.manifest import FromEnv, FromFile, Reference
from controller.model.secret import Secret

_LONGEST = 64 * 1024
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"  # what some editors begin a UTF-8 file with


def reveal(reference: Reference, environ: Mapping[str, str]) -> Secret:
    """Return the value of an operator's *reference*, without a byte order mark and trailing line ends.

    An environment variable wins over the file that its `_FILE` twin names. Raises Denied if the value is
    missing, empty, unreadable, too long or no UTF-8. The error names the reference and never a value.
    """
    match reference:
        case FromFile(path):
            return _from_file(path, f"the file {path}")
        case FromEnv(name) if environ.get(name):
            return _checked(environ[name], f"the environment variable {name}")
        case FromEnv(name) if environ.get(f"{name}_FILE"):
            path = environ[f"{name}_FILE"]
            return _from_file(path, f"the file {path} that {name}_FILE names")
        case FromEnv(name):
            raise Denied(
                f"no secret: neither {name} nor {name}_FILE is set in the environment; set one of them"
            )


def reveal_credential(reference: Reference, environ: Mapping[str, str]) -> Secret:
    """Return the credential that a manifest references; Denied if the operator did not grant it."""
    return reveal(_granted(reference, settings.credentials(environ), "credential"), environ)


def reveal_header(reference: Reference, environ: Mapping[str, str]) -> Secret:
    """Return the value that a manifest references for an HTTP header.

    Denied if the operator did not grant it to headers, or if the value does not fit into a header.
    """
    secret = reveal(_granted(reference, settings.headers(environ), "header"), environ)
    if not secret.fits_header():
        raise Denied(
            f"the secret from {_named(reference)} cannot be an HTTP header: a header is printable ASCII "
            "without line breaks",
        )
    return secret


def _granted(reference: Reference, grant: Grant, purpose: str) -> Reference:
    """Return *reference*, a file by its real path: the target of a link must be granted as well.

    Decoding checked only the names, and a file or a link may have changed since.
    """
    match reference:
        case FromEnv(name) if grant.allows_variable(name):
            return reference
        case FromFile(path) if _by_real_paths(grant).holds(real := _real(path)):
            return FromFile(real)
        case _:
            raise Denied(
                f"no secret: {_named(reference)} may not be read for a {purpose}; `gupshupctl validate` "
                "names the setting that allows it, and the target of a link must be allowed, too"
            )


def _by_real_paths(grant: Grant) -> Grant:
    return replace(
        grant,
        folder=grant.folder and _real(grant.folder),
        excluded=grant.excluded and _real(grant.excluded),
        files=frozenset(map(_real, grant.files)),
        taken={_real(path): name for path, name in grant.taken.items()},
    )


def _real(path: str) -> str:
    try:
        return os.path.realpath(path)
    except ValueError:
        return path  # a path with a zero byte names no file


def _from_file(path: str, source: str) -> Secret:
    if is_service_account(real := _real(path)):
        raise Denied(f"no secret: {source} is a token of Kubernetes for this pod, which is never read")
    try:
        with Path(real).open("rb") as file:
            content = file.read(_LONGEST + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no usable path"
        raise Denied(
            f"no secret: {source} cannot be read ({why}); check the path and its permissions"
        ) from None
    if len(content) > _LONGEST:
        raise Denied(f"no secret: {source} is larger than {_LONGEST} bytes; is it the right file?")
    try:
        return _checked(content.decode(), source)
    except UnicodeDecodeError:
        raise Denied(f"no secret: {source} is not UTF-8; is it the right file?") from None


def _checked(text: str, source: str) -> Secret:
    value = text.removeprefix(_MARK).rstrip("\r\n")
    if not value:
        raise Denied(f"no secret: {source} is empty")
    return Secret(value)


def _named(reference: Reference) -> str:
    return reference.name if isinstance(reference, FromEnv) else reference.path
