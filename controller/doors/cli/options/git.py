"""The options of a git repository that holds the manifests, and the remote that they describe."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from controller.doors.cli.options.connection import ConnectionOptions
from controller.doors.cli.options.mirrored import option
from controller.edges.source.git import Access, HttpsLogin, Remote, Signers, SshKey
from controller.errors import Usage
from controller.model.manifest import FromEnv, FromFile

_OPTIONS = (
    option(
        "--git",
        metavar="URL",
        help="A repository instead of folders: https://host/path or ssh://git@host/path.",
    ),
    option("--branch", metavar="NAME", help="Its branch. By default the remote's default branch."),
    option("--git-path", metavar="DIR", default=None, help="The folder in it. By default its root."),
    option("--git-copy", metavar="DIR", help="Where to keep a copy of it. By default a temporary folder."),
    option("--git-user", metavar="NAME", default="git", show_default=True, help="The user of the token."),
    option("--git-token-file", metavar="FILE", help="A token for https, instead of GUPSHUPCTL_GIT_TOKEN."),
    option("--git-ssh-key", metavar="FILE", help="A private key for ssh."),
    option("--git-known-hosts", metavar="FILE", help="The host keys to trust. Needed with --git-ssh-key."),
    option("--git-signers", metavar="FILE", help="Accept only commits that a key in this file signed."),
    option("--git-revoked", metavar="FILE", help="Keys whose signatures no longer count."),
)


@dataclass(frozen=True, slots=True)
class GitOptions:
    """A branch of a repository and the access to it, as they were typed. *url* is None without `--git`."""

    url: str | None
    branch: str | None
    path: str
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
            self.path,
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

    @wraps(function)
    def packed(  # noqa: PLR0913  (one parameter an option, all by keyword)
        *,
        git: str | None,
        branch: str | None,
        git_path: str | None,
        git_copy: str | None,
        git_user: str,
        git_token_file: str | None,
        git_ssh_key: str | None,
        git_known_hosts: str | None,
        git_signers: str | None,
        git_revoked: str | None,
        **others: object,
    ) -> int:
        options = GitOptions(
            git,
            branch,
            git_path or "",
            git_copy,
            git_user,
            git_token_file,
            git_ssh_key,
            git_known_hosts,
            git_signers,
            git_revoked,
        )
        return function(git=options, **others)

    for add in reversed(_OPTIONS):
        packed = add(packed)
    return packed
