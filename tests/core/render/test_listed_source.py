"""The source of `run`, as `get` and `reconcile` show it."""

import pytest

from controller.core.render.listed.source import in_force_line, rejected_in_full, rejected_lines
from controller.model.passes import SourceRead, SourceState

GOOD = SourceState("a folder", "r1", since=1.0)
BAD = SourceState("a folder", "r1", error="it is bad", error_since=60.0, rejected="r2")
HEAD = "Source a folder: revision r2 is rejected since 1970-01-01T00:01:00Z, r1 stays in force"


@pytest.mark.parametrize(
    ("state", "line"),
    [
        pytest.param(BAD, f"{HEAD}: it is bad", id="rejected for its content"),
        pytest.param(
            SourceState("a folder", error="no route"),
            "Source a folder: no newer revision could be read, no revision is in force: no route",
            id="never read",
        ),
        pytest.param(
            SourceState("a folder", "r2", error="shrank", digest="sha256:x", rejected="r2"),
            "Source a folder: revision r2 is rejected: shrank. "
            "To accept it: `gupshupctl reconcile --release sha256:x --store s.db`",
            id="refused for one account",
        ),
    ],
)
def test_a_rejected_revision_is_one_line(state: SourceState, line: str) -> None:
    reads = [SourceRead(state, 1.0), SourceRead(GOOD, 1.0), SourceRead(state, 2.0)]
    assert list(rejected_lines(reads, ("--store", "s.db"))) == [line]


def test_in_full_the_problems_stand_in_place_of_the_first_one() -> None:
    reads = [SourceRead(BAD, 1.0, "ManifestError", "a.yaml:1:1: no\nb.yaml:1:1: no\n")]
    assert list(rejected_in_full(reads)) == [f"{HEAD}:", "  a.yaml:1:1: no", "  b.yaml:1:1: no"]
    assert list(rejected_in_full([SourceRead(BAD, 1.0), SourceRead(GOOD, 1.0)])) == [f"{HEAD}: it is bad"]


def test_what_is_in_force_is_a_line_for_each_source() -> None:
    reads = [SourceRead(GOOD, 1.0), SourceRead(GOOD, 2.0), SourceRead(SourceState("none yet"), 1.0)]
    assert list(in_force_line(reads)) == ["Reconciled with revision r1 of a folder."]
