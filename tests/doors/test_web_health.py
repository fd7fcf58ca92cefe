"""Health: alive while the loop progresses, ready once a source was read and the store is reachable."""

import asyncio
from dataclasses import replace

import pytest

from controller.doors.web import front_app
from controller.edges.store import SqlStore
from controller.errors import StoreError
from controller.model.passes import PartnerState, SourceState
from tests.builders.memory import NOW
from tests.doors.fake_control import FakeControl
from tests.doors.web_fixture import TOKEN, caller, keys


def partner(name: str = "main", progressed_at: float = NOW) -> PartnerState:
    return PartnerState(name, progressed_at=progressed_at)


@pytest.mark.parametrize(
    ("partners", "later", "code"),
    [
        pytest.param((), 1_000.0, 200, id="no partner"),
        pytest.param((partner(),), 120.0, 200, id="moved just in time"),
        pytest.param((partner(),), 120.1, 503, id="stood still too long"),
        pytest.param((partner(), partner("b", NOW + 100)), 130.0, 503, id="one of two stands still"),
        pytest.param((partner(progressed_at=0.0),), 60.0, 200, id="not moved yet"),
        pytest.param((partner(progressed_at=0.0),), 121.0, 503, id="never moved"),
    ],
)
async def test_healthz_is_200_while_the_loop_progresses(
    partners: tuple[PartnerState, ...], later: float, code: int, store: SqlStore
) -> None:
    board = FakeControl(all_partners=partners)
    async with caller(front_app(board, store, token=None)) as http:
        board.time += later
        answer = await http.get("/healthz")
    assert (answer.status_code, answer.text) == (code, "ok\n" if code == 200 else "the loop stands still\n")


async def test_readyz_is_200_once_a_source_was_read_and_the_store_is_reachable(store: SqlStore) -> None:
    board = FakeControl(state=SourceState("manifests/"))
    async with caller(front_app(board, store, token=None)) as http:
        assert (await http.get("/readyz")).status_code == 503
        board.state = replace(board.state, read=NOW)
        assert (await http.get("/readyz")).status_code == 200


@pytest.mark.parametrize(
    ("state", "words"),
    [
        pytest.param(SourceState("m"), "was not read yet", id="nothing was tried"),
        pytest.param(SourceState("m", error="no route to /secret"), "cannot be read", id="out of reach"),
        pytest.param(SourceState("m", error="/secret", rejected="r1"), "cannot be accepted", id="refused"),
        pytest.param(SourceState("m", waiting="/secret"), "is being written", id="half written"),
    ],
)
async def test_readyz_tells_without_names_why_no_source_was_accepted(
    state: SourceState, words: str, store: SqlStore
) -> None:
    async with caller(front_app(FakeControl(state=state), store, token=None)) as http:
        answer = await http.get("/readyz")
    assert (answer.status_code, words in answer.text, "secret" in answer.text) == (503, True, False)


class Shaky:
    """A store that is reached or not, or hangs."""

    def __init__(self) -> None:
        self.asked = 0
        self.broken = False
        self.answers = asyncio.Event()
        self.answers.set()

    async def reachable(self) -> None:
        self.asked += 1
        await self.answers.wait()
        if self.broken:
            raise StoreError("gone")


async def test_an_unreachable_store_is_not_ready_and_is_queried_once_a_second() -> None:
    board, shaky = FakeControl(), Shaky()
    async with caller(front_app(board, shaky, token=None)) as http:  # type: ignore[arg-type]  # the part that is asked
        assert {(await http.get("/readyz")).status_code for _ in range(20)} == {200}
        assert shaky.asked == 1

        shaky.broken = True
        board.time += 1.0
        assert {(await http.get("/readyz")).status_code for _ in range(20)} == {503}
        assert shaky.asked == 2


async def test_a_hanging_store_is_not_ready_and_is_not_queried_again() -> None:
    board, shaky = FakeControl(), Shaky()
    shaky.answers.clear()
    async with caller(front_app(board, shaky, token=None)) as http:  # type: ignore[arg-type]  # likewise
        codes = await asyncio.gather(*(http.get("/readyz") for _ in range(5)))
        board.time += 10.0
        assert {answer.status_code for answer in codes} == {503}
        assert shaky.asked == 1
        shaky.answers.set()
        assert (await http.get("/readyz")).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_needs_no_token_and_shows_nothing_else(path: str, store: SqlStore) -> None:
    door = front_app(FakeControl(), store, token=keys(TOKEN))
    async with caller(door) as http:
        answer = await http.get(path, headers={"Host": "anything.example"})
        posted = await http.post(path)
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert "server" not in answer.headers
    assert posted.status_code == 405
