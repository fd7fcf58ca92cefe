"""Modes are compared as a set by their bits; a mode that cannot be known does not differ."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.planning.modes import KNOWN, agree, told
from controller.model.modes import MODES, in_order, mask
from tests.builders.manifest import subscription
from tests.builders.upstream import remote

FOUND = remote(subscription())
KNOWN_NAMES = [name for name, bit in MODES.items() if bit]


@pytest.mark.parametrize(
    ("wanted", "mode", "names", "expected"),
    [
        pytest.param({"SENT", "READ"}, 0b101, (), True, id="the same bits"),
        pytest.param({"SENT", "READ"}, 0b001, (), False, id="a bit is missing"),
        pytest.param({"SENT"}, 0b101, (), False, id="a bit too many"),
        pytest.param({"SENT"}, 0b1 | 1 << 13, (), True, id="bit 13 has no name: left alone"),
        pytest.param({"SENT"}, 0b1 | 1 << 40, (), True, id="a high bit has no name: left alone"),
        pytest.param({"VOICE"}, 1 << 14, (), True, id="bit 14 has one"),
        pytest.param({"NONE"}, 0, (), True, id="none is none"),
        pytest.param({"NONE"}, 1, (), False, id="none is not one"),
        pytest.param({"SENT", "COPY"}, 0b1, (), True, id="a mode without a known bit cannot be missed"),
        pytest.param({"SENT", "COPY"}, 0b111, (), True, id="and may stand for others"),
        pytest.param({"SENT", "COPY"}, 0b110, (), False, id="the known ones have to be there"),
        pytest.param({"ALL"}, 2047, (), True, id="everything, however it is told"),
        pytest.param({"SENT"}, 0b1, ("READ",), True, id="the mask counts, not the names beside it"),
        pytest.param({"SENT"}, None, (), True, id="nothing is told"),
        pytest.param({"SENT", "READ"}, None, ("READ", "SENT"), True, id="names in another order"),
        pytest.param({"SENT", "READ"}, None, ("READ",), False, id="a name is missing"),
    ],
)
def test_declared_and_observed_modes_agree_as_a_set(
    *, wanted: set[str], mode: int | None, names: tuple[str, ...], expected: bool
) -> None:
    assert agree(wanted, replace(FOUND, mode=mode, modes=names)) is expected


@given(st.sets(st.sampled_from(KNOWN_NAMES), min_size=1), st.integers(0, 2**20))
def test_modes_agree_when_all_named_bits_do(wanted: set[str], mode: int) -> None:
    assert agree(wanted, replace(FOUND, mode=mode)) == (mode & KNOWN == mask(frozenset(wanted)))


@pytest.mark.parametrize(
    ("mode", "names", "expected"),
    [
        pytest.param(0b101, (), "SENT, READ", id="by name"),
        pytest.param(0, (), "NONE", id="none"),
        pytest.param(1 | 1 << 13, (), "SENT, bits 8192", id="bits without a name as a number"),
        pytest.param(None, ("READ", "SENT"), "READ, SENT", id="as told where there is no mask"),
    ],
)
def test_observed_modes_are_shown_by_name(mode: int | None, names: tuple[str, ...], expected: str) -> None:
    assert told(replace(FOUND, mode=mode, modes=names)) == expected


def test_modes_are_listed_in_one_order() -> None:
    assert in_order(frozenset({"READ", "COPY", "SENT"})) == ("SENT", "READ", "COPY")
    assert in_order(set(MODES)) == tuple(MODES)
    assert in_order(("ZZZ", "COPY", "VOICE", "SENT", "SENT")) == ("SENT", "VOICE", "COPY", "ZZZ")
