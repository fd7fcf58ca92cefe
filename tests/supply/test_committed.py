"""No secret was ever committed: every version of every file is searched."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOOKS_LIKE_A_SECRET = re.compile(
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}"
    r"|\bAKIA[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_\w{40,}"
    r"|\bglpat-[\w-]{20}\b"
    r"|\bxox[abprs]-[\w-]{20,}"
    r"|\bsk_[0-9a-f]{32}\b"  # a key of an app at Gupshup
    r"|\beyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{20,}"  # a token of its partner API
)

PRETEND = {"sk_" + "0123456789abcdef" * 2, "sk_" + "0" * 32}
"""What documents and tests write where a key would stand."""


@pytest.mark.parametrize(
    "planted",
    [
        "-----BEGIN OPENSSH PRIVATE KEY-----\n" + "b" * 70,
        "AKIA" + "A" * 16,
        "ghp_" + "a" * 36,
        "glpat-" + "a" * 20,
        "sk_" + "0a" * 16,
        "eyJ" + "a" * 30 + ".eyJ" + "b" * 30 + "." + "c" * 40,
    ],
)
def test_the_search_for_committed_secrets_finds_them(planted: str) -> None:
    assert LOOKS_LIKE_A_SECRET.search(f"token = '{planted}'")


def test_no_secret_stands_in_the_repository() -> None:
    """The working tree, and what each commit added."""
    git = ("git", "-c", "safe.directory=*", "-C", str(ROOT))
    added = (
        "log",
        "--patch",
        "--unified=0",
        "--no-color",
        "--no-ext-diff",
        "--no-textconv",
        "--diff-filter=AM",
    )
    past = subprocess.run([*git, *added], capture_output=True, check=True, timeout=100).stdout
    listed = subprocess.run(
        [*git, "ls-files", "-z", "-co", "--exclude-standard"], capture_output=True, check=True, text=True
    ).stdout
    files = [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    text = "\n".join(
        [past.decode("utf-8", "replace"), *(file.read_text("utf-8", "replace") for file in files)]
    )
    found = {match[0] for match in LOOKS_LIKE_A_SECRET.finditer(text)} - PRETEND
    assert {secret[:12] for secret in found} == set(), "only its beginning is shown"
