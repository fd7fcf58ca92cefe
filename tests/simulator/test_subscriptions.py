"""Subscriptions: every published answer, the arithmetic of the modes, and the open questions."""

import pytest

from controller.simulator import Fault
from controller.simulator.modes import BITS, decode, encode, split
from tests.simulator.pretend import HOOK, Caller, said

REVIEW = "Please review the request parameters and retry"


@pytest.mark.parametrize(
    ("words", "mask"),
    [
        pytest.param(
            "SENT,ENQUEUED,DELIVERED,READ,DELETED,MESSAGE, OTHERS", 1119, id="the documented sample"
        ),
        pytest.param("SENT,ENQUEUED", 1025, id="two"),
        pytest.param("SENT,DELIVERED,READ,OTHERS,FAILED,MESSAGE,ENQUEUED", 1143, id="a reply once seen"),
        pytest.param("NONE", 0, id="none"),
        pytest.param("DELETE,FLOW_MESSAGE,SENT", 1, id="unknown names are dropped"),
        pytest.param("ALL", 8192, id="all is a bit of its own"),
        pytest.param("2047", 0, id="a number is an unknown name"),
        pytest.param(",".join(list(BITS)[:14]), 16383, id="fourteen modes"),
        pytest.param("VOICE,BILLING,ENQUEUED,MESSAGE,SENT,DELIVERED,READ,DELETED,OTHERS", 18015, id="voice"),
    ],
)
async def test_the_mode_is_computed_from_the_names(words: str, mask: int) -> None:
    caller = Caller.of()
    answer = await caller.subscribe(await caller.seeded(), modes=words)

    assert answer.json()["subscription"]["mode"] == mask
    assert encode(decode(mask)) == mask
    assert mask == encode(split(words))


async def test_a_new_subscription_is_answered_as_documented() -> None:
    caller = Caller.of()
    app = await caller.linked()
    answer = await caller.subscribe(app, tag="V3 Subscription", version="3", meta='{"X-Hook": "a"}')
    stamp = int(caller.clock.time * 1000)

    assert answer.json() == {
        "status": "success",
        "subscription": {
            "active": True,
            "appId": app,
            "createdOn": stamp,
            "id": "8166",
            "meta": '{"X-Hook": "a"}',
            "mode": 5,
            "modifiedOn": stamp,
            "showOnUI": False,
            "tag": "V3 Subscription",
            "url": HOOK,
            "version": 3,
        },
    }


@pytest.mark.parametrize(
    ("form", "answer"),
    [
        pytest.param({"url": "no url"}, (400, "Invalid URL Passed"), id="no URL"),
        pytest.param({"url": ""}, (400, "Invalid URL Passed"), id="an empty URL"),
        pytest.param({"url": "http://[::1"}, (400, "Invalid URL Passed"), id="half an address"),
        pytest.param({"url": "https://x/\n"}, (400, "Invalid URL Passed"), id="a line break"),
        pytest.param({"version": "4"}, (400, "Invalid Version Passed"), id="version 4"),
        pytest.param({"version": "three"}, (400, "Invalid Version Passed"), id="a version in words"),
        pytest.param({"modes": ""}, (400, REVIEW), id="no modes"),
        pytest.param({"tag": ""}, (400, REVIEW), id="no tag"),
        pytest.param({"showOnUI": "perhaps"}, (400, REVIEW), id="neither true nor false"),
        pytest.param({"tag": "there"}, (400, "Duplicate component tag"), id="a tag that the app has"),
    ],
)
async def test_a_subscription_is_refused_by_its_form(form: dict[str, str], answer: tuple[int, str]) -> None:
    caller = Caller.of()
    app = await caller.seeded(subscriptions=[{"tag": "there", "url": HOOK}])

    assert said(await caller.subscribe(app, **form)) == answer
    assert len(caller.world.subscriptions.of(app)) == 1


