"""Secrets come from where a reference says, and never show by accident."""

import copy
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from controller.edges.secrets import reveal, reveal_credential, reveal_header
from controller.errors import Denied
from controller.model.manifest import FromEnv, FromFile, Reference
from controller.model.secret import Secret

CANARY = "canary-4f9a"


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        pytest.param("x", "x", id="as it is"),
        pytest.param("x\n", "x", id="one newline is stripped"),
        pytest.param("x\r\n", "x", id="also a Windows one"),
        pytest.param("x\n\n", "x", id="several"),
        pytest.param("x\r\n\n\r\n", "x", id="several of both"),
        pytest.param("\ufeffx\r\n", "x", id="a byte order mark"),
        pytest.param("x\ufeff", "x\ufeff", id="no mark elsewhere"),
        pytest.param("x\ny\n", "x\ny", id="a newline between is kept"),
        pytest.param(" x ", " x ", id="spaces are kept"),
    ],
)
def test_a_byte_order_mark_or_newline_of_an_editor_is_not_part_of_a_secret(
    tmp_path: Path, content: str, wanted: str
) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content.encode())

    assert reveal(FromFile(str(path)), {}) == Secret(wanted)
    assert reveal(FromEnv("S"), {"S_FILE": str(path)}) == Secret(wanted)
    assert reveal(FromEnv("S"), {"S": content, "S_FILE": "/nowhere"}) == Secret(wanted)


def test_a_rotated_file_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    for value in ("old", "new"):
        path.write_text(value)
        assert reveal(FromFile(str(path)), {}) == Secret(value)


@pytest.mark.parametrize(
    ("reference", "environ", "said"),
    [
        pytest.param(FromEnv("GUPSHUP_SECRET"), {}, "GUPSHUP_SECRET_FILE", id="nothing is set"),
        pytest.param(FromEnv("S"), {"S": ""}, "neither S", id="it is empty"),
        pytest.param(FromEnv("S"), {"S": "\n"}, "variable S is empty", id="it is a newline"),
        pytest.param(FromEnv("S"), {"S_FILE": "/no/such"}, "S_FILE", id="its file is missing"),
        pytest.param(FromFile("/no/such"), {}, "/no/such", id="a file is missing"),
        pytest.param(FromFile("/"), {}, "directory", id="a file is a folder"),
        pytest.param(FromFile("a\0b"), {}, "no usable path", id="a file's name is odd"),
    ],
)
def test_a_missing_secret_names_its_reference(
    reference: Reference, environ: dict[str, str], said: str
) -> None:
    with pytest.raises(Denied, match=said):
        reveal(reference, environ)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe" + CANARY.encode(), "UTF-8"),
        (CANARY.encode() * 10_000, "larger"),
        (b"\xef\xbb\xbf\n", "empty"),
    ],
    ids=["no UTF-8", "too long", "empty"],
)
def test_a_malformed_secret_file_is_refused_without_its_content(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)

    with pytest.raises(Denied, match=said) as raised:
        reveal(FromFile(str(path)), {})
    assert CANARY not in str(raised.value)


@pytest.mark.parametrize("value", [f"{CANARY}\r\nX: y", f"{CANARY}é", f"{CANARY}\x7f", f"{CANARY}\n{CANARY}"])
@pytest.mark.parametrize("kind", ["env", "file"])
def test_a_secret_that_cannot_be_a_header_is_refused_without_its_value(
    tmp_path: Path, value: str, kind: str
) -> None:
    path = tmp_path / "secret"
    path.write_bytes(value.encode())
    reference: Reference = FromEnv("HOOK_SECRET") if kind == "env" else FromFile(str(path))

    with pytest.raises(Denied, match="HTTP header") as raised:
        reveal_header(reference, {"HOOK_SECRET": value, "GUPSHUPCTL_HEADER_DIR": str(tmp_path)})
    assert CANARY not in str(raised.value)


@dataclass(frozen=True, slots=True)
class Disk:
    """Folders of credentials, of headers and of nobody, each with a file `own`."""

    root: Path
    environ: dict[str, str]

    def file(self, name: str, content: str = CANARY) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return path

    def link(self, name: str, target: Path) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
        return path


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    """Lie in a folder of which the operator knows another name, as of /run by /var/run."""
    real, known = tmp_path / "real", tmp_path / "known"
    for folder in ("secrets", "secrets/kubernetes.io/serviceaccount", "hooks", "elsewhere"):
        (real / folder).mkdir(parents=True)
        (real / folder / "own").write_text("own", encoding="utf-8")
    known.symlink_to(real)
    return Disk(
        known,
        {
            "GUPSHUPCTL_CREDENTIALS_DIR": str(known / "secrets"),
            "GUPSHUPCTL_HEADER_DIR": str(known / "hooks"),
            "GUPSHUP_ASIA_FILE": str(known / "elsewhere/own"),
            "HOOK_ASIA_FILE": str(known / "elsewhere/own"),
            "GUPSHUP_POD_FILE": str(known / "secrets/kubernetes.io/serviceaccount/own"),
            "AWS_SECRET_ACCESS_KEY": CANARY,
            "GUPSHUPCTL_GIT_TOKEN": CANARY,
        },
    )


BOTH = pytest.mark.parametrize(
    ("show", "folder"),
    [
        pytest.param(reveal_credential, "secrets", id="credential"),
        pytest.param(reveal_header, "hooks", id="header"),
    ],
)
Reveal = Callable[[Reference, dict[str, str]], Secret]


