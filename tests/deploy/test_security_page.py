"""The page about security names tests that exist, and answers every point."""

import re

from tests.deploy.conftest import ROOT

PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")


def all_tests() -> set[str]:
    """Return the names of all tests."""
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    return set(re.findall(r"^(?:async )?def (test_\w+)", source, re.MULTILINE))


def test_every_test_that_the_page_of_security_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 80
    assert named - all_tests() == set()


def test_every_point_of_the_page_of_security_is_answered_once_and_in_order() -> None:
    points = [int(number) for number in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)]
    assert points == list(range(1, 66))
