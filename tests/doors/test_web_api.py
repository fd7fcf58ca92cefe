"""The API shows what `get`, `describe` and `events` show, and the state of the loop."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from controller.core.status.partner_status import partner_item
from controller.doors.cli import cli
from controller.doors.web import front_app
from controller.edges.store import SqlStore
from controller.model.history import WriteRecord
from controller.model.passes import Lane, PartnerState, SourceState
from controller.model.plan import Foreign, Item, Kind
from controller.model.status import Status
from tests.builders.account import SECRET_KIND, end_in
from tests.builders.memory import NOW
from tests.builders.passes import DIGEST, held
from tests.builders.status import condition
from tests.builders.upstream import HERE
from tests.doors.fake_control import FakeControl
from tests.doors.web_fixture import caller, keep, open_web_store, status, subscription

FOREIGN = Foreign(
    Item(Kind.SUBSCRIPTION, "main", "acme", "theirs"),
    "9",
    "hooks.example.org",
    ("MESSAGE",),
    3,
    allowed=False,
)
REHEARSAL = "http://127.0.0.1:8085#1"
ACME = ["App/acme", "Subscription/events on App/acme"]
OTHERS = [
    "App/ACME",
    "Subscription/events on App/ACME",
    "App/bakery",
    "App/xacme",
    "App/ac%e",
    "Subscription/events on App/acme-2",
]


async def filled(folder: Path) -> SqlStore:
    """Return a store with an app and its subscription, another app, a rehearsal, and some writes."""
    store = open_web_store(folder)
    acme = replace(status("acme"), foreign=(FOREIGN, replace(FOREIGN, allowed=True)))
    await keep(store, acme, status("bakery", "Stalled"), subscription("acme", "events"))
    await keep(store, status("acme"), upstream=REHEARSAL)
    for number, target in enumerate([*ACME, *OTHERS]):
        entry = WriteRecord(NOW + number, "run by me", "r1", "link", target)
        async with store.writer(HERE):
            await store.history.finish(await store.history.begin(HERE, entry), "done", "ok")
    return store


async def get(folder: Path, path: str, board: FakeControl | None = None) -> tuple[int, Any]:
    async with (
        await filled(folder) as store,
        caller(front_app(board or FakeControl(), store, token=None)) as http,
    ):
        answer = await http.get(path)
    assert answer.headers["content-type"] == "application/json"
    return answer.status_code, answer.json()


def said(folder: Path, *argv: str) -> object:
    """Return the document of a command on the same store."""
    store = str(folder / "state.db")
    return json.loads(CliRunner().invoke(cli, [*argv, "-o", "json", "--store", store]).output)


@pytest.mark.parametrize(
    ("path", "argv", "items"),
    [
        ("/api/v1/apps", ["get"], 3),
        ("/api/v1/apps/acme", ["describe", "App/acme"], 2),
        ("/api/v1/apps/bakery", ["describe", "App/bakery"], 1),
        ("/api/v1/foreign", ["get", "foreign"], 2),
        ("/api/v1/events", ["events"], 8),
        ("/api/v1/events?limit=2", ["events", "--limit", "2"], 2),
        ("/api/v1/events?app=acme", ["events", "acme"], 2),
        ("/api/v1/events?app=ac%25e", ["events", "ac%e"], 1),
        ("/api/v1/events?app=nobody", ["events", "nobody"], 0),
    ],
)
def test_the_api_and_the_command_line_say_the_same(
    path: str, argv: list[str], items: int, tmp_path: Path
) -> None:
    code, found = asyncio.run(get(tmp_path, path))
    assert code == 200
    assert isinstance(found, dict)
    assert len(found["items"]) == items
    assert found == said(tmp_path, *argv)


def test_the_api_lists_the_newest_write_first(tmp_path: Path) -> None:
    asyncio.run(get(tmp_path, "/api/v1/apps"))
    lines = CliRunner().invoke(cli, ["events", "acme", "--store", str(tmp_path / "state.db")]).output
    assert [line.split()[2] for line in lines.splitlines()[1:]] == ["Subscription/events", "App/acme"]


def test_foreign_webhooks_of_one_app_can_be_shown_alone(tmp_path: Path) -> None:
    code, found = asyncio.run(get(tmp_path, "/api/v1/apps/acme"))
    assert code == 200
    assert isinstance(found, dict)
    assert [len(item.get("foreign", ())) for item in found["items"]] == [0, 2]
    one = said(tmp_path, "get", "foreign", "acme")
    assert isinstance(one, dict)
    assert [item["allowed"] for item in one["items"]] == [False, True]
    assert said(tmp_path, "get", "foreign", "bakery") == {"formatVersion": "1.0", "items": []}
    store = str(tmp_path / "state.db")
    assert CliRunner().invoke(cli, ["get", "foreign", "nobody", "--store", store]).exit_code == 1
    assert (
        CliRunner().invoke(cli, ["get", "foreign", "bakery", "--store", store]).output
        == "no foreign webhooks\n"
    )
    table = CliRunner().invoke(cli, ["get", "foreign", "--store", store]).output
    assert "acme  main     theirs  hooks.example.org  3        MESSAGE  no" in table


@pytest.mark.parametrize("path", ["/api/v1/apps/nobody", "/api/v1/apps/ac%25", "/api/v1/apps/events"])
async def test_an_unknown_app_is_404_in_the_api(path: str, tmp_path: Path) -> None:
    assert await get(tmp_path, path) == (404, {"error": "Not Found"})


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "", "9" * 9_000, "٣", "1e2"])
async def test_an_invalid_limit_is_a_400_with_a_reason(limit: str, tmp_path: Path) -> None:
    code, found = await get(tmp_path, f"/api/v1/events?limit={limit}")
    assert (code, found) == (400, {"error": "limit is a number from 1 to 1000"})


async def test_the_api_returns_many_apps_in_one_document(store: SqlStore, http: httpx.AsyncClient) -> None:
    await keep(store, *(status(f"app-{number:04d}") for number in range(250)))
    found = (await http.get("/api/v1/apps")).json()
    assert [item["name"] for item in found["items"]] == [f"app-{number:04d}" for number in range(250)]


async def test_an_empty_store_has_no_items_in_the_api(http: httpx.AsyncClient) -> None:
    assert (await http.get("/api/v1/apps")).json() == {"formatVersion": "1.0", "items": []}


async def test_the_api_shows_why_a_newer_revision_is_rejected(tmp_path: Path) -> None:
    state = SourceState(
        "manifests/", "r1", NOW - 60, NOW, "b.yaml:3:1 is wrong", NOW - 30, "d1", "r2", "a rest", NOW - 2
    )
    assert await get(tmp_path, "/api/v1/source", FakeControl(state=state)) == (
        200,
        {
            "formatVersion": "1.0",
            "identity": "manifests/",
            "revision": "r1",
            "since": "2023-11-14T22:12:20Z",
            "readAt": "2023-11-14T22:13:20Z",
            "error": "b.yaml:3:1 is wrong",
            "errorSince": "2023-11-14T22:12:50Z",
            "digest": "d1",
            "rejected": "r2",
            "waitingFor": "a rest",
            "waitingSince": "2023-11-14T22:13:18Z",
        },
    )


async def test_the_api_shows_the_state_of_each_partners_loop(tmp_path: Path) -> None:
    queued = {Lane.IN_FLIGHT: 2, Lane.ASKED: 1}
    ends = (end_in(6, SECRET_KIND),)
    partner = PartnerState(
        "main", HERE, progressed_at=NOW, queued=queued, error="busy", failures=3, ends=ends, held=(held(),)
    )
    other = PartnerState("other")
    async with open_web_store(tmp_path) as store:
        await keep(store, Status(partner_item("main"), (condition("CredentialsEnding"),), "r1", NOW))
    code, found = await get(tmp_path, "/api/v1/partners", FakeControl(all_partners=(partner, other)))
    assert code == 200
    first, second = found["items"]
    assert (second["name"], second["credentials"], second["conditions"]) == ("other", [], [])
    assert found == {
        "formatVersion": "1.0",
        "items": [
            {
                "name": "main",
                "upstream": HERE,
                "leader": False,
                "apps": 0,
                "provisioning": 0,
                "listedAt": None,
                "progressedAt": "2023-11-14T22:13:20Z",
                "queued": {"asked": 1, "in-flight": 2},
                "error": "busy",
                "failures": 3,
                "heldDigest": DIGEST,
                "held": [
                    {
                        "digest": DIGEST,
                        "command": f"gupshupctl reconcile --release {DIGEST}",
                        "changes": [
                            {
                                "guard": "maxLinks",
                                "verb": "link",
                                "count": 3,
                                "message": "3 planned, 1 allowed",
                            }
                        ],
                    }
                ],
                "credentials": [
                    {
                        "credential": "client secret",
                        "endsAt": "2023-11-20T22:13:20Z",
                        "renewed": False,
                    }
                ],
                "conditions": first["conditions"],
            },
            second,
        ],
    }
    assert [(each["type"], each["status"]) for each in first["conditions"]] == [("CredentialsEnding", "True")]
