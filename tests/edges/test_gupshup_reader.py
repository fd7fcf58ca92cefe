"""Lists are whole or not at all, however the pages come."""

from collections.abc import Callable

import httpx
import pytest

from controller.edges.gupshup import Network, Reader, Writer, app_id
from controller.edges.gupshup.routes import ROUTES, Auth, Call
from controller.edges.gupshup.wire import Wire
from controller.errors import Busy, Usage
from controller.model.manifest import AppId, FromEnv, Token
from controller.model.secret import Secret
from controller.model.upstream import Row, Stage
from tests.edges.gupshup_world import APP, LIST, PARTNER_APPS, PHONE, SUB, Answer, OpenGate, World

GIVEN = Token(FromEnv("GIVEN"))


def row_id(number: int) -> AppId:
    return app_id(f"00000000-0000-4000-8000-{number:012}")


def rows(*numbers: int) -> list[dict[str, object]]:
    return [{"id": row_id(n), "name": f"App{n:04}", "phone": str(10_000_000 + n)} for n in numbers]


class Pages:
    """A list that is cut into pages in whatever way *cut* says, from page 1."""

    def __init__(self, cut: Callable[[int, int], list[dict[str, object]]]) -> None:
        self.cut = cut
        self.asked: list[tuple[int, int]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        page, size = (int(request.url.params[key]) for key in ("pageNo", "pageSize"))
        self.asked.append((page, size))
        return Answer(200, {"status": "success", "apps": self.cut(page, size)}).response()


async def listed(pages: Pages) -> list[AppId]:
    world = World(network=Network(transport=httpx.MockTransport(pages)))
    world.credentials = GIVEN
    async with world.reader() as client:
        return [row.id for row in await client.rows()]


def honest(total: int) -> Callable[[int, int], list[dict[str, object]]]:
    return lambda page, size: rows(*range((page - 1) * size, min(page * size, total)))


def clamped(total: int, most: int) -> Callable[[int, int], list[dict[str, object]]]:
    return lambda page, size: honest(total)(page, min(size, most))


@pytest.mark.parametrize(
    ("cut", "total", "calls"),
    [
        pytest.param(honest(0), 0, 1, id="no apps"),
        pytest.param(honest(5), 5, 2, id="a short first page may be clamped, so one more is asked for"),
        pytest.param(honest(100), 100, 2, id="a full page, then an empty one"),
        pytest.param(honest(150), 150, 2, id="a full page, then a shorter one ends the list"),
        pytest.param(honest(300), 300, 4, id="full pages only"),
        pytest.param(clamped(45, 10), 45, 6, id="a server that clamps the page size"),
        pytest.param(clamped(30, 10), 30, 4, id="likewise, and full to the end"),
    ],
)
async def test_all_pages_are_read(
    cut: Callable[[int, int], list[dict[str, object]]],
    total: int,
    calls: int,
) -> None:
    pages = Pages(cut)

    assert await listed(pages) == [row_id(n) for n in range(total)]
    assert pages.asked == [(n, 100) for n in range(1, calls + 1)]


async def test_rows_that_shift_between_pages_are_one_row() -> None:
    shifted = {1: rows(*range(100)), 2: rows(99, 100, 101)}

    assert await listed(Pages(lambda page, _: shifted[page])) == [row_id(n) for n in range(102)]


async def test_a_list_that_does_not_advance_is_no_list() -> None:
    with pytest.raises(Busy, match="does not advance"):
        await listed(Pages(lambda _page, _size: rows(1, 2, 3)))


async def test_a_list_without_an_end_is_no_list() -> None:
    pages = Pages(lambda page, _: rows(page))

    with pytest.raises(Busy, match="no end after 1000 pages"):
        await listed(pages)
    assert len(pages.asked) == 1000


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({"id": "7"}, id="an id that is no UUID"),
        pytest.param({"id": None}, id="no id"),
        pytest.param({"name": None}, id="no name"),
        pytest.param({"name": ["A"]}, id="a name that is a list"),
        pytest.param({"name": "\ud800"}, id="a name that is no text"),
        pytest.param({"phone": 1.5}, id="a phone that is a fraction"),
        pytest.param({"phone": {}}, id="a phone that is an object"),
        pytest.param({"live": "perhaps"}, id="live that is neither"),
        pytest.param({"creationStage": []}, id="a stage that is a list"),
    ],
)
async def test_one_odd_row_makes_the_list_useless(odd: dict[str, object]) -> None:
    with pytest.raises(Busy, match="cannot be used"):
        await listed(Pages(lambda _page, _size: [*rows(1), {**rows(2)[0], **odd}]))


