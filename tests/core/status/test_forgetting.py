"""What may be erased of an app: nothing of one that stays, whatever name, phone or id they share."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from controller.core.status.forgetting import forgotten
from controller.core.status.state import RETIRED, UNMANAGED
from controller.model.status import ListedApp, Status
from tests.builders.status import condition, status_of
from tests.builders.upstream import app_id

PHONE, OTHER = "919876543210", "911111111111"
LIVE = replace(status_of("shop", condition("Ready")), app_id=app_id(1), phone=PHONE)
GONE = replace(status_of("acme", condition(UNMANAGED)), app_id=app_id(2), phone=OTHER)
LEFT = replace(status_of("acme", condition(RETIRED)), app_id=app_id(2), phone=OTHER)
UNLINKED = replace(GONE, app_id=None)
RENUMBERED = replace(GONE, listed=ListedApp("Acme", "912222222222"))


@pytest.mark.parametrize(
    ("phone", "statuses", "words"),
    [
        pytest.param(None, [LIVE, GONE], {app_id(2), OTHER}, id="its id and its phone"),
        pytest.param(None, [LIVE, LEFT], {app_id(2), OTHER}, id="retired"),
        pytest.param(None, [LIVE, UNLINKED], {OTHER}, id="never linked"),
        pytest.param(None, [RENUMBERED], {app_id(2), OTHER, "912222222222"}, id="another phone at Gupshup"),
        pytest.param("913333333333", [GONE], {app_id(2), OTHER, "913333333333"}, id="a given phone, too"),
        pytest.param(OTHER, [LIVE], {OTHER}, id="no status, a given phone"),
        pytest.param(None, [LIVE], set(), id="no status"),
        pytest.param(None, [LIVE, replace(UNLINKED, phone=PHONE)], set(), id="an active app has its phone"),
        pytest.param(None, [LIVE, replace(GONE, app_id=app_id(1))], {OTHER}, id="an active app has its id"),
    ],
)
def test_its_rows_are_found_by_its_ids_and_phones(
    phone: str | None, statuses: Sequence[Status], words: set[str]
) -> None:
    found = forgotten("acme", phone, statuses)
    assert not found.refused
    assert found.words == words
    assert found.kept == ({app_id(1), PHONE} if LIVE in statuses else frozenset())
    assert found.status == next((each for each in statuses if each.item.name == "acme"), None)


@pytest.mark.parametrize(
    ("name", "phone", "why"),
    [
        pytest.param("shop", None, "App/shop is declared, and not retired yet (Ready)", id="its name"),
        pytest.param("acme", PHONE, "App/shop has this phone. It is declared, and not", id="its phone"),
    ],
)
def test_an_app_that_is_declared_and_not_retired_is_not_erased(
    name: str, phone: str | None, why: str
) -> None:
    assert forgotten(name, phone, [GONE, LIVE]).refused.startswith(why)
