"""What a person claims is checked at Gupshup: a partner's own app, with exactly that phone."""

import pytest

from controller.errors import Rejected, Usage
from controller.loop.reconcile.resolve import absent, adopt
from controller.model.manifest import AppId
from tests.loop.apply_fixture import Bench, app

PHONE = "910000000001"
ALIKE = [
    pytest.param("19" + PHONE[2:], id="the same ten digits at the end"),
    pytest.param("1" + PHONE, id="a digit before"),
    pytest.param(PHONE + "0", id="a digit behind"),
    pytest.param(PHONE[2:], id="without its country code"),
]


async def test_an_app_with_the_declared_phone_is_adopted_under_any_name(there: Bench) -> None:
    mine = there.remote.put("AnyName", PHONE)
    await adopt(there.account(), app(), mine)
    assert (await there.memory()).bindings[PHONE].app_id == mine


@pytest.mark.parametrize("alike", ALIKE)
async def test_an_app_with_another_phone_is_not_adopted_however_alike_it_is(there: Bench, alike: str) -> None:
    other = there.remote.put("AppOne", alike)
    with pytest.raises(Usage, match="does not have the phone"):
        await adopt(there.account(), app(), other)
    assert not (await there.memory()).bindings


async def test_a_strangers_app_is_not_adopted(there: Bench) -> None:
    there.remote.on("details", Rejected("403", status=403, words="Unauthorized Access"))
    with pytest.raises(Usage, match="is not this partner's"):
        await adopt(there.account(), app(), AppId("app-9"))


@pytest.mark.parametrize("alike", ALIKE)
async def test_an_app_is_absent_if_only_apps_with_similar_phones_are_listed(there: Bench, alike: str) -> None:
    other = there.remote.put("OtherApp", alike)
    look = there.remote.rows

    async def generous(_: str) -> object:
        return await look()

    there.remote.rows_by_phone = generous  # type: ignore[method-assign, assignment]  # it gives what it likes
    await absent(there.account(), app())
    there.remote.put("AppOne", PHONE)
    with pytest.raises(Usage, match="adopt it by --adopt"):
        await absent(there.account(), app())
    assert other in there.remote.apps