async def test_a_page_that_fails_fails_the_list() -> None:
    world = World()
    world.upstream.on(LIST, Answer(200, {"apps": rows(*range(100))}), httpx.ReadTimeout("slow"))
    async with world.reader() as client:
        with pytest.raises(Busy, match="no answer"):
            await client.rows()


@pytest.mark.parametrize("key", ["apps", "partnerAppsList", "partnerAppList", "data", None])
async def test_the_key_of_the_list_may_differ(key: str | None) -> None:
    world = World()
    found: object = rows(1)
    for what in (LIST, PARTNER_APPS):
        world.upstream.on(what, Answer(200, {key: found} if key else found), Answer(200, {"apps": []}))
    async with world.reader() as client:
        assert [row.id for row in await client.rows()] == [row_id(1)]
        assert [row.id for row in await client.partner_apps()] == [row_id(1)]


async def test_a_row_tells_all_that_it_holds() -> None:
    world = World()
    told = {
        "id": APP,
        "name": "AcmeSupport",
        "phone": int(PHONE),
        "live": True,
        "stopped": "false",
        "storageRegion": "IN",
        "pipelineStage": "FINALIZE",
        "creationStage": "WHATSAPP_PROVISIONING_DONE",
        "createdOn": 1_636_986_446_609,
        "somethingNew": {"deep": [1]},
    }
    world.upstream.on(LIST, Answer(200, {"apps": [told]}), Answer(200, {"apps": []}))
    async with world.reader() as client:
        (found,) = await client.rows()

    stage = Stage("WHATSAPP_PROVISIONING_DONE", "FINALIZE")
    assert found == Row(APP, "AcmeSupport", PHONE, True, False, "IN", stage, 1_636_986_446.609)  # noqa: FBT003  (a row)


async def test_a_look_by_phone_asks_for_it_and_returns_all_that_came() -> None:
    world = World()
    world.upstream.on(LIST, Answer(200, {"apps": rows(1, 2)}), Answer(200, {"apps": []}))
    async with world.reader() as client:
        assert len(await client.rows_by_phone(PHONE)) == 2

    assert [r.url.params["phone"] for r in world.upstream.sent(LIST)] == [PHONE, PHONE]


@pytest.mark.parametrize("phone", ["", "+9198", "91 98", "٣", "9&name=x"])
async def test_a_look_by_an_odd_phone_is_not_sent(phone: str) -> None:
    world = World()
    async with world.reader() as client:
        with pytest.raises(Usage):
            await client.rows_by_phone(phone)
    assert not world.upstream.log


async def test_a_reader_has_no_way_to_write() -> None:
    """`plan` gets a Reader: it lacks the methods, and its wire refuses the calls."""
    gate = OpenGate()
    world = World(gate=gate)
    wire = Wire(
        world.url,
        network=Network(transport=httpx.MockTransport(world.upstream)),
        gate=gate,
        clock=world.clock,
        may_write=None,
    )
    for route in ROUTES:
        token = None if route.auth is Auth.NOBODY else Secret("t")
        if route.method == "GET" or route.auth is Auth.NOBODY:
            await wire.send(Call(route, APP, SUB), token)
        else:
            with pytest.raises(Usage, match="only reads"):
                await wire.send(Call(route, APP, SUB), token)
    own = {name for name in vars(Writer) if not name.startswith("_")}

    assert {request.method for request in world.upstream.log} == {"GET", "POST"}
    assert {request.url.path for request in world.upstream.log if request.method == "POST"} == {
        "/partner/account/login"
    }
    assert len(gate.calls) == len(world.upstream.log)
    assert own == {"link", "set_callback", "subscribe", "update_subscription", "unsubscribe"}
    assert not own & set(dir(Reader))


async def test_a_call_without_its_token_or_with_one_too_many_is_not_sent() -> None:
    world = World()
    wire = Wire(
        world.url,
        network=Network(transport=httpx.MockTransport(world.upstream)),
        gate=world.gate,
        clock=world.clock,
        may_write=lambda: True,
    )
    for route in ROUTES:
        with pytest.raises(Usage, match="token"):
            await wire.send(Call(route, APP, SUB), Secret("t") if route.auth is Auth.NOBODY else None)
    assert not world.upstream.log
