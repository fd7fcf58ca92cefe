"""The API tells what `get`, `describe` and `events` tell, and how the loop stands."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from controller.doors.cli import cli
from controller.doors.web import front
from controller.edges.store import Store
from controller.model.history import Entry
from controller.model.scope import Lane, PartnerState, SourceState
from tests.doors.web_world import (
    NOW,
    UPSTREAM,
    PretendBoard,
    caller,
    keep,
    open_web_store,
    status,
    subscription,
)

REHEARSAL = "http://127.0.0.1:8085#1"


async def written(store: Store, *targets: str, upstream: str = UPSTREAM) -> None:
    for number, target in enumerate(targets):
        entry = Entry(NOW + number, "run by me", "r1", "link", target)
        await store.history.finish(await store.history.begin(upstream, entry), "done", "ok")


async def filled(folder: Path) -> Store:
    store = open_web_store(folder)
    await keep(store, status("acme"), status("bakery", "Stalled"), subscription("acme", "events"))
    await keep(store, status("acme"), upstream=REHEARSAL)
    async with store.writer(UPSTREAM):
        await written(
            store, "App/acme", "Subscription/events on App/acme", "App/bakery", "App/xacme", "App/ac%e"
        )
    return store


def said(folder: Path, *argv: str) -> object:
    result = CliRunner().invoke(cli, [*argv, "-o", "json", "--store", str(folder / "state.db")])
    return json.loads(result.output)


async def got(folder: Path, path: str, board: PretendBoard | None = None) -> tuple[int, object]:
    async with await filled(folder) as store:
        async with caller(front(board or PretendBoard(), store, token=None)) as http:
            answer = await http.get(path)
    assert answer.headers["content-type"] == "application/json"
    return answer.status_code, answer.json()


async def test_apps_are_what_get_says(tmp_path: Path) -> None:
    code, found = await got(tmp_path, "/api/v1/apps")
    assert code == 200
    assert isinstance(found, dict)
    assert [(item["name"], item["upstream"]) for item in found["items"]] == [
        ("acme", REHEARSAL),
        ("acme", UPSTREAM),
        ("bakery", UPSTREAM),
    ]
    (tmp_path / "expected.json").write_text(json.dumps(found))


def test_apps_are_the_document_of_get(tmp_path: Path) -> None:
    import asyncio

    _, found = asyncio.run(got(tmp_path, "/api/v1/apps"))
    assert found == said(tmp_path, "get")


@pytest.mark.parametrize(
    ("path", "argv"),
    [
        ("/api/v1/apps/acme", ["describe", "acme"]),
        ("/api/v1/apps/bakery", ["describe", "App/bakery"]),
        ("/api/v1/events", ["events"]),
        ("/api/v1/events?limit=2", ["events", "--limit", "2"]),
        ("/api/v1/events?app=acme", ["events", "acme"]),
    ],
)
def test_the_api_and_the_command_line_say_the_same(path: str, argv: list[str], tmp_path: Path) -> None:
    import asyncio

    code, found = asyncio.run(got(tmp_path, path))
    assert code == 200
    assert found == said(tmp_path, *argv)