@BOTH
def test_a_secret_is_read_through_links_within_its_folder(disk: Disk, show: Reveal, folder: str) -> None:
    disk.file(f"{folder}/..2026/x", "linked")
    disk.link(f"{folder}/..data", disk.root / folder / "..2026")
    disk.link(f"{folder}/x", Path("..data/x"))
    disk.link(f"{folder}/asia", disk.root / "elsewhere/own")

    def told(path: str) -> str:
        return show(FromFile(str(disk.root / path)), disk.environ).reveal()

    assert told(f"{folder}/own") == "own"
    assert told(f"{folder}/x") == "linked"
    assert told("elsewhere/own") == "own", "the operator named it"
    assert told(f"{folder}/asia") == "own", "and a link may lead to it"


@BOTH
@pytest.mark.parametrize("kind", ["file", "folder", "chain"])
def test_a_link_out_of_a_folder_of_secrets_is_not_followed(
    disk: Disk, show: Reveal, folder: str, kind: str
) -> None:
    canary = disk.file("elsewhere/canary")
    match kind:
        case "file":
            disk.link(f"{folder}/x", canary)
        case "folder":
            disk.link(f"{folder}/inner", canary.parent)
        case _:
            disk.link(f"{folder}/x", disk.link(f"{folder}/y", canary))
    path = disk.root / folder / ("inner/canary" if kind == "folder" else "x")
    with pytest.raises(Denied, match="may not be read"):
        show(FromFile(str(path)), disk.environ)


@BOTH
def test_a_link_into_the_other_folder_of_secrets_is_not_followed(
    disk: Disk, show: Reveal, folder: str
) -> None:
    other = "hooks" if folder == "secrets" else "secrets"
    disk.link(f"{folder}/x", disk.root / other / "own")
    for path in (f"{folder}/x", f"{other}/own"):
        with pytest.raises(Denied, match="may not be read"):
            show(FromFile(str(disk.root / path)), disk.environ)


@BOTH
def test_a_secret_file_that_another_variable_names_is_not_read(disk: Disk, show: Reveal, folder: str) -> None:
    """Whatever the manifest, or that variable, calls it."""
    disk.link(f"{folder}/x", disk.root / folder / "own")
    for root in (disk.root, disk.root.parent / "real"):
        environ = {**disk.environ, "AWS_WEB_IDENTITY_TOKEN_FILE": str(root / folder / "own")}
        for name in ("own", "x"):
            with pytest.raises(Denied, match="may not be read"):
                show(FromFile(str(disk.root / folder / name)), environ)


def test_credentials_below_a_folder_of_headers_are_no_headers(disk: Disk) -> None:
    """Not by a link from beside it, either."""
    disk.link("hooks/x", disk.root / "secrets/own")
    for folder in (disk.root, disk.root / "secrets"):
        environ = {**disk.environ, "GUPSHUPCTL_HEADER_DIR": str(folder)}
        for path in ("secrets/own", "hooks/x"):
            with pytest.raises(Denied, match="may not be read"):
                reveal_header(FromFile(str(disk.root / path)), environ)


@pytest.mark.parametrize("name", ["AWS_SECRET_ACCESS_KEY", "GUPSHUPCTL_GIT_TOKEN", "NO_SUCH"])
def test_a_variable_that_is_not_handed_out_is_not_read(disk: Disk, name: str) -> None:
    for show in (reveal_credential, reveal_header):
        with pytest.raises(Denied, match="may not be read") as raised:
            show(FromEnv(name), disk.environ)
        assert CANARY not in str(raised.value)
    listed = {**disk.environ, "GUPSHUPCTL_CREDENTIALS_ALLOW": "AWS_SECRET_ACCESS_KEY"}
    assert reveal_credential(FromEnv("AWS_SECRET_ACCESS_KEY"), listed) == Secret(CANARY)


def test_the_pod_s_token_is_never_read(disk: Disk) -> None:
    """Not below its folder, not by a link, and not because the operator named it."""
    token = disk.root / "secrets/kubernetes.io/serviceaccount/own"
    disk.link("secrets/x", token)
    for path in (token, disk.root / "secrets/x"):
        with pytest.raises(Denied, match="may not be read"):
            reveal_credential(FromFile(str(path)), disk.environ)
    for show in (reveal_credential, reveal):
        with pytest.raises(Denied, match="never read"):
            show(FromEnv("GUPSHUP_POD"), disk.environ)


def test_an_invalid_path_of_a_secret_is_refused(disk: Disk) -> None:
    with pytest.raises(Denied, match="may not be read"):
        reveal_credential(FromFile(f"{disk.root}/secrets/a\0b"), disk.environ)


def test_a_plain_value_can_be_a_header() -> None:
    assert reveal_header(FromEnv("HOOK_SECRET"), {"HOOK_SECRET": "Bearer x y"}) == Secret("Bearer x y")


@pytest.mark.parametrize(
    "show", [str, repr, "{}".format, "{:>20}".format, "{!r:.2}".format, lambda s: f"{[s]}"]
)
def test_no_way_of_printing_shows_a_secret(show: object) -> None:
    assert callable(show)
    assert "cana" not in show(Secret(CANARY))


def test_a_secret_is_compared_copied_and_never_pickled() -> None:
    secret = Secret(CANARY)

    assert secret == Secret(CANARY)
    assert secret != Secret("other")
    assert secret != CANARY
    assert len({secret, Secret(CANARY)}) == 1
    assert copy.copy(secret) is copy.deepcopy(secret) is secret
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(secret)
