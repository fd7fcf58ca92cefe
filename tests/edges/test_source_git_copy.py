"""The local copy: damaged, overgrown, tampered with or in use, and what becomes of it."""

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from controller.edges.source.git import GitSource, Remote
from controller.edges.source.git.command import Git, Overflow
from controller.errors import SourceError
from tests.edges.repositories import Leaf, Link, Repository, Submodule, source_of

FILES: dict[str, Leaf] = {f"{number:02}/a.yaml": os.urandom(500).hex() for number in range(20)}


@pytest.fixture
def repository(repository: Repository) -> Repository:
    repository.commit(FILES)
    return repository


def copy_in(tmp_path: Path) -> Path:
    (copy,) = (tmp_path / "copy").glob("gupshupctl-mirror-*")
    return copy


def pack(copy: Path) -> Path:
    (pack,) = copy.glob("objects/pack/*.pack")
    pack.chmod(0o600)
    return pack


def cut_short(copy: Path) -> None:
    pack(copy).write_bytes(pack(copy).read_bytes()[:4_000])


def turn_bits(copy: Path) -> None:
    data = bytearray(pack(copy).read_bytes())
    data[4_000:4_200] = bytes(byte ^ 0xFF for byte in data[4_000:4_200])
    pack(copy).write_bytes(data)


def lose_the_pack(copy: Path) -> None:
    pack(copy).unlink()


def lose_everything(copy: Path) -> None:
    shutil.rmtree(copy)


def lose_the_head(copy: Path) -> None:
    (copy / "HEAD").unlink()


def lose_the_settings(copy: Path) -> None:
    (copy / "config").unlink()


def break_the_tip(copy: Path) -> None:
    (copy / "refs/gupshup/tip").write_bytes(b"\0" * 41)


def leave_a_lock(copy: Path) -> None:
    (copy / "shallow.lock").touch()


def add_a_second(copy: Path) -> None:
    (copy.parent / "gupshupctl-mirror-other").mkdir()


