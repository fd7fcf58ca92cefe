"""What a write sends, once, and that it is never sent again."""

import json
import re
from collections.abc import Awaitable, Callable

import httpx
import pytest

from controller.edges.gupshup import GupshupWriter, SubscriptionForm
from controller.errors import Busy, ControllerError, Denied, Unclear, Usage
from controller.model.secret import Secret
from tests.edges.fake_wire import Answer, World, declared, form
from tests.edges.routes import APP, CALLBACK, LINK, PHONE, SUB, SUBSCRIBE, UNSUBSCRIBE, UPDATE

URL = "https://hooks.example.com/events/acme?x=1&y=é"
TOLD = Answer(200, {"status": "success", "subscription": {"id": "8166", "mode": 1}})
WISH = SubscriptionForm(
    "gitops",
    URL,
    3,
    ("READ", "MESSAGE", "SENT", "COPY", "DELIVERED"),
    active=False,
    show_on_ui=True,
    headers={"X-Two": Secret("second"), "X-One": Secret('first "quoted"')},
)


async def test_a_link_sends_its_given_fields_as_a_form() -> None:
    world = World().on(LINK, Answer(200, {"appId": APP}))
    async with world.writer() as client:
        await client.link(declared(waba_id="1098", phone=PHONE))
        await client.link(declared(name="A", waba_id="1", phone=PHONE, callback_url=URL, storage_region="IN"))

    bare, full = map(form, world.upstream.sent(LINK))
    assert bare == {"name": "AcmeSupport", "wabaId": "1098", "phone": PHONE}
    assert full == {"name": "A", "wabaId": "1", "phone": PHONE, "callbackUrl": URL, "storageRegion": "IN"}
    assert not world.upstream.sent(LINK)[0].url.query


async def test_a_callback_is_set_by_a_form() -> None:
    world = World().on(CALLBACK, Answer(200, {"status": "success"}))
    async with world.writer() as client:
        await client.set_callback(APP, URL)

    assert form(world.upstream.log[-1]) == {"callbackUrl": URL}


async def test_a_new_subscription_sends_the_modes_by_bit_and_the_headers_as_meta() -> None:
    world = World().on(SUBSCRIBE, TOLD)
    async with world.writer() as client:
        assert (await client.subscribe(APP, WISH)).id == SUB

    sent = form(world.upstream.log[-1])
    assert json.loads(sent.pop("meta")) == {"X-One": 'first "quoted"', "X-Two": "second"}
    assert sent == {
        "modes": "SENT,DELIVERED,READ,MESSAGE,COPY",
        "tag": "gitops",
        "url": URL,
        "version": "3",
        "showOnUI": "true",
    }


async def test_an_update_sends_the_whole_declared_set() -> None:
    world = World().on(UPDATE, TOLD)
    async with world.writer() as client:
        await client.update_subscription(APP, SUB, WISH)
        await client.update_subscription(APP, SUB, SubscriptionForm("t", URL, 2, ("ALL",)))

    with_headers, without = map(form, world.upstream.sent(UPDATE))
    assert set(with_headers) == {"modes", "tag", "url", "version", "active", "meta"}
    assert with_headers["active"] == "false"
    assert without == {"modes": "ALL", "tag": "t", "url": URL, "version": "2", "active": "true"}


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "é", ""])
async def test_a_header_that_could_break_out_is_not_sent(value: str) -> None:
    world = World()
    wish = SubscriptionForm("gitops", URL, 3, ("SENT",), headers={"X-Hook": Secret(value)})
    async with world.writer() as client:
        with pytest.raises(Denied, match="X-Hook"):
            await client.subscribe(APP, wish)

    assert not world.upstream.log


async def test_a_write_that_cannot_be_encoded_is_not_sent() -> None:
    world = World()
    async with world.writer() as client:
        with pytest.raises(Usage, match="characters"):
            await client.set_callback(APP, "https://x/\ud800")

    assert not world.upstream.sent(CALLBACK)


WRITES: dict[str, Callable[[GupshupWriter], Awaitable[object]]] = {
    LINK: lambda w: w.link(declared(waba_id="1", phone=PHONE)),
    CALLBACK: lambda w: w.set_callback(APP, URL),
    SUBSCRIBE: lambda w: w.subscribe(APP, WISH),
    UPDATE: lambda w: w.update_subscription(APP, SUB, WISH),
    UNSUBSCRIBE: lambda w: w.unsubscribe(APP, SUB),
}


async def write(client: GupshupWriter, what: str) -> None:
    await WRITES[what](client)


@pytest.mark.parametrize("what", WRITES)
@pytest.mark.parametrize(
    "trouble",
    [
        *(Answer(status, body) for status in (401, 403, 408, 425, 429, 500, 503) for body in (b"", b"{}")),
        Answer(403, {"message": "Invalid Access Token"}),
        Answer(200, b"<html>"),
        Answer(307, b"", {"Location": "https://elsewhere.example/"}),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
    ],
    ids=lambda trouble: trouble.__class__.__name__ + str(getattr(trouble, "status", "")),
)
async def test_no_write_is_ever_repeated_by_the_client(what: str, trouble: Answer | Exception) -> None:
    world = World().on(what, trouble)
    async with world.writer() as client:
        with pytest.raises(ControllerError):
            await write(client, what)

    assert len(world.upstream.sent(what)) == 1


@pytest.mark.parametrize("what", WRITES)
@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        pytest.param(httpx.ConnectError("x"), Busy, id="connect refused"),
        pytest.param(httpx.ConnectTimeout("x"), Busy, id="connect timed out"),
        pytest.param(httpx.PoolTimeout("x"), Busy, id="no free connection"),
        pytest.param(httpx.ProxyError("x"), Busy, id="the proxy refused"),
        pytest.param(httpx.ReadTimeout("x"), Unclear, id="read timed out"),
        pytest.param(httpx.WriteTimeout("x"), Unclear, id="write timed out"),
        pytest.param(httpx.ReadError("x"), Unclear, id="reset while reading"),
        pytest.param(httpx.WriteError("x"), Unclear, id="reset while writing"),
        pytest.param(httpx.RemoteProtocolError("x"), Unclear, id="closed without an answer"),
        pytest.param(httpx.LocalProtocolError("x"), Unclear, id="a protocol error of ours"),
        pytest.param(httpx.DecodingError("x"), Unclear, id="undecodable"),
        pytest.param(OSError("x"), Unclear, id="the system's error"),
        pytest.param(ValueError("x"), Unclear, id="the library's error"),
    ],
)
async def test_only_a_write_that_provably_was_not_sent_is_busy(
    what: str,
    trouble: Exception,
    kind: type[ControllerError],
) -> None:
    world = World().on(what, trouble)
    async with world.writer() as client:
        with pytest.raises(kind, match=re.escape("partner.gupshup.io")):
            await write(client, what)
