"""The digests of `--release`: those that a guard asked for are known, all others are told."""

from controller.doors.cli.options.values import digests

FIRST, OTHER = (f"sha256:{each * 64}" for each in "ab")


def test_a_digest_that_no_guard_asked_for_is_unknown_once_all_have_asked() -> None:
    given = digests([f"{FIRST},{OTHER}"])
    assert (FIRST in given, "sha256:c" in given, sorted(given.unknown)) == (True, False, [])
    assert (given.settle(), given - given.unknown) == ([OTHER], {FIRST})
    assert OTHER in given
    assert given.settle() == [], "it is known now"