@pytest.mark.parametrize(
    "damage",
    [
        cut_short, turn_bits, lose_the_pack, lose_everything, lose_the_head, lose_the_settings,
        break_the_tip, leave_a_lock, add_a_second,
    ],
)  # fmt: skip
async def test_a_damaged_copy_is_never_half_read_but_cloned_anew(
    repository: Repository, source: GitSource, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    whole = await source.read(await source.fetch())
    damage(copy_in(tmp_path))
    for _ in range(2):  # what only shows while it is read is mended by the fetch that follows
        try:
            found = await source.read(await source.fetch())
        except SourceError as error:
            assert "makes it anew" in str(error)  # noqa: PT017  (an error is allowed, not demanded)
        else:
            assert found == whole
    assert found == whole
    assert len(found.files) == len(FILES)
    assert repository.tip() == found.revision


async def test_a_file_of_the_copy_with_replaced_content_is_refused(
    repository: Repository, source: GitSource, tmp_path: Path
) -> None:
    commit = await source.fetch()
    copy = copy_in(tmp_path)
    blob = repository.git("rev-parse", f"{commit.id}:00/a.yaml")
    other = Repository(tmp_path / "other")
    fake = other.git("hash-object", "-w", "--stdin", feed=b"kind: Evil\n")
    repository.git(f"--git-dir={copy}", "unpack-objects", "-q", feed=pack(copy).read_bytes())
    moved = pack(copy).with_name("moved")
    pack(copy).rename(moved)
    repository.git(f"--git-dir={copy}", "unpack-objects", "-q", feed=moved.read_bytes())
    target = copy / "objects" / blob[:2] / blob[2:]
    target.chmod(0o600)
    target.write_bytes((other.folder / "objects" / fake[:2] / fake[2:]).read_bytes())
    with pytest.raises(SourceError, match="cannot be read at commit"):
        await source.read(commit)


async def test_a_copy_of_a_repository_does_not_grow_for_ever(
    repository: Repository, source: GitSource, tmp_path: Path
) -> None:
    await source.fetch()
    first = copy_in(tmp_path)
    for number in range(60):
        (first / f"objects/pack/pack-{number}.pack").touch()
    assert (await source.fetch()).id == repository.tip()
    assert copy_in(tmp_path) != first


async def test_a_fetch_adds_to_the_copy(repository: Repository, source: GitSource, tmp_path: Path) -> None:
    await source.fetch()
    first = copy_in(tmp_path)
    repository.commit({**FILES, "b.yaml": "1"})
    assert len((await source.read(await source.fetch())).files) == len(FILES) + 1
    assert copy_in(tmp_path) == first
    assert len(list(first.glob("objects/pack/*.pack"))) == 2


async def test_two_processes_do_not_share_a_folder_for_copies(
    source: GitSource, repository: Repository, tmp_path: Path
) -> None:
    """Two sources stand for two processes: each has a handle of its own on the lock."""
    await source.fetch()
    second = source_of(repository, tmp_path / "copy")
    ends = await asyncio.gather(source.fetch(), second.fetch(), return_exceptions=True)
    (refused,) = [end for end in ends if isinstance(end, BaseException)]
    assert isinstance(refused, SourceError)
    assert "another process uses" in str(refused)
    assert (await second.fetch()).id == repository.tip()


async def test_a_folder_that_cannot_be_made_is_an_error(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SourceError, match="cannot be used: Not a directory; check its owner"):
        await source_of(repository, tmp_path / "file/copy").fetch()


async def test_a_folder_that_cannot_hold_a_copy_is_an_error(repository: Repository, tmp_path: Path) -> None:
    source = source_of(repository, tmp_path / "copy")
    (tmp_path / "copy/lock").mkdir(parents=True)
    with pytest.raises(SourceError, match="cannot be used: Is a directory"):
        await source.fetch()


async def test_the_copy_of_a_repository_is_for_its_user_alone(source: GitSource, tmp_path: Path) -> None:
    await source.fetch()
    assert (tmp_path / "copy").stat().st_mode & 0o077 == 0
    assert copy_in(tmp_path).stat().st_mode & 0o077 == 0


async def test_a_missing_git_command_is_reported(repository: Repository, tmp_path: Path) -> None:
    remote = Remote(repository.url, "main", local=True)
    with pytest.raises(SourceError, match="git is not installed"):
        await GitSource(remote, tmp_path / "copy", {"PATH": str(tmp_path)}).fetch()


async def test_an_oversized_output_of_git_is_not_kept_in_memory(repository: Repository) -> None:
    git = Git(os.environ["PATH"], {}, {})
    with pytest.raises(Overflow, match="ls-tree answered with more than 100 bytes"):
        await git.run(str(repository.folder), ("ls-tree", "-r", "main"), most=100)


def script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


HOOKS = ("reference-transaction", "post-checkout", "post-merge", "pre-auto-gc", "post-index-change")


def evil_settings(evil: str, hooks: Path) -> str:
    """Return a file of settings that has git run *evil* wherever settings can."""
    return f"""
        [core]
            fsmonitor = {evil}
            sshCommand = {evil}
            pager = {evil}
            hooksPath = {hooks}
        [filter "evil"]
            clean = {evil}
            smudge = {evil}
            process = {evil}
        [diff]
            external = {evil}
        [url "ext::sh -c {evil}; "]
            insteadOf = file://
        [protocol]
            allow = always
        [credential]
            helper = "!{evil}"
        [alias]
            fetch = "!{evil}"
        [uploadpack]
            packObjectsHook = {evil};
        [gpg "ssh"]
            program = {evil}
    """


async def test_a_malicious_repository_executes_nothing(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran, home = tmp_path / "ran", tmp_path / "home"
    evil = f"touch {ran}"
    settings = evil_settings(evil, tmp_path / "hooks")
    (home / ".config/git").mkdir(parents=True)
    (home / ".gitconfig").write_text(settings, encoding="utf-8")
    for name, value in {
        "HOME": str(home), "GIT_SSH_COMMAND": evil, "GIT_EXTERNAL_DIFF": evil, "GIT_ASKPASS": evil,
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": evil,
        "GIT_DIR": str(repository.folder), "GIT_TRACE": str(ran), "GIT_EXEC_PATH": str(tmp_path / "hooks"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    older = repository.tip()
    newer = repository.commit({"a.yaml": "1"})
    evil_commit = repository.commit(
        {
            ".gitattributes": "*.yaml filter=evil export-subst diff=evil\n",
            ".gitmodules": f'[submodule "s"]\n\tpath = s\n\turl = ext::sh -c "{evil}"\n\tupdate = !{evil}\n',
            "a.yaml": "$Format:%H$",
            "s": Submodule(),
            "-x.yaml": "1",
            "git~1/hooks/post-checkout.md": Link("/bin/sh"),
        },
        parent=older,
    )
    for name in HOOKS:
        script(tmp_path / "hooks" / name, evil)
        script(repository.folder / "hooks" / name, evil)
    with (repository.folder / "config").open("a", encoding="utf-8") as file:
        file.write(settings.replace("insteadOf = file://", "insteadOf = nothing"))
    source = GitSource(Remote(repository.url, "main", local=True), tmp_path / "copy", os.environ)
    tip = repository.folder / "refs/heads/main"
    tip.write_text(f"{older}\n", encoding="ascii")
    await source.fetch()
    copy = copy_in(tmp_path)
    for name in HOOKS:
        script(copy / "hooks" / name, evil)
    tip.write_text(f"{evil_commit}\n", encoding="ascii")
    found = await source.read(await source.fetch())
    with (copy / "config").open("a", encoding="utf-8") as file:
        file.write(settings)
    tip.write_text(f"{newer}\n", encoding="ascii")
    assert await source.advanced(older, newer)
    assert (await source.fetch()).id == newer
    assert copy_in(tmp_path) != copy
    assert {file.path: file.data for file in found.files} == {"-x.yaml": b"1", "a.yaml": b"$Format:%H$"}
    assert not ran.exists()


async def test_git_runs_without_home_terminal_and_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nexec /usr/bin/env\n")
    program.chmod(0o700)
    monkeypatch.setenv("GUPSHUP_SECRET", "canary")
    finished = await Git(str(tmp_path), {"http.proxy": "http://p"}, {"MORE": "1"}).run(
        str(tmp_path), ("show",)
    )
    seen = dict(line.split("=", 1) for line in finished.output.decode().splitlines())
    asked = {
        name: value for name, value in seen.items() if not name.startswith(("GIT_CONFIG_KEY", "GIT_CONFIG_V"))
    }
    for made_by_the_shell in ("PWD", "OLDPWD", "SHLVL", "_"):
        asked.pop(made_by_the_shell, None)
    assert asked == {
        "PATH": str(tmp_path),
        "HOME": "/nonexistent",
        "TMPDIR": str(tmp_path),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_CONFIG_COUNT": seen["GIT_CONFIG_COUNT"],
        "MORE": "1",
    }
    assert "http://p" in seen.values()
