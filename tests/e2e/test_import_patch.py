"""What differs from a live account, as a patch: applied by git, and a plan has nothing to do for it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.test_import import customer, files
from tests.e2e.world import AMPLE, HASTY, Done, World, app, world

SCHEMA = ".schemas/manifest.json"


@pytest.fixture
def there(tmp_path: Path) -> Iterator[World]:
    (folder := tmp_path / "folder").mkdir()
    with world(folder, *AMPLE) as found:
        (found.manifests / "partner.yaml").write_text(HASTY, encoding="utf-8")
        yield found


def apply(done: Done, folder: Path, *more: str) -> None:
    applied = subprocess.run(
        ["git", "apply", *more], cwd=folder, input=done.out.encode(), capture_output=True, check=False
    )
    assert applied.returncode == 0, (applied.stderr, done.out)


def test_a_patch_makes_the_manifests_say_what_gupshup_says(there: World, tmp_path: Path) -> None:
    there.seed(*(customer(number) for number in range(1, 12)))
    assert there.run("import", "--out", "manifests").code == 0
    done = there.run("import", "--patch")
    assert (done.code, done.out) == (0, "")
    assert "0 files changed, 0 new, 0 left out." in done.err

    own = there.manifests / "apps" / "Customer0010.yaml"
    whole = own.read_text(encoding="utf-8").replace("version: 3", "version: 3  # as it was")
    changed = whole.replace('"3000000010"', '"3000000099"').replace("version: 3", "version: 2")
    own.write_text(changed.replace("[MESSAGE]", "[SENT, READ]"), encoding="utf-8")
    (there.manifests / "apps" / "Customer0003.yaml").unlink()
    there.declare(app("Nobody", 9), name="nobody.yaml")
    before = files(there.manifests)
    done = there.run("import", "--patch", "--detailed-exitcode")
    assert done.code == 2, done.err
    assert "not at Gupshup  manifests/nobody.yaml:1:1: App/Nobody\n" in done.err
    assert done.err.endswith("1 file changed, 1 new, 0 left out.\n")
    assert files(there.manifests) == before
    assert "MESSAGE" not in there.run("import", "--patch", "--only", "Customer0003").out.partition("0010")[2]

    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    apply(done, there.folder, "--check")
    apply(done, there.folder)
    assert own.read_text(encoding="utf-8") == whole
    new = (there.manifests / "apps" / "Customer0003.yaml").read_bytes()
    (there.manifests / "apps" / "Customer0003.yaml").unlink()
    assert there.run("import", "--out", "manifests").code == 0
    assert (there.manifests / "apps" / "Customer0003.yaml").read_bytes() == new
    assert there.run("import", "--patch").out == ""
    (there.manifests / "nobody.yaml").unlink()
    assert set(there.plan().summary) == {"unchanged"}


def test_what_is_left_out_of_a_patch_is_named(there: World) -> None:
    there.seed(*(customer(number) for number in (1, 3, 5)))
    assert there.run("import", "--out", "manifests").code == 0
    path = there.manifests / "webhooks.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("version: 3", "version: 2"), encoding="utf-8")
    done = there.run("import", "--patch")
    assert (done.code, done.out) == (5, "")
    lines = [line for line in done.err.splitlines() if line.startswith("! left out  ")]
    assert lines[0] == (
        "! left out  manifests/webhooks.yaml:11:12: Subscription/events on App/Customer0001: version is 3 at "
        "Gupshup; its manifest selects apps by labels, and may be about others, too"
    )
    assert len(lines) == 3


def test_a_patch_of_an_account_that_nobody_declared_is_an_import(there: World) -> None:
    there.seed(*(customer(number) for number in range(1, 4)))
    done = there.run("import", "--patch", "--out", "new here/é", PYTHONIOENCODING="latin-1")
    assert done.code == 0
    apply(done, there.folder)
    assert there.run("import", "--out", "other").code == 0
    made = files(there.folder / "new here" / "é")
    assert made == {path: data for path, data in files(there.folder / "other").items() if path != SCHEMA}
    assert not (there.folder / "manifests" / ".import").exists()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("import",), 64, "give --out with a folder for the manifests, or --patch"),
        (("import", "--out", "m", "--detailed-exitcode"), 64, "--detailed-exitcode goes with --patch"),
        (("import", "--patch", "-o", "json"), 64, "--patch prints a patch and nothing else"),
        (("import", "--patch", "--only", "Nobody"), 1, "--only Nobody: no app of this account has that name"),
        (("import", "--patch", "--out", "../elsewhere"), 1, "is not below this folder, as a patch needs it"),
        (("import", "--patch", "--out", "link"), 1, "a symbolic link leads there, and no patch follows one"),
        (("import", "--patch", "--out", "full"), 1, "exists, and a new file belongs there; move it"),
        (("import", "--patch", "nowhere"), 1, "cannot read nowhere"),
    ],
)
def test_what_is_no_patch(there: World, words: tuple[str, ...], code: int, message: str) -> None:
    there.seed(customer(1))
    (there.folder / "link").symlink_to(there.folder / "manifests")
    (there.folder / "full" / "apps").mkdir(parents=True)
    (there.folder / "full" / "apps" / "Customer0001.yaml").write_text("# mine\n", encoding="utf-8")
    done = there.run(*words)
    assert (done.code, done.out) == (code, "")
    assert message in done.err
    assert bool(there.calls()) == any(word in message for word in ("no app of", "link", "exists, and"))


def test_a_patch_needs_credentials_and_valid_manifests(there: World) -> None:
    assert there.run("import", "--patch", GUPSHUP_SECRET="wrong").code == 7
    there.declare("kind: [\n")
    assert there.run("import", "--patch").code == 3