SWITCHES = [
    pytest.param("max-subscriptions=1", {}, (400, "Maximum of 1 subscriptions"), id="no more than one"),
    pytest.param("max-subscriptions=0", {}, (200, "success"), id="any number"),
    pytest.param("same-url=reject", {}, (500, "Unable To Create Subscription"), id="a URL twice"),
    pytest.param("same-url=allow", {}, (200, "success"), id="a URL twice, allowed"),
    pytest.param(
        "tag-case=insensitive",
        {"tag": "THERE"},
        (400, "Duplicate component tag"),
        id="tags whatever the case",
    ),
    pytest.param("tag-case=sensitive", {"tag": "THERE"}, (200, "success"), id="tags by their case"),
    pytest.param("versions=2-3", {"version": "1"}, (400, "Invalid Version Passed"), id="new versions only"),
    pytest.param("unknown-modes=reject", {"modes": "SENT,NEW"}, (400, "Invalid Modes Passed"), id="new mode"),
    pytest.param("unknown-modes=reject", {"modes": "SENT,COPY"}, (200, "success"), id="a mode without a bit"),
    pytest.param(
        "v3-account-modes=reject",
        {"modes": "SENT,ACCOUNT", "version": "3"},
        (400, "Invalid Modes Passed"),
        id="account events on version 3",
    ),
    pytest.param(
        "v3-account-modes=reject",
        {"modes": "SENT,ACCOUNT"},
        (200, "success"),
        id="account events on version 2",
    ),
]


@pytest.mark.parametrize(("switch", "form", "answer"), SWITCHES)
async def test_the_refusal_of_a_subscription_is_a_switch(
    switch: str, form: dict[str, str], answer: tuple[int, str]
) -> None:
    caller = Caller.switched(switch)
    app = await caller.seeded(subscriptions=[{"tag": "there", "url": HOOK}])

    assert said(await caller.subscribe(app, **form)) == answer


@pytest.mark.parametrize(
    ("switch", "form", "mode"),
    [
        pytest.param("all-mode=alias", {"modes": "ALL"}, 16383, id="all means all"),
        pytest.param("numeric-modes=accept", {"modes": "2047"}, 2047, id="a number is a mask"),
        pytest.param("mode-answer=canned", {"modes": "SENT"}, 2047, id="a canned answer"),
        pytest.param("v3-account-modes=drop", {"modes": "SENT,ACCOUNT", "version": "3"}, 1, id="dropped"),
    ],
)
async def test_the_mask_of_modes_is_a_switch(switch: str, form: dict[str, str], mode: int) -> None:
    caller = Caller.switched(switch)
    answer = await caller.subscribe(await caller.seeded(), **form)

    assert answer.json()["subscription"]["mode"] == mode


@pytest.mark.parametrize(("switch", "status"), [("yes", 200), ("no", 400)])
async def test_whether_an_app_in_its_sandbox_may_subscribe_is_a_switch(switch: str, status: int) -> None:
    caller = Caller.switched(f"subscribe-before-live={switch}")

    assert (await caller.subscribe(await caller.linked())).status_code == status


async def test_an_update_changes_its_own_fields_and_leaves_the_rest() -> None:
    caller = Caller.of()
    app = await caller.seeded()
    made = (await caller.subscribe(app, version="3")).json()["subscription"]
    caller.clock.time += 60
    path = f"/subscription/{made['id']}"
    changed = await caller.on_app("PUT", app, path, modes="SENT", active="false", meta='{"A": "b"}')
    found = (await caller.on_app("GET", app, path)).json()["subscription"]

    assert changed.json()["subscription"] == found
    assert (found["mode"], found["active"], found["modes"]) == (1, False, ["SENT"])
    assert (found["version"], found["tag"], found["url"]) == (3, "events", HOOK)
    assert found["modifiedOn"] == made["modifiedOn"] + 60_000
    assert "meta" not in found
    assert caller.world.subscriptions.of(app)[0].meta == '{"A": "b"}'


@pytest.mark.parametrize(("put", "meta"), [("yes", '{"A": "b"}'), ("no", "")])
async def test_whether_headers_are_changed_is_a_switch(put: str, meta: str) -> None:
    caller = Caller.switched(f"meta-put={put}", "meta-returned=yes")
    app = await caller.seeded()
    made = (await caller.subscribe(app)).json()["subscription"]
    changed = await caller.on_app("PUT", app, f"/subscription/{made['id']}", meta='{"A": "b"}')

    assert changed.json()["subscription"].get("meta", "") == meta


async def test_an_update_may_repeat_every_field() -> None:
    caller = Caller.of()
    app = await caller.seeded()
    made = (await caller.subscribe(app)).json()["subscription"]
    form = {"modes": "SENT,READ", "tag": "events", "url": HOOK, "version": "2", "active": "true"}
    changed = await caller.on_app("PUT", app, f"/subscription/{made['id']}", **form)

    assert made.items() <= changed.json()["subscription"].items()


