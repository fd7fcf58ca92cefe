"""Lists are whole or not at all, however the pages come."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import httpx
import pytest

from controller.edges.gupshup import GupshupReader, GupshupWriter, Network, app_id
from controller.edges.gupshup.routes import ROUTES, Auth, Call
from controller.edges.gupshup.transport import Transport
from controller.errors import Busy, Usage
from controller.model.manifest import AppId, Bucket, FromEnv, Token
from controller.model.secret import Secret
from controller.model.upstream import Row, Stage
from tests.edges.fake_wire import Answer, OpenLimiter, World
from tests.edges.routes import APP, LIST, PARTNER_APPS, PHONE, SUB

GIVEN = Token(FromEnv("GIVEN"))


def row_id(number: int) -> AppId:
    return app_id(f"00000000-0000-4000-8000-{number:012}")


def rows(*numbers: int) -> list[dict[str, object]]:
    return [{"id": row_id(n), "name": f"App{n:04}", "phone": str(10_000_000 + n)} for n in numbers]


class Pages:
    """A list that is cut into pages in whatever way *cut* says, from page 1; without pages it is *there*."""

    def __init__(self, cut: Callable[[int, int], list[dict[str, object]]], there: Sequence[int] = ()) -> None:
        self.cut = cut
        self.there = there
        self.asked: list[tuple[int, int]] = []
        self.without = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/partnerApps"):
            self.without += 1
            return Answer(200, {"partnerAppsList": rows(*self.there)}).response()
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
async def test_all_pages_of_the_list_are_read(
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


REPEATING = [
    pytest.param(lambda _page, _size: rows(1, 2, 3), [1, 2, 3], id="one page for any number"),
    pytest.param(lambda page, size: honest(200)(min(page, 2), size), [*range(200)], id="the last page again"),
    pytest.param(lambda page, size: honest(150)(min(page, 1), size), [*range(150)], id="a lost place"),
    pytest.param(lambda _page, _size: rows(1, 2), [1, 2, 3], id="fewer than there are"),
]


@pytest.mark.parametrize(("cut", "there"), REPEATING)
async def test_a_list_whose_pages_repeat_is_read_without_pages(
    cut: Callable[[int, int], list[dict[str, object]]], there: list[int]
) -> None:
    """A server that clamps `pageNo` to the last page would never end a list; one that errs hides apps."""
    pages = Pages(cut, there)

    assert await listed(pages) == [row_id(n) for n in there]
    assert pages.without == 1


async def test_a_repeating_list_keeps_the_stages_that_its_pages_showed() -> None:
    world = World()
    told = {**rows(1)[0], "creationStage": "ERROR"}
    world.upstream.on(LIST, Answer(200, {"apps": [told]}))
    world.upstream.on(PARTNER_APPS, Answer(200, {"partnerAppsList": rows(1, 2)}))
    async with world.reader() as client:
        assert [row.stage.creation for row in await client.rows()] == ["ERROR", None]


async def test_a_repeating_query_by_phone_is_read_without_pages() -> None:
    world = World()
    mine, other = {**rows(1)[0], "phone": PHONE}, rows(2)[0]
    world.upstream.on(LIST, Answer(200, {"apps": [mine]}))
    world.upstream.on(PARTNER_APPS, Answer(200, {"partnerAppsList": [other, mine]}))
    async with world.reader() as client:
        assert [row.id for row in await client.rows_by_phone(PHONE)] == [row_id(1)]


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(Answer(400, {"message": "Partner not found"}), id="refused"),
        pytest.param(Answer(429, {"message": "Too Many Requests"}), id="too many"),
        pytest.param(Answer(500), id="broken"),
    ],
)
async def test_a_repeating_list_says_which_answer_it_does_not_understand(refusal: Answer) -> None:
    world = World().on(LIST, Answer(200, {"apps": rows(1)}))
    world.upstream.on(PARTNER_APPS, refusal)
    async with world.reader() as client:
        with pytest.raises(Busy, match=r"page 2 holds only apps of earlier pages.*partnerApps"):
            await client.rows()


async def test_a_repeating_list_waits_for_its_turn_to_be_read_without_pages() -> None:
    class Short(OpenLimiter):
        @asynccontextmanager
        async def call(
            self, bucket: Bucket, *, app_id: AppId | None, route: str
        ) -> AsyncIterator[OpenLimiter]:
            if route == "partner apps":
                raise Busy("not yet", until=7.0)
            async with super().call(bucket, app_id=app_id, route=route) as permit:
                yield permit

    world = World(limiter=Short()).on(LIST, Answer(200, {"apps": rows(1)}))
    async with world.reader() as client:
        with pytest.raises(Busy, match="not yet") as caught:
            await client.rows()
    assert caught.value.until == 7.0


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"apps": [], "partnerAppsList": rows(1)}, id="an empty list first"),
        pytest.param({"partnerAppsList": rows(1), "data": []}, id="an empty list last"),
        pytest.param({"apps": None, "partnerAppsList": rows(1)}, id="nothing, and a list"),
        pytest.param({"apps": rows(1), "data": rows(1)}, id="the same list twice"),
        pytest.param({"apps": rows(1), "data": {"more": False}}, id="something else beside it"),
    ],
)
async def test_an_empty_list_beside_a_filled_one_is_ignored(body: object) -> None:
    world = World().on(LIST, Answer(200, body), Answer(200, {"apps": []}))
    async with world.reader() as client:
        assert [row.id for row in await client.rows()] == [row_id(1)]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"apps": rows(1), "partnerAppsList": rows(2)}, id="two that differ"),
        pytest.param({"apps": None, "data": []}, id="nothing, and an empty one"),
        pytest.param({"message": "fine"}, id="none"),
    ],
)
async def test_an_answer_without_exactly_one_list_is_refused(body: object) -> None:
    world = World().on(LIST, Answer(200, body))
    async with world.reader() as client:
        with pytest.raises(Busy, match="cannot be used"):
            await client.rows()


async def test_a_list_without_an_end_ends_when_its_time_is_up() -> None:
    """No page goes out after that; the first one always does."""
    pages = Pages(lambda page, _: rows(page))
    world = World(network=Network(transport=httpx.MockTransport(pages)), credentials=GIVEN)

    async with world.reader() as client:
        with pytest.raises(Busy, match="no end at page 1, and time is up"):
            await client.rows(world.clock.now() - 1)
    assert len(pages.asked) == 1


async def test_a_list_without_an_end_is_refused() -> None:
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
async def test_one_malformed_row_makes_the_list_unusable(odd: dict[str, object]) -> None:
    with pytest.raises(Busy, match="cannot be used"):
        await listed(Pages(lambda _page, _size: [*rows(1), {**rows(2)[0], **odd}]))


async def test_a_failed_page_fails_the_whole_list() -> None:
    world = World().on(LIST, Answer(200, {"apps": rows(*range(100))}), httpx.ReadTimeout("slow"))
    async with world.reader() as client:
        with pytest.raises(Busy, match="no answer"):
            await client.rows()


@pytest.mark.parametrize("key", ["apps", "partnerAppsList", "partnerAppList", "data", None])
async def test_the_key_of_the_list_in_an_answer_may_differ(key: str | None) -> None:
    world = World()
    found: object = rows(1)
    for what in (LIST, PARTNER_APPS):
        world.upstream.on(what, Answer(200, {key: found} if key else found), Answer(200, {"apps": []}))
    async with world.reader() as client:
        assert [row.id for row in await client.rows()] == [row_id(1)]
        assert [row.id for row in await client.partner_apps()] == [row_id(1)]


async def test_a_row_is_decoded_with_all_of_its_fields() -> None:
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


async def test_a_query_by_phone_sends_the_phone_and_returns_all_rows() -> None:
    world = World().on(LIST, Answer(200, {"apps": rows(1, 2)}), Answer(200, {"apps": []}))
    async with world.reader() as client:
        assert len(await client.rows_by_phone(PHONE)) == 2

    assert [r.url.params["phone"] for r in world.upstream.sent(LIST)] == [PHONE, PHONE]


@pytest.mark.parametrize(
    ("pages", "sent", "found"),
    [
        pytest.param([[]], 1, 0, id="nothing is one call"),
        pytest.param([range(9)], 1, 9, id="a page that no page size cuts short is all"),
        pytest.param([range(10), []], 2, 10, id="a page as long as an unasked one may have more to follow"),
        pytest.param([range(50), range(50, 60), []], 3, 60, id="pages that Gupshup keeps short are followed"),
        pytest.param([range(100)], 1, None, id="a full page is too many"),
    ],
)
async def test_a_search_takes_one_call_if_it_finds_few(
    pages: list[Sequence[int]], sent: int, found: int | None
) -> None:
    world = World().on(LIST, *(Answer(200, {"apps": rows(*page)}) for page in pages))
    async with world.reader() as client:
        answer = await client.search(name="Acme")

    assert (None if answer is None else len(answer)) == found
    assert [r.url.params["name"] for r in world.upstream.sent(LIST)] == ["Acme"] * sent
    assert "phone" not in world.upstream.sent(LIST)[0].url.params


async def test_a_repeating_search_is_read_without_pages() -> None:
    there = [{**row, "phone": PHONE} for row in rows(*range(12))]
    world = World().on(LIST, Answer(200, {"apps": there[:10]}))
    world.upstream.on(PARTNER_APPS, Answer(200, {"partnerAppsList": [*there, *rows(20)]}))
    async with world.reader() as client:
        assert await client.search(phone=PHONE, name="App") == await client.search(phone=PHONE)


@pytest.mark.parametrize("phone", ["", "+9198", "91 98", "٣", "9&name=x"])
async def test_a_query_by_a_malformed_phone_is_not_sent(phone: str) -> None:
    world = World()
    async with world.reader() as client:
        with pytest.raises(Usage):
            await client.rows_by_phone(phone)
    assert not world.upstream.log


async def test_a_reader_has_no_way_to_write() -> None:
    """`plan` gets a Reader: it lacks the methods, and its wire refuses the calls."""
    limiter = OpenLimiter()
    world = World(limiter=limiter)
    transport = Transport(
        world.url,
        network=Network(transport=httpx.MockTransport(world.upstream)),
        limiter=limiter,
        clock=world.clock,
        may_write=None,
    )
    for route in ROUTES:
        token = None if route.auth is Auth.NONE else Secret("t")
        if not route.writes:
            await transport.send(Call(route, APP, SUB, partner="1368"), token)
        else:
            with pytest.raises(Usage, match="only reads"):
                await transport.send(Call(route, APP, SUB, partner="1368"), token)
    own = {name for name in vars(GupshupWriter) if not name.startswith("_")}

    assert {request.method for request in world.upstream.log} == {"GET", "POST"}
    assert {request.url.path for request in world.upstream.log if request.method == "POST"} == {
        "/partner/account/login",
        "/partner/1368/auth/revoke",
        "/partner/1368/auth/token",
        f"/partner/app/{APP}/token",
        f"/partner/app/{APP}/token/revoke",
    }
    assert len(limiter.calls) == len(world.upstream.log)
    assert own == {"link", "set_callback", "subscribe", "update_subscription", "unsubscribe"}
    assert not own & set(dir(GupshupReader))


async def test_a_call_without_its_token_or_with_one_too_many_is_not_sent() -> None:
    world = World()
    transport = Transport(
        world.url,
        network=Network(transport=httpx.MockTransport(world.upstream)),
        limiter=world.limiter,
        clock=world.clock,
        may_write=lambda: True,
    )
    for route in ROUTES:
        wrong = Secret("t") if route.auth is Auth.NONE else None
        with pytest.raises(Usage, match="token"):
            await transport.send(Call(route, APP, SUB, partner="1368"), wrong)
    assert not world.upstream.log
