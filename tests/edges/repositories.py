"""Real repositories of any shape, for tests: files go in, commits come out."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from controller.edges.source.git import GitSource, Remote

_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
_WHO = "Ann <ann@example.com> 1700000000 +0000"


@dataclass(frozen=True, slots=True)
class Link:
    target: str


@dataclass(frozen=True, slots=True)
class Submodule:
    commit: str = "1" * 40


Leaf: TypeAlias = str | bytes | Link | Submodule


class Repository:
    """A bare repository; every commit holds exactly the files that are given."""

    def __init__(self, folder: Path, branch: str = "main") -> None:
        self.folder = folder
        for part in ("objects/pack", "refs/heads", "hooks"):
            (folder / part).mkdir(parents=True)
        (folder / "HEAD").write_text(f"ref: refs/heads/{branch}\n", encoding="ascii")
        (folder / "config").write_text(_CONFIG, encoding="ascii")

    @property
    def url(self) -> str:
        return f"file://{self.folder}"

    def git(self, *arguments: str, feed: bytes = b"", **variables: str) -> str:
        clean = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
        for role in ("AUTHOR", "COMMITTER"):
            clean |= {f"GIT_{role}_NAME": "Ann", f"GIT_{role}_EMAIL": "ann@example.com"}
        done = subprocess.run(
            ["git", *arguments],
            check=True,
            capture_output=True,
            cwd=self.folder,
            env={**clean, "HOME": os.devnull, **variables},
            input=feed,
        )
        return done.stdout.decode().strip()

    def commit(self, files: Mapping[str, Leaf], *, branch: str = "main", parent: str = "") -> str:
        """Put a commit of *files* onto the branch, or onto *parent* instead ("0" for none: a force-push)."""
        ref = self.folder / "refs/heads" / branch
        if parent == "0":
            ref.unlink(missing_ok=True)
        elif not parent and ref.exists():
            parent = ref.read_text(encoding="ascii").strip()
        lines = [f"commit refs/heads/{branch}\nmark :1\ncommitter {_WHO}\ndata 0\n".encode()]
        lines += [f"from {parent}\n".encode()] if parent.strip("0") else []
        lines += [b"deleteall\n", *(_row(name, leaf) for name, leaf in files.items()), b"\nget-mark :1\n"]
        return self.git("fast-import", "--quiet", "--force", feed=b"".join(lines))

    def tip(self, branch: str = "main") -> str:
        return self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")


def _row(name: str, leaf: Leaf) -> bytes:
    quoted = "".join(f"\\{byte:03o}" for byte in os.fsencode(name)).encode()
    match leaf:
        case Submodule(commit):
            return b'M 160000 %s "%s"\n' % (commit.encode(), quoted)
        case Link(target):
            mode, data = b"120000", target.encode()
        case str():
            mode, data = b"100644", leaf.encode()
        case bytes():
            mode, data = b"100755", leaf
    return b'M %s inline "%s"\ndata %d\n%s\n' % (mode, quoted, len(data), data)


def source_of(
    repository: Repository, folder: Path, *, branch: str | None = "main", path: str = ""
) -> GitSource:
    remote = Remote(repository.url, branch, path, local=True)
    return GitSource(remote, folder, {"PATH": os.environ["PATH"]}, timeout=60)