@pytest.mark.parametrize(
    ("form", "answer"),
    [
        pytest.param({"tag": "other"}, (400, "Duplicate component tag"), id="a tag of another"),
        pytest.param({"url": "nope"}, (400, "Invalid URL Passed"), id="no URL"),
        pytest.param({"active": "maybe"}, (400, REVIEW), id="neither true nor false"),
    ],
)
async def test_an_update_of_a_subscription_is_refused_by_its_form(
    form: dict[str, str], answer: tuple[int, str]
) -> None:
    caller = Caller.of()
    app = await caller.seeded(subscriptions=[{"tag": "mine", "url": HOOK}, {"tag": "other", "url": HOOK}])

    assert said(await caller.on_app("PUT", app, "/subscription/8166", **form)) == answer


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_missing_subscription_is_a_400_and_a_foreign_one_a_403(method: str) -> None:
    caller = Caller.of()
    app = await caller.seeded(subscriptions=[{"tag": "theirs", "foreign": True}])
    missing = await caller.on_app(method, app, "/subscription/1")
    foreign = await caller.on_app(method, app, "/subscription/8166")

    assert said(missing) == (400, "Subscription Does Not Exist")
    assert said(foreign) == (403, "Not Subscription Owner")


async def test_deleting_a_subscription_leaves_the_others() -> None:
    caller = Caller.of()
    app = await caller.seeded(subscriptions=[{"tag": "a"}, {"tag": "b"}])
    answer = await caller.on_app("DELETE", app, "/subscription/8166")
    left = (await caller.on_app("GET", app, "/subscription")).json()["subscriptions"]

    assert (answer.status_code, answer.content) == (204, b"")
    assert [each["tag"] for each in left] == ["b"]
    assert left[0]["latencyBucket"] == "lt_1_s"


@pytest.mark.parametrize("path", ["/subscription", "/subscription/"])
async def test_an_empty_id_deletes_every_subscription(path: str) -> None:
    caller = Caller.of()
    app = await caller.seeded(subscriptions=[{"tag": "a"}, {"tag": "b"}])

    assert (await caller.on_app("DELETE", app, path)).status_code == 204
    assert caller.world.subscriptions.of(app) == []


async def test_deleting_a_missing_subscription_may_succeed() -> None:
    caller = Caller.switched("missing-subscription=204")

    assert (await caller.on_app("DELETE", await caller.seeded(), "/subscription/1")).status_code == 204


async def test_analytics_are_answered_plainly() -> None:
    caller = Caller.of()
    app = await caller.seeded(subscriptions=[{"tag": "a"}])
    answer = await caller.on_app("GET", app, "/subscription/8166/analytics")

    assert answer.json()["analytics"]["summary"]["failureCount"] == 0
    assert (await caller.on_app("GET", app, "/subscription/1/analytics")).status_code == 400


async def test_an_endpoint_that_sleeps_is_an_invalid_url() -> None:
    caller = Caller.of(Fault("invalid-url", "subscribe", nth=(1,)))
    app = await caller.seeded()

    assert said(await caller.subscribe(app)) == (400, "Invalid URL Passed")
    assert said(await caller.subscribe(app)) == (200, "success")


async def test_an_app_that_drops_modes_never_takes_them() -> None:
    caller = Caller.of(Fault("drop-modes", parameters={"modes": ("READ",)}))
    app = await caller.linked()

    assert (await caller.subscribe(app)).json()["subscription"]["mode"] == 1
    (read,) = (await caller.on_app("GET", app, "/subscription")).json()["subscriptions"]
    answer = await caller.on_app("PUT", app, f"/subscription/{read['id']}", modes="SENT,READ")
    assert (read["mode"], answer.json()["subscription"]["mode"]) == (1, 1)


async def test_reads_may_show_a_url_in_another_spelling_than_the_answer() -> None:
    sent = "https://Hooks.Example.com:443/%7Ea?y=2&x=1"
    for how, expected in (
        ("as-sent", sent),
        ("normal", "https://hooks.example.com/~a?y=2&x=1"),
        ("sorted", "https://hooks.example.com/~a?x=1&y=2"),
    ):
        caller = Caller.switched(f"url-shown={how}")
        app = await caller.seeded()
        answer = await caller.subscribe(app, url=sent)
        (read,) = (await caller.on_app("GET", app, "/subscription")).json()["subscriptions"]
        assert (answer.json()["subscription"]["url"], read["url"]) == (sent, expected)


