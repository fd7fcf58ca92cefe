"""Secrets from the environment and from files: a reference comes in, a `Secret` goes out, read anew."""

from collections.abc import Mapping
from pathlib import Path

from controller.errors import Denied
from controller.model.manifest import FromEnv, FromFile, Reference
from controller.model.secret import Secret

_LONGEST = 64 * 1024


def reveal(reference: Reference, environ: Mapping[str, str]) -> Secret:
    """Return what *reference* stands for, without the one newline that may end it.

    An environment variable wins over the file that its `_FILE` twin names. Raises Denied, which names the
    reference and never a value, where it is missing, empty, unreadable, too long or no UTF-8.
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


def reveal_header(reference: Reference, environ: Mapping[str, str]) -> Secret:
    """Return what *reference* stands for, as an HTTP header's value; Denied where it cannot be one."""
    secret = reveal(reference, environ)
    if not secret.fits_header():
        raise Denied(
            f"the secret from {_named(reference)} cannot be an HTTP header: only printable ASCII can, "
            "without line breaks",
        )
    return secret


def _from_file(path: str, source: str) -> Secret:
    try:
        with Path(path).open("rb") as file:
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
    value = text.removesuffix("\n").removesuffix("\r")
    if not value:
        raise Denied(f"no secret: {source} is empty")
    return Secret(value)


def _named(reference: Reference) -> str:
    return reference.name if isinstance(reference, FromEnv) else reference.path
