"""Lines at a terminal: no word is broken, and none is lost."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.render.entries.view import View
from controller.core.render.plans import plan_text
from controller.core.render.reports import report_text
from controller.core.render.wrapping import wrapped, wrapped_command
from controller.core.status.run_report import Report
from controller.model.plan import Plan
from tests.builders.manifest import PARTNER
from tests.builders.plans import PLAN, REPORT

WORDS = st.lists(st.text("ab:/→.", min_size=1, max_size=120), min_size=1, max_size=30)
URL = "https://hooks.example.com/" + "x" * 60


@pytest.mark.parametrize(
    ("line", "width", "expected"),
    [
        pytest.param("a b c", None, ["a b c"], id="a pipe wraps nothing"),
        pytest.param("  + a  b c", 10, ["  + a  b c"], id="a line that fits keeps its columns"),
        pytest.param("  + a  bb cc", 10, ["  + a  bb", "    cc"], id="the rest hangs below"),
        pytest.param(f"  url: {URL}", 80, ["  url:", URL], id="a word too long for its line is whole"),
        pytest.param(
            "  a 1234567", 8, ["  a", " 1234567"], id="a word that only fits with less room on its left"
        ),
        pytest.param("", 5, [""], id="nothing"),
    ],
)
def test_a_line_is_wrapped_between_words(line: str, width: int | None, expected: list[str]) -> None:
    assert wrapped(line, width, 4) == expected


@given(words=WORDS, width=st.integers(1, 100), indent=st.integers(0, 20))
def test_no_word_is_broken_and_no_line_is_too_long_unless_a_word_is(
    words: list[str], width: int, indent: int
) -> None:
    lines = wrapped(" ".join(words), width, indent)
    assert [word for line in lines for word in line.split(" ") if word] == words
    assert all(len(line) <= width or len(line.split()) == 1 == len(line.split(" ")) for line in lines)


def plan_shown(width: int | None) -> str:
    return plan_text([PLAN, Plan(PARTNER, "r1")], "r1", View(width))


def report_shown(width: int | None) -> str:
    return report_text([REPORT, Report("b"), Report("c", looked=True)], "r1", View(width), interrupted=True)


@pytest.mark.parametrize("shown", [plan_shown, report_shown], ids=["a plan", "a report"])
@given(width=st.integers(20, 140))
def test_what_stands_at_a_terminal_has_the_words_of_what_goes_into_a_pipe(
    shown: Callable[[int | None], str], width: int
) -> None:
    """But for the one line at the end that is for people only: how a reason is explained."""
    text = shown(width).replace(" \\\n", "\n")
    words = " ".join(text.split()).replace("More about a reason: gupshupctl explain AppLost ", "", 1)
    assert words == " ".join(shown(None).split())
    wide = [line for line in text.splitlines() if len(line) > width]
    assert not [line for line in wide if len(line.split()) > 1]


def test_a_wrapped_command_is_still_one_command() -> None:
    assert wrapped_command("  run --release abcdef", 20, 4) == ["  run --release \\", "    abcdef"]
    assert wrapped_command("  run --release abcdef", None, 4) == ["  run --release abcdef"]


COLOURS = {"+": 32, "~": 33, "-": 31, "!": 31, "⏸": 35, "…": 2}


def test_each_entry_has_the_colour_of_its_sign_at_a_terminal_only() -> None:
    plain, coloured = plan_text([PLAN], "r1"), plan_text([PLAN], "r1", View(coloured=True))
    assert "\x1b" not in plain
    found = [line for line in coloured.splitlines() if "\x1b" in line]
    signs = [line.split("m")[1][2] for line in found]
    assert set(signs) == set(COLOURS)
    for sign, line in zip(signs, found, strict=True):
        assert line.startswith(f"\x1b[{COLOURS[sign]}m  {sign} ")
        assert line.count("\x1b[0m") == 1
    assert "  ? unmanaged    App/Stranger  id 7: no manifest declares it" in coloured.splitlines()
