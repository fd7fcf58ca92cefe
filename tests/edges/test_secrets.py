"""Secrets come from where a reference says, and never show by accident."""

import copy
import pickle
from pathlib import Path

import pytest

from controller.edges.secrets import reveal, reveal_header
from controller.errors import Denied
from controller.model.manifest import FromEnv, FromFile, Reference
from controller.model.secret import Secret

CANARY = "canary-4f9a"


@pytest.mark.parametrize(
    ("content", "wanted"),
    [("x", "x"), ("x\n", "x"), ("x\r\n", "x"), ("x\n\n", "x\n"), (" x ", " x ")],
    ids=["as it is", "one newline is stripped", "also a Windows one", "one only", "spaces are kept"],
)
def test_one_trailing_newline_is_not_part_of_a_secret(tmp_path: Path, content: str, wanted: str) -> None:
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
    [(b"\xff\xfe" + CANARY.encode(), "UTF-8"), (CANARY.encode() * 10_000, "larger"), (b"\n", "empty")],
    ids=["no UTF-8", "too long", "empty"],
)
def test_an_odd_file_is_refused_without_its_content(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)

    with pytest.raises(Denied, match=said) as raised:
        reveal(FromFile(str(path)), {})
    assert CANARY not in str(raised.value)


@pytest.mark.parametrize("value", [f"{CANARY}\r\nX: y", f"{CANARY}é", f"{CANARY}\x7f", f"{CANARY}\n\n"])
@pytest.mark.parametrize("kind", ["env", "file"])
def test_what_cannot_be_a_header_is_refused_without_its_value(tmp_path: Path, value: str, kind: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(value.encode())
    reference: Reference = FromEnv("HOOK_SECRET") if kind == "env" else FromFile(str(path))

    with pytest.raises(Denied, match="HTTP header") as raised:
        reveal_header(reference, {"HOOK_SECRET": value})
    assert CANARY not in str(raised.value)


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
