"""Linking: every answer that is published, and the two that say no and yes at once."""

from dataclasses import replace
from typing import Any

import pytest

from controller.simulator import Fault, create_app
from tests.simulator.pretend import FORM, HOOK, Caller, said

LENGTH = "App name should be between 6 to 150 charecters in length"
REVIEW = "Please review the request parameters and retry"


@pytest.mark.parametrize(
    ("form", "answer"),
    [
        pytest.param({"name": "Acme Support"}, (400, "Invalid characters used in app name"), id="a blank"),
        pytest.param({"name": "Acme-Support"}, (400, "Invalid characters used in app name"), id="a hyphen"),
        pytest.param({"name": "Äcmesupport"}, (400, "Invalid characters used in app name"), id="an umlaut"),
        pytest.param({"name": "Acme1"}, (400, LENGTH), id="five characters"),
        pytest.param({"name": "A" * 151}, (400, LENGTH), id="151 characters"),
        pytest.param({"name": ""}, (400, LENGTH), id="no name"),
        pytest.param({"phone": "+919876543210"}, (400, REVIEW), id="a phone with a plus"),
        pytest.param({"phone": ""}, (400, REVIEW), id="no phone"),
        pytest.param({"wabaId": ""}, (400, REVIEW), id="no WABA id"),
        pytest.param({"wabaId": "waba"}, (400, REVIEW), id="a WABA id with letters"),
        pytest.param({"storageRegion": "XX"}, (400, "Invalid Region Passed"), id="an unknown region"),
    ],
)
async def test_a_link_that_is_refused_creates_nothing(form: dict[str, str], answer: tuple[int, str]) -> None:
    caller = Caller.of()

    assert said(await caller.link(**form)) == answer
    assert caller.world.apps.by_id == {}


@pytest.mark.parametrize("name", ["Acme12", "A" * 150])
async def test_a_name_of_6_to_150_characters_is_taken(name: str) -> None:
    assert said(await Caller.of().link(name=name)) == (200, "success")


async def test_the_spelling_of_the_length_refusal_is_a_switch() -> None:
    answer = await Caller.switched("name-spelling=guide").link(name="A")

    assert said(answer) == (400, LENGTH.replace("charecters", "characters"))


@pytest.mark.parametrize("partner", ["1368", "stranger"])
async def test_a_name_is_unique_across_all_of_gupshup(partner: str) -> None:
    caller = Caller.of()
    await caller.seeded(name="AcmeSupport", partner=partner)
    answer = await caller.link()

    assert answer.json() == {"status": "error", "message": "Bot Already Exists"}
    assert answer.status_code == 409


async def test_a_phone_is_linked_once_and_the_answer_names_its_app() -> None:
    caller = Caller.of()
    first = await caller.linked()
    answer = await caller.link(name="AnotherName")

    assert answer.json()["appId"] == first
    assert said(answer) == (409, f"App {first} already exists with phone {FORM['phone']}")


@pytest.mark.parametrize(
    ("switch", "words"), [("phone", "already exists with phone"), ("name", "Bot Already Exists")]
)
async def test_the_order_of_conflicts_is_a_switch(switch: str, words: str) -> None:
    caller = Caller.switched(f"conflict-order={switch}")
    await caller.link()

    assert words in (await caller.link()).text


@pytest.mark.parametrize(("switch", "told"), [("409-with-id", True), ("409-without-id", False)])
async def test_whether_a_strangers_app_is_named_is_a_switch(switch: str, told: bool) -> None:  # noqa: FBT001 - a table
    caller = Caller.switched(f"stranger-phone={switch}")
    await caller.seeded(partner="stranger", phone=FORM["phone"])

    assert ("appId" in (await caller.link()).json()) is told


@pytest.mark.parametrize(
    ("faults", "url"),
    [
        pytest.param((Fault("callback-refused", "link"),), HOOK, id="a fault says so"),
        pytest.param((), "ftp://x", id="the URL is none"),
    ],
)
async def test_an_app_may_be_created_and_its_callback_refused(faults: tuple[Fault, ...], url: str) -> None:
    caller = Caller.of(*faults)
    answer = await caller.link(callbackUrl=url)

    assert said(answer) == (400, "App created, but failed to set callback on the application")
    assert [row["id"] for row in await caller.rows()] == [answer.json()["appId"]]
    assert caller.world.log[0].effect


TERMS = "Please accept the terms of use to continue"


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ((), (400, TERMS)),
        (("terms-refused=403", "terms-text=Terms of use"), (403, "Terms of use")),
    ],
)
async def test_no_app_is_linked_or_created_before_the_terms_are_accepted(
    words: tuple[str, ...], answer: tuple[int, str]
) -> None:
    caller = Caller.switched("terms=pending", *words)
    assert said(await caller.link()) == answer
    assert said(await caller.call("POST", "/partner/app", name="AcmeSupport")) == answer
    assert caller.world.apps.by_id == {}

    await caller.control("account", {"set": {"termsRead": True}})
    assert (await caller.link()).status_code == 200


@pytest.mark.parametrize("status", [403, 401, 404, 400])
async def test_only_a_tech_provider_links(status: int) -> None:
    caller = Caller.switched("tech-provider=no", f"not-tpp={status}")

    assert (await caller.link()).status_code == status
    assert (await caller.call("POST", "/partner/app", name="AcmeSupport")).status_code == 200


async def test_an_empty_app_has_no_phone_and_stays_where_it_is() -> None:
    caller = Caller.of()
    answer = await caller.call("POST", "/partner/app", name="AcmeSupport")
    await caller.control("advance", {"seconds": 100_000})
    row = (await caller.rows())[0]

    assert set(answer.json()) == {"appId"}
    assert "phone" not in row
    assert (row["live"], row["creationStage"]) == (False, "INITIAL")
    assert said(await caller.call("POST", "/partner/app", name="AcmeSupport")) == (409, "Bot Already Exists")
    assert said(await caller.call("POST", "/partner/app", name="A")) == (400, LENGTH)


async def test_the_same_seed_and_calls_give_the_same_answers() -> None:
    one, two = [await (caller := Caller.of()).linked() + str(await caller.rows()) for _ in range(2)]

    assert one == two
    assert await Caller.of(seed=2).linked() not in one


async def test_a_deletion_frees_name_and_phone_by_a_switch() -> None:
    for switch, status in (("yes", 200), ("no", 409)):
        caller = Caller.switched(f"delete-frees={switch}")
        app = await caller.linked()
        await caller.on_app("DELETE", app)

        assert (await caller.link()).status_code == status


async def test_a_replaced_app_gives_its_old_name_back() -> None:
    caller = Caller.of()
    app = caller.world.apps.by_id[await caller.linked()]
    caller.world.apps.put(replace(app, name="RenamedSupport", phone="15551234567"))

    assert (await caller.link()).status_code == 200


async def test_a_caller_that_leaves_before_its_form_is_whole_has_no_effect() -> None:
    caller = Caller.of()
    came = iter(
        [
            {"type": "http.request", "body": b"name=AcmeSup", "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    sent: list[object] = []

    async def receive() -> Any:  # noqa: ANN401  (ASGI's own messages)
        return next(came)

    async def send(message: object) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/partner/tpp/app",
        "raw_path": b"/partner/tpp/app",
        "query_string": b"",
        "headers": [(b"content-type", b"application/x-www-form-urlencoded")],
    }
    await create_app(caller.world)(scope, receive, send)
    assert sent == []
    assert list(caller.world.log) == []
