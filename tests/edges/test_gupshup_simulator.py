"""The client and the stand-in for Gupshup know nothing of each other, and agree."""

from contextlib import AbstractAsyncContextManager

import httpx
import pytest

from controller.edges.gupshup import GupshupWriter, Network, SubscriptionForm
from controller.errors import Denied, Limited, Rejected
from controller.model.secret import Secret
from controller.model.upstream import Linked, LinkRefused, NameTaken, PhoneTaken
from controller.simulator import World as Simulated
from controller.simulator import create_app
from tests.clock import FakeClock
from tests.edges.fake_wire import World, declared

URL = "https://hooks.example.com/events"
PHONE = "919876543210"
WABA = "109876543210987"
WISH = SubscriptionForm("gitops", URL, 3, ("READ", "SENT"), headers={"X-Hook": Secret("hook-secret")})


def client(clock: FakeClock, *, secret: str | None = None) -> AbstractAsyncContextManager[GupshupWriter]:
    simulated = Simulated(clock.now, sleep=clock.sleep)
    partner = next(iter(simulated.partners.values()))
    return World(
        clock=clock,
        secrets={"GUPSHUP_EMAIL": partner.email, "GUPSHUP_SECRET": secret or partner.secret},
        network=Network(transport=httpx.ASGITransport(create_app(simulated))),
    ).writer()


async def test_an_app_is_linked_and_read_back_from_the_simulator() -> None:
    async with client(FakeClock()) as gupshup:
        assert (await gupshup.sign_in()).isdigit()
        linked = await gupshup.link(declared(waba_id=WABA, phone=PHONE, storage_region="IN"))
        assert isinstance(linked, Linked)
        app = linked.app_id

        (row,) = await gupshup.rows()
        assert (row.id, row.name, row.phone, row.region) == (app, "AcmeSupport", PHONE, "IN")
        assert await gupshup.rows_by_phone(PHONE[2:6]) == (row,)
        assert [found.id for found in await gupshup.partner_apps()] == [app]
        details = await gupshup.details(app)
        assert (details.id, details.phone) == (app, PHONE)
        assert (await gupshup.stage(app)).creation
        await gupshup.set_callback(app, URL)


async def test_a_second_link_is_refused_by_the_simulator_with_a_reason() -> None:
    async with client(FakeClock()) as gupshup:
        first = await gupshup.link(declared(waba_id=WABA, phone=PHONE))
        assert isinstance(first, Linked)
        again = await gupshup.link(declared(name="OtherName", waba_id=WABA, phone=PHONE))
        assert isinstance(again, PhoneTaken)
        assert again.app_id == first.app_id
        assert isinstance(await gupshup.link(declared(waba_id="1", phone="15550001111")), NameTaken)
        assert isinstance(
            await gupshup.link(declared(name="A b", waba_id="1", phone="15550001112")), LinkRefused
        )


async def test_a_subscription_is_created_changed_and_deleted_at_the_simulator() -> None:
    clock = FakeClock()
    async with client(clock) as gupshup:
        linked = await gupshup.link(declared(waba_id=WABA, phone=PHONE))
        assert isinstance(linked, Linked)
        app = linked.app_id
        made = await gupshup.subscribe(app, WISH)
        assert (made.tag, made.url, made.version, made.active) == ("gitops", URL, 3, True)
        with pytest.raises(Rejected, match="Duplicate component tag"):
            await gupshup.subscribe(app, WISH)

        off = SubscriptionForm("gitops", f"{URL}/2", 2, ("FAILED",), active=False)
        await gupshup.update_subscription(app, made.id, off)
        clock.time += 62
        (found,) = await gupshup.subscriptions(app)
        assert (found.id, found.url, found.version, found.mode, found.active) == (
            made.id,
            off.url,
            2,
            32,
            False,
        )
        await gupshup.unsubscribe(app, made.id)
        await gupshup.unsubscribe(app, made.id)
        with pytest.raises(Rejected, match="Does Not Exist"):
            await gupshup.update_subscription(app, made.id, off)
        assert await gupshup.subscriptions(app) == ()
        with pytest.raises(Limited):
            await gupshup.subscriptions(app)


async def test_a_wrong_secret_is_denied_by_the_simulator() -> None:
    async with client(FakeClock(), secret="wrong") as gupshup:
        with pytest.raises(Denied, match="Failed to authenticate"):
            await gupshup.sign_in()
