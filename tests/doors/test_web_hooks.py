"""Hooks: any request gets a quick and empty answer, and causes at most one observation."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp

from controller.core.schedule.throttle import Throttle
from controller.core.webhook_event import LONGEST
from controller.doors.web import Hooks, hooks_app
from controller.doors.web.auth import Tokens, hook_tokens
from controller.doors.web.debounce import Debounce
from controller.doors.web.hint_queue import MOST, HintQueue
from controller.errors import Denied, StoreError, Usage
from controller.model.secret import Secret
from tests.doors.fake_control import FakeControl
from tests.doors.web_fixture import OTHER_SECRET, SECRET, caller, keys, served, until

ID = "7f9c24e5-1c1a-4d4e-9d6b-0a1b2c3d4e5f"
HOOK = f"/hooks/gupshup/{SECRET}"


def live(app: str = "AcmeSupport", app_id: str = ID) -> dict[str, object]:
    payload = {"type": "docker-status-event", "payload": {"status": "live"}}
    return {"app": app, "appId": app_id, "type": "onboarding-event", "version": 2, "payload": payload}


class Counted(Hooks):
    """Hooks whose requests are counted by what came of them."""

    def __init__(self, board: FakeControl, deadline: float) -> None:
        self.requests = Counter[str]()
        super().__init__(board, keys(SECRET), deadline=deadline, on_request=self._counted)

    def _counted(self, _hook: str, result: str) -> None:
        self.requests[result] += 1


def hooks(board: FakeControl | None = None, *, deadline: float = 5.0) -> Counted:
    return Counted(board or FakeControl(), deadline)


def waiting(queue: HintQueue) -> int:
    """Return how many hints found a place and were not passed on yet."""
    return len(queue._waiting)


async def settle(queue: HintQueue) -> None:
    """Let the queue pass on what may go now."""
    carrying = asyncio.create_task(queue.run())
    for _ in range(4 * MOST):
        await asyncio.sleep(0)
    carrying.cancel()


@pytest.mark.parametrize(
    ("body", "counted"),
    [
        pytest.param(json.dumps(live()).encode(), "hint", id="live"),
        pytest.param(b'{"type": "onboarding-event" "app": "AcmeSupport"}', "hint", id="without its commas"),
        pytest.param(b'{"type": "message", "app": "AcmeSupport"}', "other", id="a message"),
        pytest.param(
            b'{"type": "user-event", "payload": {"type": "sandbox-start", "phone": "callbackSetPhone"}}',
            "probe",
            id="a probe",
        ),
        pytest.param(b"[" * LONGEST, "unreadable", id="a deep list"),
        pytest.param(b"", "unreadable", id="nothing"),
    ],
)
async def test_every_event_is_answered_with_an_empty_200(body: bytes, counted: str) -> None:
    of = hooks()
    async with caller(hooks_app(of, FakeControl())) as http:
        answer = await http.post(HOOK, content=body)
    assert (answer.status_code, answer.content) == (200, b"")
    assert of.requests == {counted: 1}


async def test_the_answer_to_an_event_does_not_wait_for_its_observation() -> None:
    """Nobody carries hints on, and still it is answered: a full queue keeps Gupshup waiting no longer."""
    of = hooks()
    async with caller(hooks_app(of, FakeControl())) as http:
        for number in range(MOST + 3):
            assert (await http.post(HOOK, json=live(app=f"App{number}"))).status_code == 200
    assert waiting(of.hints) == MOST, "the last 3 found no place"


async def test_an_event_becomes_a_hint_with_all_its_names() -> None:
    board = FakeControl(known={"AcmeSupport"})
    of = hooks(board)
    async with caller(hooks_app(of, FakeControl())) as http:
        await http.post(HOOK, json=live())
    await settle(of.hints)
    assert board.hinted == [(ID, "AcmeSupport")]
    assert waiting(of.hints) == 0


async def test_a_known_and_an_unknown_app_are_answered_alike() -> None:
    of = hooks(FakeControl(known={"AcmeSupport"}))
    async with caller(hooks_app(of, FakeControl())) as http:
        known, unknown = [await http.post(HOOK, json=live(app, app)) for app in ("AcmeSupport", "Nobody")]
    assert (known.status_code, known.headers, known.content) == (
        unknown.status_code,
        unknown.headers,
        unknown.content,
    )


async def test_a_hundred_repeats_of_an_event_are_two_hints() -> None:
    board = FakeControl(known={ID})
    of = hooks(board)
    async with caller(hooks_app(of, FakeControl())) as http:
        for _ in range(100):
            await http.post(HOOK, json=live())
            await settle(of.hints)
        assert len(board.hinted) == 1

        board.time += 5.0
        await settle(of.hints)
    assert len(board.hinted) == 2


async def test_a_flood_of_apps_costs_a_seventh_of_the_calls() -> None:
    """A thousand different apps in a minute: twenty observations, four calls each at most, little memory."""
    board = FakeControl(known={f"App{number}" for number in range(1_000)})
    queue = HintQueue(board, Throttle())
    for number in range(1_000):
        board.time += 0.05
        queue.put((f"App{number}",))
        await settle(queue)
    assert len(board.hinted) == 20
    assert waiting(queue) == MOST, "all others found no place"


async def test_a_flood_of_events_delays_no_hint_about_an_app_in_flight() -> None:
    """All that may wait waits already, and the allowance is used up."""
    known = [f"App{number}" for number in range(1_000)]
    board = FakeControl(known={*known, "Newcomer"}, awaited={"Newcomer"})
    queue = HintQueue(board, Throttle())
    for name in known:
        queue.put((name,))
    queue.put(("Newcomer",))
    await settle(queue)
    assert ("Newcomer",) in board.hinted
    assert len(board.hinted) == 21
    assert waiting(queue) == MOST - 20, "all others found no place"


async def test_hints_about_apps_in_flight_have_room_of_their_own_in_the_queue() -> None:
    names = [f"Newcomer{number}" for number in range(300)]
    board = FakeControl(known={*names, "AcmeSupport"}, awaited=set(names))
    queue = HintQueue(board, Throttle(reads=1))
    for name in names:
        queue.put((name,))
    assert waiting(queue) == 2 * MOST, "all others found no place"
    await settle(queue)
    queue.put(("AcmeSupport",))
    await settle(queue)
    assert len(board.hinted) == 2 * MOST + 1


async def test_events_about_unknown_apps_do_not_use_up_the_room_of_known_ones() -> None:
    board = FakeControl(known={"AcmeSupport"})
    queue = HintQueue(board, Throttle(reads=1))
    for number in range(30):
        queue.put((f"Nobody{number}",))
    queue.put(("AcmeSupport",))
    await settle(queue)
    assert (len(board.hinted), waiting(queue)) == (31, 0)
    assert board.hinted[-1] == ("AcmeSupport",)


async def test_a_hint_that_waits_for_the_throttle_is_passed_on_by_itself() -> None:
    board = FakeControl(known={"A", "B"})
    queue = HintQueue(board, Throttle(reads=1, seconds=0.01))
    queue.put(("A",))
    queue.put(("B",))
    carrying = asyncio.create_task(queue.run())
    while len(board.hinted) < 2:
        await asyncio.sleep(0)
        board.time += 0.001
    carrying.cancel()
    assert board.hinted == [("A",), ("B",)]


class FailingBoard(FakeControl):
    async def hint(self, names: Iterable[str]) -> bool:
        await super().hint(names)
        raise StoreError(f"no store for {names}")


async def test_a_failing_store_does_not_end_the_hint_queue() -> None:
    board = FailingBoard()
    queue = HintQueue(board, Throttle())
    queue.put(("A",))
    queue.put(("B",))
    await settle(queue)
    assert board.hinted == [("A",), ("B",)]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(f"/hooks/gupshup/{OTHER_SECRET}", id="another one"),
        pytest.param(f"/hooks/gupshup/{SECRET[:-1]}", id="too short"),
        pytest.param(f"/hooks/gupshup/{SECRET}x", id="too long"),
        pytest.param("/hooks/gupshup/%ff%00", id="no characters"),
        pytest.param("/hooks/gupshup/%f0%9f%92%a9", id="an emoji"),
        pytest.param(f"/hooks/gupshup/{SECRET}/", id="a slash behind"),
        pytest.param(f"/hooks/gupshup/../gupshup/{OTHER_SECRET}", id="a climb"),
        pytest.param("/hooks/gupshup/", id="none"),
        pytest.param("/hooks/gupshup", id="none, no slash"),
    ],
)
async def test_a_wrong_secret_of_a_hook_is_an_unknown_path(path: str) -> None:
    of = hooks()
    async with caller(hooks_app(of, FakeControl())) as http:
        unknown = await http.post("/nothing/of/this/name", json=live())
        refused = await http.post(path, json=live())
    assert refused.status_code == unknown.status_code == 404
    assert (refused.content, refused.headers) == (unknown.content, unknown.headers)
    await settle(of.hints)
    assert of.requests["hint"] == 0


async def test_no_gupshup_hook_exists_without_a_secret() -> None:
    async with caller(hooks_app(Hooks(FakeControl(), None), FakeControl())) as http:
        assert (await http.post(HOOK, json=live())).status_code == 404
        assert (await http.get(HOOK)).status_code == 404
        assert (await http.post("/hooks/git")).status_code == 202


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
@pytest.mark.parametrize("path", [HOOK, f"/hooks/gupshup/{OTHER_SECRET}", "/hooks/git"])
async def test_other_methods_of_a_hook_are_refused_whatever_the_secret(method: str, path: str) -> None:
    async with caller(hooks_app(hooks(), FakeControl())) as http:
        answer = await http.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_old_and_new_secret_are_accepted_until_the_old_one_is_gone(tmp_path: Path) -> None:
    file = tmp_path / "hook"
    file.write_text(f"{SECRET}\n")
    accepted = hook_tokens({"GUPSHUPCTL_HOOK_SECRET_FILE": str(file)})
    async with caller(hooks_app(Hooks(FakeControl(), accepted), FakeControl())) as http:

        async def codes() -> list[int]:
            paths = [HOOK, f"/hooks/gupshup/{OTHER_SECRET}"]
            return [(await http.post(path, json=live())).status_code for path in paths]

        assert await codes() == [200, 404]
        file.write_text(f"{SECRET}\n{OTHER_SECRET}\n")
        assert await codes() == [200, 200]
        file.write_text(f"{OTHER_SECRET}\n")
        assert await codes() == [404, 200]
        file.unlink()
        assert await codes() == [404, 404]


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param("a" * 31, id="too short"),
        pytest.param(f"{SECRET}\n{OTHER_SECRET}\n{'c' * 40}", id="three"),
        pytest.param(f"{SECRET}\nshort", id="one of two too short"),
        pytest.param("a" * 31 + "/", id="a slash"),
        pytest.param("ä" * 40, id="not ASCII"),
        pytest.param(" \n ", id="blank"),
    ],
)
def test_a_weak_secret_of_a_hook_is_refused_at_the_start(secret: str) -> None:
    with pytest.raises(Usage, match="GUPSHUPCTL_HOOK_SECRET") as refused:
        hook_tokens({"GUPSHUPCTL_HOOK_SECRET": secret})
    assert secret not in str(refused.value)


def test_an_unreadable_secret_of_a_hook_is_refused_at_the_start() -> None:
    with pytest.raises(Denied, match="GUPSHUPCTL_HOOK_SECRET_FILE"):
        hook_tokens({"GUPSHUPCTL_HOOK_SECRET_FILE": "/nowhere/at/all"})


def test_a_missing_secret_of_a_hook_is_no_mistake() -> None:
    assert hook_tokens({"GUPSHUPCTL_HOOK_SECRET": ""}) is None


def test_no_repr_shows_the_secret_of_a_hook() -> None:
    assert SECRET not in repr(Tokens(lambda: Secret(SECRET), "it")) + repr(vars(keys(SECRET)))


async def test_a_push_is_passed_on_at_once_and_a_flood_of_them_once_more() -> None:
    board = FakeControl()
    debounce = Debounce(board.source_changed, every=0.05)
    for _ in range(100):
        debounce.request()
    assert board.changed == 1

    await asyncio.wait_for(until(lambda: board.changed == 2), 5)
    debounce.request()
    assert board.changed == 2


async def test_a_push_as_long_as_git_hosts_make_them_is_accepted() -> None:
    board = FakeControl()
    async with caller(hooks_app(hooks(board), board)) as http:
        answer = await http.post("/hooks/git", content=b"x" * 1_000_000)
    assert (answer.status_code, answer.content, board.changed) == (202, b"", 1)


@pytest.mark.parametrize(
    ("length", "code"), [(LONGEST, 200), (LONGEST + 1, 413)], ids=["just fits", "one more"]
)
async def test_the_body_of_a_hook_has_a_cap(length: int, code: int) -> None:
    of = hooks()
    async with caller(hooks_app(of, FakeControl())) as http:
        declared = await http.post(HOOK, content=b" " * length)
        chunked = await http.post(HOOK, content=_pieces(length))
    assert (declared.status_code, chunked.status_code) == (code, code)
    assert of.requests["too-large"] == (2 if code == 413 else 0)


@pytest.mark.parametrize(("path", "hook"), [(HOOK, "gupshup"), ("/hooks/git", "git")])
async def test_errors_of_a_body_are_counted_for_their_hook(path: str, hook: str) -> None:
    told: list[tuple[str, str]] = []
    of = Hooks(FakeControl(), keys(SECRET), deadline=0.2, on_request=lambda *each: told.append(each))
    async with served(hooks_app(of, FakeControl())) as server:
        for headers, body in ((["Content-Length: 99999999"], b""), (["Content-Length: 100"], b"{")):
            await server.send(post(path, *headers, body=body))
        _, writer = await server.connect()
        writer.write(post(path, "Content-Length: 100", body=b"{"))
        await writer.drain()
        writer.close()
        await asyncio.wait_for(until(lambda: len(told) == 3), 5)
    assert told == [(hook, "too-large"), (hook, "timeout"), (hook, "gone")]


async def _pieces(length: int) -> "httpx.AsyncByteStream":  # type: ignore[misc]  # an async generator is one
    for _ in range(length // 1_000):
        yield b" " * 1_000
    yield b" " * (length % 1_000)


@pytest.fixture
def door() -> ASGIApp:
    return hooks_app(hooks(deadline=0.2), FakeControl())


def post(path: str = HOOK, *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: h", *headers, "", ""]).encode() + body


async def test_a_body_that_drips_is_cut_off_at_the_deadline(door: ASGIApp) -> None:
    async with served(door) as server:
        reader, writer = await server.connect()
        writer.write(post(HOOK, "Content-Length: 100", body=b"{"))
        head = await reader.readline()
        writer.close()
    assert head.startswith(b"HTTP/1.1 408 ")


async def test_a_body_of_a_hundred_megabytes_is_refused_and_not_kept(door: ASGIApp) -> None:
    async with served(door) as server:
        reader, writer = await server.connect()
        writer.write(post(HOOK, "Content-Length: 104857600"))
        head = await reader.readline()
        writer.close()
    assert head.startswith(b"HTTP/1.1 413 ")


async def test_a_chunked_body_without_an_end_is_refused_at_the_cap(door: ASGIApp) -> None:
    chunk = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
    async with served(door) as server:
        reader, writer = await server.connect()
        writer.write(post(HOOK, "Transfer-Encoding: chunked", body=chunk * 6))
        head = await reader.readline()
        writer.close()
    assert head.startswith(b"HTTP/1.1 413 ")


async def test_a_sender_of_a_hook_that_disconnects_harms_nothing() -> None:
    of = hooks()
    async with served(hooks_app(of, FakeControl())) as server:
        _, writer = await server.connect()
        writer.write(post(HOOK, "Content-Length: 100", body=b"{"))
        await writer.drain()
        writer.close()
        await asyncio.wait_for(until(lambda: bool(of.requests["gone"])), 5)
        answer = await server.send(post(HOOK, "Content-Length: 0", "Connection: close"))
    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_requests_in_one_packet_are_answered_in_order(door: ASGIApp) -> None:
    two = post(HOOK, "Content-Length: 2", body=b"{}") + post("/x", "Content-Length: 0", "Connection: close")
    async with served(door) as server:
        answers = await server.send(two)
    assert [line.split()[1] for line in answers.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")] == [
        b"200",
        b"404",
    ]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(post(HOOK, "Content-Length: 5", "Content-Length: 6", body=b"hello!"), id="two lengths"),
        pytest.param(post(HOOK, "Content-Length: -1"), id="a negative length"),
        pytest.param(post(HOOK, "Content-Length: 1e3"), id="a length that is none"),
        pytest.param(post(HOOK, "Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"), id="gzip"),
        pytest.param(post(HOOK, "Transfer-Encoding : chunked", body=b"0\r\n\r\n"), id="a space in a name"),
        pytest.param(post(HOOK, "X: " + "y" * 400_000), id="a giant head"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", id="TLS"),
        pytest.param(b"POST /\x00 HTTP/1.1\r\nHost: h\r\n\r\n", id="a NUL"),
    ],
)
async def test_a_malformed_request_gets_one_refusal_and_its_connection_ends(
    raw: bytes, door: ASGIApp
) -> None:
    async with served(door) as server:
        answer = await server.send(raw)
    assert answer.startswith(b"HTTP/1.1 40")
    assert answer.count(b"HTTP/1.1 ") == 1


async def test_a_content_length_beside_chunks_smuggles_no_second_request(door: ASGIApp) -> None:
    """The chunks count; what follows them is another request or none, never the tail of this one's body."""
    hidden = b"GET /hidden HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    raw = post(HOOK, f"Content-Length: {5 + len(hidden)}", "Transfer-Encoding: chunked", body=b"0\r\n\r\n")
    async with served(door) as server:
        answer = await server.send(raw + hidden)
    assert b" 200 " not in answer.partition(b"HTTP/1.1 ")[2].partition(b"HTTP/1.1 ")[2]


async def test_a_flood_of_wrong_secrets_is_one_line_a_minute_and_never_the_secret(
    capsys: pytest.CaptureFixture[str],
) -> None:
    board = FakeControl()
    of = hooks(board)
    async with caller(hooks_app(of, FakeControl())) as http:
        for _ in range(50):
            await http.post(f"/hooks/gupshup/{OTHER_SECRET}", json=live())
        board.time += 60.0
        await http.post(f"/hooks/gupshup/{OTHER_SECRET}", json=live())
    told = capsys.readouterr()
    lines = (told.out + told.err).splitlines()
    assert len(lines) == 2
    assert "50" in lines[1]
    assert OTHER_SECRET not in told.out + told.err
    assert of.requests == {"refused": 51}
