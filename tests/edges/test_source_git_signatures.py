"""Commits and who signed them, with real keys."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from controller.edges.source.git import Commit, GitSource, Remote, Signers
from controller.errors import SourceError
from tests.edges.repositories import Repository

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")

OPENPGP = "-----BEGIN PGP SIGNATURE-----\n \n iHUEABYKAB0=\n -----END PGP SIGNATURE-----"


@dataclass(frozen=True, slots=True)
class Signed:
    """A repository, and a folder of keys."""

    repository: Repository
    keys: Path

    def key(self, name: str) -> Path:
        """Return a private key; its public half lies beside it."""
        path = self.keys / name
        if not path.exists():
            arguments = ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)]
            subprocess.run(["ssh-keygen", *arguments], check=True)
        return path

    def public(self, name: str) -> str:
        return self.key(name).with_suffix(".pub").read_text(encoding="ascii")

    def allowed(self, *names: str, options: str = "") -> Signers:
        lines = [f"{name}@example.com {options} {self.public(name)}" for name in names]
        file = self.keys / "allowed_signers"
        file.write_text("".join(lines), encoding="ascii")
        return Signers(str(file))

    def commit(self, signer: str) -> str:
        """Put a commit onto the branch that *signer* signed."""
        base = self.repository.commit({"a.yaml": "1"})
        settings = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={self.key(signer)}")
        commit = self.repository.git(*settings, "commit-tree", "-S", "-m", "signed", f"{base}^{{tree}}")
        self.repository.git("update-ref", "refs/heads/main", commit)
        return commit

    def source(self, signers: Signers, path: str = os.environ["PATH"]) -> GitSource:
        remote = Remote(self.repository.url, "main", signers=signers, local=True)
        return GitSource(remote, self.keys.parent / "copy", {"PATH": path})


@pytest.fixture
def signed(tmp_path: Path) -> Signed:
    keys = tmp_path / "keys"
    keys.mkdir()
    return Signed(Repository(tmp_path / "remote"), keys)


async def test_a_commit_signed_by_an_allowed_key_is_accepted_with_its_signer(signed: Signed) -> None:
    commit = signed.commit("ann")
    source = signed.source(signed.allowed("ben", "ann"))
    assert await source.fetch() == Commit(commit, "ann@example.com")
    assert [file.path for file in (await source.read(await source.fetch())).files] == ["a.yaml"]


async def test_a_commit_is_accepted_if_its_key_is_not_revoked(signed: Signed) -> None:
    signed.commit("ann")
    assert (await signed.source(revoking(signed, "ben")).fetch()).signer == "ann@example.com"


def revoking(signed: Signed, name: str) -> Signers:
    file = signed.keys / "revoked"
    file.write_text(signed.public(name), encoding="ascii")
    return Signers(signed.allowed("ann", "ben").allowed, str(file))


async def test_a_commit_is_refused_if_its_key_was_revoked(signed: Signed) -> None:
    commit = signed.commit("ann")
    with pytest.raises(SourceError, match=f"commit {commit} is refused, it needs a good signature"):
        await signed.source(revoking(signed, "ann")).fetch()


async def test_a_commit_without_a_signature_is_refused_until_a_signed_one_comes(signed: Signed) -> None:
    commit = signed.repository.commit({"a.yaml": "1"})
    source = signed.source(signed.allowed("ann"))
    with pytest.raises(
        SourceError, match=f"commit {commit} is refused.*: it is not signed; sign it"
    ) as caught:
        await source.fetch()
    assert caught.value.revision == commit
    signed.commit("ann")
    assert (await source.fetch()).signer == "ann@example.com"


@pytest.mark.parametrize(
    ("allowed", "options"),
    [
        pytest.param(["ben"], "", id="of a key that is not listed"),
        pytest.param([], "", id="where nobody is listed"),
        pytest.param(["ann"], 'valid-before="20200101"', id="of a key that was over when it was made"),
        pytest.param(["ann"], 'namespaces="file"', id="of a key that is for something else"),
        pytest.param(["ann"], "cert-authority", id="of a key that only certifies others"),
    ],
)
async def test_a_commit_with_an_invalid_signature_is_refused(
    signed: Signed, allowed: Sequence[str], options: str
) -> None:
    commit = signed.commit("ann")
    with pytest.raises(SourceError, match=f"commit {commit} is refused"):
        await signed.source(signed.allowed(*allowed, options=options)).fetch()


async def test_a_signature_of_another_commit_is_refused(signed: Signed) -> None:
    raw = signed.repository.git("cat-file", "commit", signed.commit("ann"))
    forged = raw.replace("\n\nsigned", "\n\nforged") + "\n"
    assert forged != raw
    replace_tip(signed, forged)
    with pytest.raises(SourceError, match="is refused"):
        await signed.source(signed.allowed("ann")).fetch()


def replace_tip(signed: Signed, raw: str) -> None:
    commit = signed.repository.git("hash-object", "-t", "commit", "-w", "--stdin", feed=raw.encode())
    signed.repository.git("update-ref", "refs/heads/main", commit)


async def test_an_openpgp_signature_is_refused_without_asking_a_keyring(
    signed: Signed, tmp_path: Path
) -> None:
    raw = signed.repository.git("cat-file", "commit", signed.repository.commit({"a.yaml": "1"}))
    replace_tip(signed, f"{raw}\ngpgsig {OPENPGP}\n\nforged\n")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "gpg").write_text(f"#!/bin/sh\necho [GNUPG:] GOODSIG 1 Ann; touch {tmp_path}/ran\n")
    (programs / "gpg").chmod(0o755)
    with pytest.raises(SourceError, match="is refused"):
        await signed.source(signed.allowed("ann"), f"{programs}:{os.environ['PATH']}").fetch()
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("missing", ["allowed_signers", "revoked"])
async def test_a_missing_list_of_keys_refuses_every_commit(signed: Signed, missing: str) -> None:
    """Alone, git would only warn of a missing list of revoked keys."""
    signed.commit("ann")
    signers = revoking(signed, "ben")
    (signed.keys / missing).unlink()
    with pytest.raises(SourceError, match=f"cannot be checked: .*{missing} is no file that can be read"):
        await signed.source(signers).fetch()


async def test_a_missing_ssh_keygen_refuses_every_commit(signed: Signed, tmp_path: Path) -> None:
    signed.commit("ann")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("git", "sh"):
        (programs / name).symlink_to(str(shutil.which(name)))
    with pytest.raises(SourceError, match="ssh-keygen is not installed"):
        await signed.source(signed.allowed("ann"), str(programs)).fetch()
