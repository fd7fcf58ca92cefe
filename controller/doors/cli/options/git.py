"""The options of a git repository that holds the manifests, and the remote that they describe."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from controller.doors.cli.options.connection import ConnectionOptions
from controller.doors.cli.options.mirrored import option, pack
from controller.edges.source.git import Access, HttpsLogin, Remote, Signers, SshKey
from controller.errors import Usage
from controller.model.manifest import FromEnv, FromFile

_OPTIONS = (
    option(
        "--git",
        "url",
        metavar="URL",
        help="A repository instead of folders: https://host/path or ssh://git@host/path.",
    ),
    option("--branch", metavar="NAME", help="Its branch. By default the remote's default branch."),
    option("--git-path", "path", metavar="DIR", help="The folder in it. By default its root."),
    option(
        "--git-copy", "copy", metavar="DIR", help="Where to keep a copy of it. By default a temporary folder."
    ),
    option(
        "--git-user", "user", metavar="NAME", default="git", show_default=True, help="The user of the token."
    ),
    option(
        "--git-token-file",
        "token_file",
        metavar="FILE",
        help="A token for https, instead of GUPSHUPCTL_GIT_TOKEN.",
    ),
    option("--git-ssh-key", "ssh_key", metavar="FILE", help="A private key for ssh."),
    option(
        "--git-known-hosts",
        "known_hosts",
        metavar="FILE",
        help="The host keys to trust. Needed with --git-ssh-key.",
    ),
    option(
        "--git-signers", "signers", metavar="FILE", help="Accept only commits that a key in this file signed."
    ),
    option("--git-revoked", "revoked", metavar="FILE", help="Keys whose signatures no longer count."),
)


@dataclass(frozen=True, slots=True)
class GitOptions:
    """A branch of a repository and the access to it, as they were typed. *url* is None without `--git`."""

    url: str | None
    branch: str | None
    path: str | None
    copy: str | None
    user: str
    token_file: str | None
    ssh_key: str | None
    known_hosts: str | None
    signers: str | None
    revoked: str | None

    def remote(self, url: str, connection: ConnectionOptions) -> Remote:
        """Return the remote at *url*, checked. Raises Usage."""
        signers = Signers(self.signers, self.revoked) if self.signers else None
        over_ssh = self.ssh_key is not None
        return Remote(
            url,
            self.branch,
            self.path or "",
            self._access(),
            signers,
            None if over_ssh else connection.ca_file,
            None if over_ssh else connection.proxy,
        )

    def _access(self) -> Access | None:
        if self.ssh_key is not None:
            if self.known_hosts is None:
                raise Usage("--git-ssh-key needs --git-known-hosts: no host is trusted without it")
            return SshKey(self.ssh_key, self.known_hosts)
        if self.token_file is not None:
            return HttpsLogin(FromFile(self.token_file), self.user)
        token = os.environ.get("GUPSHUPCTL_GIT_TOKEN") or os.environ.get("GUPSHUPCTL_GIT_TOKEN_FILE")
        return HttpsLogin(FromEnv("GUPSHUPCTL_GIT_TOKEN"), self.user) if token else None


def git_options(function: Callable[..., int]) -> Callable[..., int]:
    """Add the options; they arrive as one `git`."""
    return pack(function, "git", GitOptions, _OPTIONS)
