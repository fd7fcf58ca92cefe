"""The remote repository and the way to it: options that people typed go in, checked values come out."""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import NamedTuple, TypeAlias
from urllib.parse import SplitResult, urlsplit

from controller.errors import Usage
from controller.model.manifest import Reference

_SCP_LIKE = re.compile(r"\w[\w.-]*@\w[\w.-]*:[^\s:-][^\s]*")
_NO_BRANCH = re.compile(r"^[-/.]|\.\.|//|/\.|@\{|[\x00-\x20\x7f~^:?*\[\\]|\.lock(/|$)|[/.]$|^@$")
_STEERS_SSH = re.compile(r'["%$~\\]')  # characters that end, quote or expand a file name in an option of ssh


@dataclass(frozen=True, slots=True)
class HttpsLogin:
    """A user and a reference to the token, which is sent as the password."""

    token: Reference
    user: str = "git"


@dataclass(frozen=True, slots=True)
class SshKey:
    """The file of a private key, and the file of trusted host keys. No other keys are used or trusted."""

    file: str
    known_hosts: str


@dataclass(frozen=True, slots=True)
class Signers:
    """The signers that are accepted: an `allowed_signers` file of ssh-keygen, and a file of revoked keys."""

    allowed: str
    revoked: str | None = None


Access: TypeAlias = HttpsLogin | SshKey


class GitEndpoint(NamedTuple):
    """The protocol of a repository, and the origin to which its token may be sent."""

    protocol: str
    origin: str


@dataclass(frozen=True, slots=True)
class Remote:
    """A branch of a repository and the folder in it. `branch=None` is the branch of the remote's HEAD.

    *url* is https, ssh (also `user@host:path`), http on loopback, or with *local* a `file:///…`.
    *signers* is None if commits need no signature. *proxy* may hold credentials. Raises Usage if a value
    cannot be used; the error never quotes a password.
    """

    url: str
    branch: str | None = None
    path: str = ""
    access: Access | None = None
    signers: Signers | None = None
    ca_file: str | None = None
    proxy: str | None = field(default=None, repr=False)
    local: bool = False
    endpoint: GitEndpoint = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "endpoint", _endpoint(self.url, local=self.local))
        object.__setattr__(self, "path", _folder(self.path))
        if self.branch is not None and _NO_BRANCH.search(self.branch or "-"):
            raise Usage(f"{self.branch!r} is no name of a branch; write it as `git branch` shows it")
        _check_access(self.endpoint, self.access)
        if self.proxy is not None:
            _check_proxy(self.endpoint, self.proxy)

    @property
    def ref(self) -> str:
        return "HEAD" if self.branch is None else f"refs/heads/{self.branch}"

    @property
    def identity(self) -> str:
        """A name that only this source has."""
        return f"{self.url}#{self.branch or 'HEAD'}:{self.path}"

    def __str__(self) -> str:
        return f"{'the default branch' if self.branch is None else f'branch {self.branch}'} of {self.url}"


def _endpoint(url: str, *, local: bool) -> GitEndpoint:
    if url != url.strip() or not url.isprintable() or " " in url:
        raise Usage("the repository's URL holds spaces or characters that cannot be shown; check it")
    if "://" not in url and _SCP_LIKE.fullmatch(url):
        return GitEndpoint("ssh", "")
    try:
        parts = urlsplit(url)
        host, origin = parts.hostname or "", f"{parts.scheme}://{parts.netloc}"
    except ValueError:
        raise Usage(
            "the repository's URL is malformed; write https://host/path or ssh://git@host/path"
        ) from None
    if parts.scheme == "file" and local and not parts.netloc:
        return GitEndpoint("file", "")
    if parts.scheme in {"https", "ssh"} or (parts.scheme == "http" and _is_loopback(host)):
        _check_url(parts, host)
        return GitEndpoint(parts.scheme, origin)
    raise Usage(
        "a repository is reached by https or ssh: write https://host/path, ssh://git@host/path or "
        "git@host:path (http only on loopback)"
    )


def _check_url(parts: SplitResult, host: str) -> None:
    if parts.password is not None or (parts.scheme != "ssh" and parts.username is not None):
        raise Usage(
            f"the URL of the repository at {host} holds credentials: remove them, replace them at their "
            "issuer, and give a reference to the new ones"
        )
    if not host or host.startswith("-") or parts.netloc.startswith("-"):
        raise Usage("the repository's URL names no host; write https://host/path or ssh://git@host/path")
    if parts.query or parts.fragment:
        raise Usage(f"the URL of the repository at {host} holds a query or a fragment; remove it")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _folder(path: str) -> str:
    """Return *path* as git writes folders: without `.`, and without a slash at either end."""
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if path.startswith(("-", "/")) or ".." in parts or not path.isprintable():
        raise Usage(f"{path!r} is no folder of a repository: write it from its root, without '..'")
    return "/".join(parts)


def _check_access(endpoint: GitEndpoint, access: Access | None) -> None:
    match access:
        case SshKey(file, known_hosts):
            if endpoint.protocol != "ssh":
                raise Usage("an ssh key goes with an ssh URL; use a token for https")
            _check_ssh_files(file, known_hosts)
        case HttpsLogin(_, user):
            if endpoint.protocol not in {"http", "https"}:
                raise Usage("a token goes with an https URL; use a key for ssh")
            if not user or not user.isprintable():
                raise Usage("the user that goes with the token is empty or cannot be shown; try `git`")
        case None if endpoint.protocol == "ssh":
            raise Usage(
                "an ssh URL needs a key file and a known_hosts file; the agent and ~/.ssh are not used"
            )


def _check_proxy(endpoint: GitEndpoint, proxy: str) -> None:
    if endpoint.protocol not in {"http", "https"}:
        raise Usage("a proxy goes with an https URL; ssh is reached directly")
    if not re.fullmatch(r"https?://[^\s/]+/?", proxy):
        raise Usage("the proxy is no usable URL; it should look like http://proxy.example:3128")


def _check_ssh_files(*files: str) -> None:
    for file in files:
        if not file or not file.isprintable() or _STEERS_SSH.search(file):
            raise Usage(
                f"{file!r} cannot be passed to ssh; rename it, without quotes, %, $, ~ and backslashes"
            )
