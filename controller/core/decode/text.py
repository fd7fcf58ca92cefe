"""Text of a file, or its problems: encoding, size, characters, and content that is no manifest at all."""

import re
from collections.abc import Iterator
from itertools import islice

from controller.core.decode.rules import problem
from controller.core.decode.secrets import leaks
from controller.model.problem import Place, Problem
from controller.model.source import SourceFile

LARGEST = 256 * 1024
_SEVERAL = 10
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f"
)
_BAD = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029{_INVISIBLE}\ud800-\udfff\ufffe\uffff]")
_HIDDEN = re.compile(f"[{_INVISIBLE}]")
_CONFLICT = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: |\r?$)", re.MULTILINE)
_UNMERGED = (
    "a merge was not finished here; keep one side, and remove the lines of <<<<<<<, ======= and >>>>>>>"
)
_ENCRYPTED_STARTS = (
    b"\x00GITCRYPT\x00",
    b"age-encryption.org/",
    b"-----BEGIN AGE ENCRYPTED",
    b"-----BEGIN PGP MESSAGE",
    b"$ANSIBLE_VAULT;",
)
_SOPS = re.compile(rb"ENC\[AES256_GCM,|^sops:\s*$", re.MULTILINE)


def read(file: SourceFile) -> tuple[str | None, list[Problem]]:
    """Return the file's text, None if no YAML can be read from it, and the file's problems."""
    at = Place(file.path)
    if len(file.data) > LARGEST:
        message = f"{len(file.data):,} bytes, and {LARGEST:,} are the most"
        return None, [problem("GS109", at, "", message)]
    if file.data.startswith(_ENCRYPTED_STARTS) or _SOPS.search(file.data):
        return None, [problem("GS706", at, "", "this is encrypted; a manifest is read as it is")]
    if b"\x00" in file.data[:4]:
        return None, [problem("GS115", at, "", "zero bytes at the beginning: UTF-16 or UTF-32?")]
    try:
        text = file.data.decode()
    except UnicodeDecodeError as error:
        where = place(file.path, file.data[: error.start].decode(), error.start)
        return None, [problem("GS115", where, "", f"byte 0x{file.data[error.start]:02x} is no UTF-8 here")]
    return _checked(file.path, text)


def _checked(path: str, text: str) -> tuple[str | None, list[Problem]]:
    problems = []
    if text.startswith(_BOM):
        text = text[1:]
        problems.append(problem("GS119", Place(path), "", "accepted, but some tools stumble over it"))
    problems += [_leak(path, text, leak.start) for leak in islice(leaks(text), _SEVERAL)]
    fatal = [*_characters(path, text), *_conflicts(path, text)]
    return (None if fatal else text), problems + fatal


def _leak(path: str, text: str, start: int) -> Problem:
    message = "this has the shape of a secret (not shown); anyone who reads the repository has it now"
    return problem("GS601", place(path, text, start), "", message)


def _characters(path: str, text: str) -> Iterator[Problem]:
    for count, match in enumerate(_BAD.finditer(text)):
        if count == _SEVERAL:
            return
        rule, message = judged(match.group())
        yield problem(rule, place(path, text, match.start()), "", message)


def judged(character: str) -> tuple[str, str]:
    """Return the rule that forbids *character*, and a sentence with the code point of *character*."""
    code = f"U+{ord(character):04X}"
    if _HIDDEN.match(character):
        return "GS117", f"{code} cannot be seen, so that a name is not what it looks like"
    return "GS116", f"{code} is a control character"


def forbidden(text: str) -> str | None:
    """Return the first character of *text* that no manifest may hold, or None."""
    match = _BAD.search(text)
    return match.group() if match else None


def _conflicts(path: str, text: str) -> Iterator[Problem]:
    match = _CONFLICT.search(text)
    if match:
        yield problem("GS102", place(path, text, match.start()), "", _UNMERGED)


def place(path: str, text: str, offset: int) -> Place:
    """Return the place of *offset* in *text*, lines and columns counted from 1."""
    line = text.count("\n", 0, offset) + 1
    return Place(path, line, offset - (text.rfind("\n", 0, offset) + 1) + 1)
