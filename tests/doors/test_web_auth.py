"""Pages with content need a token, or serve this machine only; no answer may be cached."""

import base64
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from controller.doors.web import Hooks, auth_tokens, front_app
from controller.doors.web.auth import require_token
from controller.edges.log_throttle import LogThrottle
from controller.edges.store import SqlStore
from controller.errors import Denied, Usage
from tests.doors.fake_control import FakeControl
from tests.doors.web_fixture import OTHER_SECRET, SECRET, TOKEN, caller, keep, keys, open_web_store, status

TELLING = ["/", "/api/v1/apps", "/api/v1/apps/a", "/api/v1/events", "/api/v1/source", "/api/v1/partners"]


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("header", "code"),
    [
        pytest.param(f"Bearer {TOKEN}", 200, id="bearer"),
        pytest.param(f"bearer  {TOKEN} ", 200, id="spaces and small letters"),
        pytest.param(basic("", TOKEN), 200, id="a browser"),
        pytest.param(basic("anybody", TOKEN), 200, id="a browser with a name"),
        pytest.param("", 401, id="nothing"),
        pytest.param(f"Bearer {OTHER_SECRET}", 401, id="another"),
        pytest.param(f"Bearer {TOKEN[:-1]}", 401, id="too short"),
        pytest.param(f"Token {TOKEN}", 401, id="another scheme"),
        pytest.param(TOKEN, 401, id="no scheme"),
        pytest.param(basic(TOKEN, "x"), 401, id="as the user"),
        pytest.param("Basic !!!", 401, id="no base64"),
        pytest.param("Basic /////w==", 401, id="no characters"),
    ],
)
async def test_every_page_with_content_asks_for_the_token(header: str, code: int, store: SqlStore) -> None:
    await keep(store, status("a"))
    door = front_app(FakeControl(), store, token=keys(TOKEN), more=[Route("/more", _more)])
    async with caller(door) as http:
        sent = {"Authorization": header} if header else {}
        answers = [await http.get(path, headers=sent) for path in (*TELLING, "/more")]
    assert {answer.status_code for answer in answers} == {code}
    assert {"www-authenticate" in answer.headers for answer in answers} == {code == 401}


async def _more(_: Request) -> Response:
    return PlainTextResponse("more")


async def test_an_unknown_path_and_a_wrong_secret_are_alike_without_a_token(store: SqlStore) -> None:
    board = FakeControl()
    door = front_app(board, store, token=keys(TOKEN), hooks=Hooks(board, keys(SECRET)))
    async with caller(door) as http:
        unknown = await http.post("/no/such/path")
        refused = await http.post(f"/hooks/gupshup/{OTHER_SECRET}")
        accepted = await http.post(f"/hooks/gupshup/{SECRET}")
    assert (unknown.status_code, unknown.content, unknown.headers) == (
        refused.status_code,
        refused.content,
        refused.headers,
    )
    assert accepted.status_code == 200


@pytest.mark.parametrize(
    ("host", "code"),
    [
        pytest.param("127.0.0.1:8080", 200, id="loopback"),
        pytest.param("localhost", 200, id="localhost"),
        pytest.param("LOCALHOST:1", 200, id="in capitals"),
        pytest.param("[::1]:8080", 200, id="IPv6"),
        pytest.param("attacker.example", 421, id="a name that points here"),
        pytest.param("127.0.0.1.attacker.example:8080", 421, id="a name that looks like it"),
        pytest.param("localhost.attacker.example", 421, id="a name that begins like it"),
        pytest.param("attacker-localhost", 421, id="a name that ends like it"),
        pytest.param("127.0.0.1attacker.example", 421, id="an address with more behind it"),
        pytest.param("attacker.example:127.0.0.1", 421, id="an address where a port stands"),
        pytest.param("[::1].attacker.example", 421, id="more behind an address"),
        pytest.param("10.0.0.7:8080", 421, id="another address"),
        pytest.param("", 421, id="no name"),
    ],
)
async def test_only_this_machine_is_served_without_a_token(
    host: str, code: int, http: httpx.AsyncClient
) -> None:
    assert (await http.get("/", headers={"Host": host})).status_code == code


async def test_the_token_file_is_read_again_for_each_request(store: SqlStore, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    async with caller(front_app(FakeControl(), store, token=auth_tokens(str(file)))) as http:
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        assert (await http.get("/", headers=bearer)).status_code == 200
        file.write_text(OTHER_SECRET)
        assert (await http.get("/", headers=bearer)).status_code == 401


def test_a_weak_or_missing_token_is_refused_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("short")
    with pytest.raises(Usage, match="at least 32"):
        auth_tokens(str(file))
    with pytest.raises(Denied, match="nowhere"):
        auth_tokens(str(tmp_path / "nowhere"))


async def test_refusals_are_logged_without_the_presented_token(
    store: SqlStore, capsys: pytest.CaptureFixture[str]
) -> None:
    async with caller(front_app(FakeControl(), store, token=keys(TOKEN))) as http:
        await http.get("/", headers={"Authorization": f"Bearer {OTHER_SECRET}"})
    told = capsys.readouterr()
    assert "request refused" in told.out + told.err
    assert OTHER_SECRET not in told.out + told.err


async def test_no_answer_may_be_cached_framed_or_sniffed(http: httpx.AsyncClient) -> None:
    paths = [*TELLING, "/healthz", "/readyz", "/nothing", "/api/v1/nothing"]
    answers = [await http.get(path) for path in paths]
    for headers in (answer.headers for answer in answers):
        assert headers["cache-control"] == "no-store"
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"].startswith("default-src 'none'; ")
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


async def test_no_method_of_the_web_server_changes_anything(http: httpx.AsyncClient) -> None:
    methods = ["POST", "PUT", "DELETE", "PATCH"]
    answers = [await http.request(method, path) for method in methods for path in TELLING]
    assert {answer.status_code for answer in answers} == {405}


async def test_a_crash_of_a_request_is_logged_without_its_message(
    store: SqlStore, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(_: Request) -> Response:
        raise KeyError("s3cr3t")

    door = front_app(FakeControl(), store, token=None, more=[Route("/broken", broken)])
    async with caller(door) as http:
        with pytest.raises(KeyError):
            await http.get("/broken")
    assert "request broke" in capsys.readouterr().out


async def test_a_failing_store_is_a_503_with_a_reason(tmp_path: Path) -> None:
    store = open_web_store(tmp_path)
    (tmp_path / "state.db").write_bytes(b"no database")
    async with caller(front_app(FakeControl(), store, token=None)) as http:
        for path in ("/", "/api/v1/apps", "/api/v1/apps/a", "/api/v1/events"):
            answer = await http.get(path)
            assert answer.status_code == 503
            assert "the store cannot be read now" in answer.text
    await store.close()


def test_only_routes_with_an_app_can_require_a_token() -> None:
    throttle = LogThrottle(lambda: 0.0)
    assert len(require_token([Mount("/more", routes=[Route("/", _more)])], None, throttle)) == 1
    with pytest.raises(TypeError, match="BaseRoute"):
        require_token([BaseRoute()], None, throttle)
