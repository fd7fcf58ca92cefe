"""Signature of a commit: an id goes in, the name of an accepted signer comes out, or a refusal."""

import os
import re
import shutil
from pathlib import Path

from controller.edges.source.git.command import Git
from controller.edges.source.git.messages import git_message
from controller.edges.source.git.remote import Signers
from controller.errors import SourceError

_GOOD = re.compile(r'^Good "git" signature for (.+) with \S+ key ', re.MULTILINE)


async def signer(repository: Path, commit: str, signers: Signers, search: str) -> str:
    """Return the signer of *commit*. Raises SourceError if no accepted signer can be proven."""
    if shutil.which("ssh-keygen", path=search) is None:
        raise SourceError("signatures cannot be checked: ssh-keygen is not installed; install openssh-client")
    git = Git(search, _settings(signers), {})
    finished = await git.run(str(repository), ("verify-commit", "--raw", commit))
    good = _GOOD.search(finished.words)
    if finished.code == 0 and good:
        return good[1]
    why = git_message(finished.words, ()) if finished.words.strip() else "it is not signed"
    raise SourceError(
        f"commit {commit} is refused, it needs a good signature: {why}; sign it with a key "
        f"of {signers.allowed}",
        commit,
    )


def _settings(signers: Signers) -> dict[str, str]:
    settings = {
        "gpg.minTrustLevel": "fully",
        "gpg.ssh.program": "ssh-keygen",
        "gpg.ssh.allowedSignersFile": _readable(signers.allowed),
    }
    if signers.revoked is not None:  # git only warns if this file is missing
        settings["gpg.ssh.revocationFile"] = _readable(signers.revoked)
    return settings


def _readable(path: str) -> str:
    if not Path(path).is_file() or not os.access(path, os.R_OK):
        raise SourceError(f"signatures cannot be checked: {path} is no file that can be read")
    return str(Path(path).absolute())
