"""Explanations: every rule and every exit code has one, and a word is found however it is typed."""

import re
from collections import Counter

import pytest

from controller.core.closest import closest, did_you_mean
from controller.core.decode.rules import RULES
from controller.core.explain import SECTIONS, explained, known_words
from controller.core.planning.waits import WAITS


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        pytest.param("GS105", ["GS105"], id="a rule"),
        pytest.param("gs105", ["GS105"], id="capitals do not count"),
        pytest.param("nametakenelsewhere", ["NameTakenElsewhere"], id="a reason"),
        pytest.param("name taken elsewhere", ["NameTakenElsewhere"], id="blanks do not count"),
        pytest.param("exit 5", ["exit 5"], id="an exit code"),
        pytest.param("exit5", ["exit 5"], id="an exit code in one word"),
        pytest.param("exit code 130", ["exit 130"], id="an exit code in full"),
        pytest.param("64", ["exit 64"], id="an exit code by itself"),
        pytest.param("foreign", ["foreign"], id="a sign of a plan"),
        pytest.param("full-pass", ["AwaitingFullPass"], id="what a plan waits for"),
        pytest.param("maxUpdates", ["maxLinks, maxUpdates, maxUnsubscribes"], id="one of several guards"),
        pytest.param("Held", ["Held", "Held", "held"], id="a word of several meanings"),
        pytest.param("error", [], id="the severity of a rule is no word"),
        pytest.param("exit 9", [], id="a code that does not exist"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_a_word_is_explained(typed: str, words: list[str]) -> None:
    assert [row.word for _, row in explained(typed)] == words


def test_every_rule_is_explained_below_its_severity() -> None:
    rows = [row for section in SECTIONS if section.kind == "rule" for row in section.rows]
    told = {row.word: (row.mark, row.means, row.remedy) for row in rows}
    assert told == {rule.id: (str(rule.severity), rule.meaning, rule.remedy) for rule in RULES.values()}


def test_every_wait_is_explained_by_its_reason() -> None:
    (section,) = [section for section in SECTIONS if section.by_mark]
    assert {row.word: row.mark for row in section.rows} == {
        wait.reason: str(wait_for) for wait_for, wait in WAITS.items()
    }


@pytest.mark.parametrize("word", known_words())
def test_each_explanation_is_whole(word: str) -> None:
    for section, row in explained(word):
        assert all([row.means, row.example, row.remedy]), row
        assert bool(row.mark) is bool(section.marked)


def test_no_table_has_a_word_twice() -> None:
    for section in SECTIONS:
        counted = Counter(word for row in section.rows for word in section.words(row))
        assert max(counted.values()) == 1


def test_a_reason_that_an_explanation_names_is_explained_too() -> None:
    named = {
        word
        for section in SECTIONS
        for row in section.rows
        for cell in (row.means, row.example, row.remedy)
        for word in re.findall(r"`((?:[A-Z][a-z]+){2,}|GS\d{3})`", cell)
    }
    assert named
    assert named - set(known_words()) == set()


@pytest.mark.parametrize(
    ("word", "near"),
    [
        pytest.param("NameTakenElswhere", "NameTakenElsewhere", id="a letter is missing"),
        pytest.param("NAMETAKENELSEWHERE", "NameTakenElsewhere", id="only capitals differ"),
        pytest.param("xyzzy", None, id="like nothing"),
    ],
)
def test_the_nearest_word_is_found(word: str, near: str | None) -> None:
    assert closest(word, known_words()) == near
    assert did_you_mean(word, known_words()) == (f"; did you mean {near}?" if near else "")


def test_a_word_that_is_known_itself_is_not_what_was_meant() -> None:
    assert did_you_mean("GS105", known_words()) == ""


@pytest.mark.parametrize(
    ("word", "end"),
    [
        ("NameTaken", "; did you mean NameTakenByOtherPhone or NameTakenElsewhere?"),
        ("nametakenels", "; did you mean NameTakenElsewhere?"),
        ("PhneLinkedElsewhere", "; did you mean PhoneLinkedElsewhere?"),
        ("Nam", ""),
        ("xyzzy", ""),
    ],
)
def test_words_that_begin_like_it_are_suggested_first(word: str, end: str) -> None:
    assert did_you_mean(word, known_words()) == end