async def test_tags_may_be_kept_in_lower_case() -> None:
    caller = Caller.switched("tag-case=lower")
    app = await caller.seeded()
    first = await caller.subscribe(app, tag="Events")
    again = await caller.subscribe(app, tag="EVENTS")
    changed = await caller.on_app("PUT", app, "/subscription/8166", tag="Events", active="false")

    assert first.json()["subscription"]["tag"] == "events"
    assert said(again) == (400, "Duplicate component tag")
    assert changed.json()["subscription"]["tag"] == "events"


async def test_a_write_of_a_subscription_may_be_answered_and_not_kept() -> None:
    caller = Caller.of(Fault("unkept"))
    app = await caller.seeded(subscriptions=[{"tag": "a", "url": HOOK}])
    made = await caller.subscribe(app, tag="b")
    changed = await caller.on_app("PUT", app, "/subscription/8166", url=f"{HOOK}/2")
    gone = await caller.on_app("DELETE", app, "/subscription/8166")
    left = (await caller.on_app("GET", app, "/subscription")).json()["subscriptions"]

    assert [made.status_code, changed.status_code, gone.status_code] == [200, 200, 204]
    assert changed.json()["subscription"]["url"] == f"{HOOK}/2"
    assert [(each["tag"], each["url"]) for each in left] == [("a", HOOK)]


async def test_five_webhooks_are_all_whoever_made_them_and_whatever_their_version() -> None:
    caller = Caller.of()
    app = await caller.seeded(
        subscriptions=[{"tag": "theirs", "foreign": True}, {"tag": "old", "version": 3}]
    )
    for tag in ("a", "b", "c"):
        caller.clock.time += 30
        assert (await caller.subscribe(app, tag=tag)).status_code == 200
    refused = await caller.subscribe(app, tag="d")

    assert said(refused) == (400, "Maximum of 5 subscriptions")
    await caller.control("drift", {"app": app, "subscriptions": [{"tag": "theirs", "delete": True}]})
    caller.clock.time += 60
    assert (await caller.subscribe(app, tag="d")).status_code == 200


@pytest.mark.parametrize(
    ("switch", "status", "body"),
    [
        ("400-text", 400, "Maximum of 5 subscriptions"),
        ("409", 409, '{"status":"error","message":"Maximum of 5 subscriptions"}'),
        ("500", 500, '{"status":"error","message":"Unable To Create Subscription"}'),
    ],
)
async def test_the_refusal_of_a_sixth_webhook_is_a_switch(switch: str, status: int, body: str) -> None:
    caller = Caller.switched(f"too-many-subscriptions={switch}")
    app = await caller.seeded(subscriptions=[{"tag": str(each)} for each in range(5)])
    answer = await caller.subscribe(app, tag="f")

    assert (answer.status_code, answer.text) == (status, body)


async def test_a_duplicate_tag_is_refused_in_bare_text_by_a_switch() -> None:
    caller = Caller.switched("duplicate-tag=text")
    app = await caller.seeded(subscriptions=[{"tag": "events"}])
    answer = await caller.subscribe(app)

    assert (answer.status_code, answer.text) == (400, "Duplicate component tag")
    assert answer.headers["content-type"].startswith("text/plain")


async def test_a_new_subscription_may_be_answered_with_modes_and_without_its_app() -> None:
    caller = Caller.switched("subscription-answer=seen")
    made = (await caller.subscribe(await caller.seeded())).json()["subscription"]

    assert "appId" not in made
    assert made["modes"] == ["SENT", "READ"]


@pytest.mark.parametrize(("switch", "status"), [("accept", 200), ("ignore", 400)])
async def test_modes_as_a_list_of_fields_are_a_switch(switch: str, status: int) -> None:
    caller = Caller.switched(f"modes-list={switch}")
    app = await caller.seeded()
    token = caller.world.tokens.app_token(caller.world.apps.by_id[app])
    form = {"modes[]": ["SENT", "READ"], "tag": "a", "url": HOOK, "version": "2"}
    headers = {"Authorization": token}
    answer = await caller.http.post(f"/partner/app/{app}/subscription", data=form, headers=headers)

    assert answer.status_code == status
    shown = await caller.on_app("GET", app, "/subscription")
    assert [each["mode"] for each in shown.json()["subscriptions"]] == ([5] if status == 200 else [])
