"""The fetch over the network. Credentials go only to the one child process that needs them."""

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from controller.edges import secrets
from controller.edges.source.git.command import Finished, Git
from controller.edges.source.git.messages import git_message
from controller.edges.source.git.remote import HttpsLogin, Remote, SshKey
from controller.errors import Denied, SourceError
from controller.model.secret import Secret

_FETCH = (
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-recurse-submodules",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
    "--no-show-forced-updates",
)
_MOST_TOKEN = 8_192
_SSH = (
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "GlobalKnownHostsFile=/dev/null",
    "UpdateHostKeys=no",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "PreferredAuthentications=publickey",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "PermitLocalCommand=no",
    "ConnectTimeout=20",
    "ServerAliveInterval=10",
    "ServerAliveCountMax=3",
)


class _Credential(NamedTuple):
    user: str
    token: Secret


class Fetcher:
    """Fetches from one remote. *environ* holds PATH and the variables of references; each fetch reads it."""

    def __init__(self, remote: Remote, environ: Mapping[str, str]) -> None:
        self._remote = remote
        self._environ = environ

    async def fetch(self, repository: Path, wanted: str, *options: str) -> Finished:
        """Fetch the refspec *wanted*. The words of the result are fit for people, without secrets.

        Raises SourceError if a credential is missing or cannot be used.
        """
        credential = self._credential()
        with _offered(credential) as handles:
            git = Git(self._search, self._settings(handles), self._variables())
            arguments = (*_FETCH, *options, "--", self._remote.url, wanted)
            finished = await git.run(str(repository), arguments, handles=handles)
        return finished._replace(words=git_message(finished.words, _secrets(credential, self._remote.proxy)))

    @property
    def _search(self) -> str:
        return self._environ.get("PATH") or os.defpath

    def _credential(self) -> _Credential | None:
        if not isinstance(self._remote.access, HttpsLogin):
            return None
        try:
            token = secrets.reveal(self._remote.access.token, self._environ)
        except Denied as error:
            raise SourceError(f"cannot fetch {self._remote}: {error}") from error
        if not token.fits_header() or len(token.reveal()) > _MOST_TOKEN:
            raise SourceError(
                f"cannot fetch {self._remote}: its token is not one line of printable ASCII; is it the right "
                "token?"
            )
        return _Credential(self._remote.access.user, token)

    def _settings(self, handles: Sequence[int]) -> dict[str, str]:
        endpoint = self._remote.endpoint
        settings = {f"protocol.{endpoint.protocol}.allow": "always"}
        for handle in handles:
            helper = f'!f() {{ test "$1" = get && exec cat /dev/fd/{handle}; }}; f'
            settings[f"credential.{endpoint.origin}.helper"] = helper
        if self._remote.proxy is not None:
            settings["http.proxy"] = self._remote.proxy
        if self._remote.ca_file is not None:
            settings["http.sslCAInfo"] = self._remote.ca_file
        return settings

    def _variables(self) -> dict[str, str]:
        if not isinstance(self._remote.access, SshKey):
            return {}
        key = self._remote.access
        options = [*_SSH, f'UserKnownHostsFile="{key.known_hosts}"', f'IdentityFile="{key.file}"']
        words = ["ssh", "-F", os.devnull, *(word for option in options for word in ("-o", option))]
        return {"GIT_SSH_COMMAND": shlex.join(words), "GIT_SSH_VARIANT": "ssh"}


@contextmanager
def _offered(credential: _Credential | None) -> Iterator[tuple[int, ...]]:
    """Put a credential into a pipe that is read once, so that no argument, variable or file holds it."""
    if credential is None:
        yield ()
        return
    reading, writing = os.pipe()
    try:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(f"username={credential.user}\npassword={credential.token.reveal()}\n".encode())
        yield (reading,)
    finally:
        os.close(reading)


def _secrets(credential: _Credential | None, proxy: str | None) -> Sequence[str]:
    texts = [urlsplit(proxy).netloc.rpartition("@")[0], urlsplit(proxy).password] if proxy else []
    if credential is not None:
        token = credential.token.reveal()
        texts += [f"{credential.user}:{token}", token]
    return [text for text in texts if text]
