"""The gravest thing that happened gives the exit code, and nothing that went wrong is a success."""

import pytest

from controller.doors.cli import exits
from controller.doors.cli.ending import GRAVEST_FIRST, after_refusal, gravest
from controller.errors import ManifestError, PlanRefused, SourceError


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        pytest.param([], exits.OK, id="nothing"),
        pytest.param([exits.OK, exits.OK], exits.OK, id="all is well"),
        pytest.param([exits.OK, exits.CONVERGING], exits.CONVERGING, id="one still converges"),
        pytest.param([exits.CONVERGING, exits.HELD, exits.FAILED], exits.FAILED, id="one failed"),
        pytest.param([exits.FAILED, exits.USAGE], exits.USAGE, id="one could not begin: wrong usage"),
        pytest.param([exits.DENIED, exits.USAGE], exits.DENIED, id="credentials come before usage"),
        pytest.param([exits.INVALID], exits.ERROR, id="a code that no part of a run should have"),
    ],
)
def test_the_gravest_code_ends_a_run(codes: list[int], code: int) -> None:
    assert gravest(codes) == code


@pytest.mark.parametrize(
    ("refusal", "code", "ends"),
    [
        pytest.param(ManifestError(()), exits.OK, exits.INVALID, id="invalid, and all is as it was"),
        pytest.param(ManifestError(()), exits.FAILED, exits.INVALID, id="before what failed"),
        pytest.param(PlanRefused("", ""), exits.FAILED, exits.HELD, id="refused, before what failed"),
        pytest.param(PlanRefused("", ""), exits.CONVERGING, exits.HELD, id="before what still converges"),
        pytest.param(ManifestError(()), exits.HELD, exits.INVALID, id="before what a guard holds"),
        pytest.param(SourceError(""), exits.CONVERGING, exits.ERROR, id="out of reach"),
        pytest.param(ManifestError(()), exits.DENIED, exits.DENIED, id="credentials are graver"),
        pytest.param(ManifestError(()), exits.LOCKED, exits.LOCKED, id="so is another writer"),
        pytest.param(ManifestError(()), exits.INTERRUPTED, exits.INTERRUPTED, id="and an interruption"),
    ],
)
def test_a_source_that_is_not_taken_has_its_own_code(refusal: Exception, code: int, ends: int) -> None:
    assert after_refusal(refusal, code) == ends


def test_every_way_to_fail_on_one_partner_has_its_place() -> None:
    """Manifests and sources are refused before any partner is worked on."""
    known = {value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)}
    assert known - set(GRAVEST_FIRST) == {exits.OK, exits.CHANGES, exits.INVALID}
