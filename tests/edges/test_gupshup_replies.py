"""The table of answers: every published status and message, and rude ones, a row a case."""

from dataclasses import replace

import pytest

from controller.edges.gupshup import SubscriptionForm
from controller.errors import Busy, ControllerError, Denied, Limited, Rejected, Unclear
from controller.model.health import WabaInfo
from controller.model.upstream import (
    Details,
    Linked,
    LinkedWithoutCallback,
    LinkRefused,
    NameTaken,
    PhoneTaken,
    RemoteSubscription,
    Stage,
)
from tests.edges.fake_wire import READS, Answer, outcome, writes
from tests.edges.routes import (
    APP,
    APP_TOKEN,
    CALLBACK,
    DETAILS,
    LINK,
    LIST,
    LOGIN,
    OTHER,
    PARTNER_APPS,
    PHONE,
    PIPELINE,
    SUB,
    SUBSCRIBE,
    SUBSCRIPTIONS,
    UNSUBSCRIBE,
    UPDATE,
    WABA,
)

WISH = SubscriptionForm("gitops", "https://hooks.example.com/e", 3, ("SENT", "READ"))
FOUND = RemoteSubscription(SUB, "gitops", "https://hooks.example.com/e", 3, 5, ("SENT", "READ"), active=True)
TOLD = {
    "active": True,
    "appId": APP,
    "id": "8166",
    "mode": 5,
    "modes": ["SENT", "READ"],
    "tag": "gitops",
    "url": "https://hooks.example.com/e",
    "version": 3,
    "latencyBucket": "lt_1_s",
}
OPERATIONS = READS | writes(WISH)


def error(message: str, **more: object) -> dict[str, object]:
    return {"status": "error", "message": message, **more}


EXISTS = f"App {APP} already exists with phone {PHONE}"
FULL = "Maximum of 5 subscriptions"
NO_CALLBACK = "App created, but failed to set callback on the application"

VALUES = [
    pytest.param(LOGIN, 200, {"token": "a.b.c", "id": 1368}, "1368", id="login: flat, without a status"),
    pytest.param(LOGIN, 200, {"token": "opaque", "id": "P-7"}, "P-7", id="login: an id that is a text"),
    pytest.param(LINK, 200, {"status": "success", "appId": APP}, Linked(APP), id="link: linked"),
    pytest.param(
        LINK, 200, {"appId": APP.upper()}, Linked(APP), id="link: linked, shouting, without a status"
    ),
    pytest.param(LINK, 201, {"appId": APP}, Linked(APP), id="link: 201 is a success too"),
    pytest.param(
        LINK,
        400,
        error(NO_CALLBACK, appId=APP),
        LinkedWithoutCallback(APP, NO_CALLBACK),
        id="link: created, the callback is not set",
    ),
    pytest.param(
        LINK, 409, error(EXISTS, appId=APP), PhoneTaken(APP, EXISTS), id="link: the phone has an app"
    ),
    pytest.param(LINK, 409, error(EXISTS), PhoneTaken(APP, EXISTS), id="link: its id is in the text only"),
    pytest.param(
        LINK,
        409,
        error("conflict", appId=APP),
        PhoneTaken(APP, "conflict"),
        id="link: its id is in the body only",
    ),
    pytest.param(
        LINK,
        409,
        error(f"App {APP} already exists with phone +91 98765-43210"),
        PhoneTaken(APP, f"App {APP} already exists with phone +91 98765-43210"),
        id="link: the phone is spaced",
    ),
    pytest.param(
        LINK,
        409,
        error("Bot Already Exists"),
        NameTaken("Bot Already Exists"),
        id="link: the name is taken",
    ),
    pytest.param(
        LINK,
        409,
        error("bot  already exists."),
        NameTaken("bot already exists."),
        id="link: likewise, sloppily",
    ),
    pytest.param(LINK, 409, error("Hm"), LinkRefused(409, "Hm"), id="link: a conflict nobody published"),
    pytest.param(
        LINK,
        400,
        error("Invalid characters used in app name"),
        LinkRefused(400, "Invalid characters used in app name"),
        id="link: a bad name",
    ),
    pytest.param(
        LINK,
        400,
        error("App name should be between 6 to 150 charecters in length"),
        LinkRefused(400, "App name should be between 6 to 150 charecters in length"),
        id="link: a short name",
    ),
    pytest.param(LINK, 404, error("gone"), LinkRefused(404, "gone"), id="link: 404"),
    pytest.param(LINK, 404, "<html>", LinkRefused(404, ""), id="link: 404 of a web server"),
    pytest.param(LINK, 410, b"", LinkRefused(410, ""), id="link: endpoint removed"),
    pytest.param(LINK, 422, {"message": "terms"}, LinkRefused(422, "terms"), id="link: 422 with words"),
    pytest.param(
        DETAILS,
        200,
        {
            "status": "success",
            "appDetails": {"id": APP, "name": "A", "phone": PHONE, "live": True},
            "app": "true",
        },
        Details(APP, "A", PHONE, live=True),
        id="details: in appDetails",
    ),
    pytest.param(
        DETAILS,
        200,
        {"status": "success", "app": {"id": APP, "name": "A", "phone": int(PHONE), "live": "false"}},
        Details(APP, "A", PHONE, live=False),
        id="details: in app, numbers and texts swapped",
    ),
    pytest.param(
        DETAILS,
        200,
        {"appDetails": {"name": "A", "phone": "", "new": [1]}},
        Details(APP, "A", None, live=False),
        id="details: sparse, with a field of its own",
    ),
    pytest.param(
        PIPELINE,
        200,
        {"status": "success", "whatsapp": {"id": APP, "creationStage": "ERROR", "pipeLineStage": "FINALIZE"}},
        Stage("ERROR", "FINALIZE"),
        id="pipeline: an error is 200 as well",
    ),
    pytest.param(
        PIPELINE,
        200,
        {"whatsapp": {"creationStage": 7, "pipelineStage": "NEW_WORD"}},
        Stage("7", "NEW_WORD"),
        id="pipeline: open sets, either spelling",
    ),
    pytest.param(PIPELINE, 200, {"whatsapp": {}}, Stage(), id="pipeline: nothing said"),
    pytest.param(WABA, 200, {"wabaInfo": {"wabaId": 1098}}, WabaInfo("1098"), id="waba: a number"),
    pytest.param(WABA, 200, {"status": "success", "wabaInfo": {}}, WabaInfo(), id="waba: not told"),
    pytest.param(WABA, 200, {"status": "success"}, WabaInfo(), id="waba: nothing at all"),
    pytest.param(CALLBACK, 200, {"status": "success"}, None, id="callback: set"),
    pytest.param(SUBSCRIPTIONS, 200, {"subscriptions": []}, (), id="subscriptions: none"),
    pytest.param(
        SUBSCRIPTIONS, 200, {"status": "success", "subscriptions": [TOLD]}, (FOUND,), id="subscriptions"
    ),
    pytest.param(SUBSCRIBE, 200, {"status": "success", "subscription": TOLD}, FOUND, id="subscribe: done"),
    pytest.param(
        SUBSCRIBE,
        200,
        {
            "subscription": {
                "id": 8166,
                "mode": "2047",
                "modes": "SENT, READ",
                "tag": "t",
                "url": "u",
                "active": "true",
            }
        },
        RemoteSubscription(SUB, "t", "u", None, 2047, ("SENT", "READ"), active=True),
        id="subscribe: sparse, and the types swapped",
    ),
    pytest.param(
        SUBSCRIBE,
        200,
        {"status": "success", "subscription": {name: TOLD[name] for name in TOLD if name != "appId"}},
        FOUND,
        id="subscribe: modes, and no appId",
    ),
    pytest.param(
        SUBSCRIPTIONS,
        200,
        {"subscriptions": [{name: TOLD[name] for name in TOLD if name not in {"appId", "modes"}}]},
        (replace(FOUND, modes=()),),
        id="subscriptions: only the mask",
    ),
    pytest.param(
        SUBSCRIPTIONS,
        200,
        {"subscriptions": [{**{name: TOLD[name] for name in TOLD if name != "mode"}, "modes": "SENT,READ"}]},
        (replace(FOUND, mode=None),),
        id="subscriptions: only names, in one text",
    ),
    *(
        pytest.param(
            SUBSCRIPTIONS,
            200,
            {"subscriptions": [{**{name: TOLD[name] for name in TOLD if name != "mode"}, "modes": mask}]},
            (replace(FOUND, modes=()),),
            id=f"subscriptions: the mask in the place of the names, {type(mask).__name__}",
        )
        for mask in (5, "5")
    ),
    pytest.param(UPDATE, 200, {"status": "success", "subscription": TOLD}, FOUND, id="update: done"),
    pytest.param(UNSUBSCRIBE, 204, b"", None, id="unsubscribe: done"),
    pytest.param(UNSUBSCRIBE, 200, {"status": "success"}, None, id="unsubscribe: done, 200 with a body"),
    pytest.param(
        UNSUBSCRIBE, 400, error("Subscription Does Not Exist"), None, id="unsubscribe: gone already"
    ),
]


@pytest.mark.parametrize(("what", "status", "body", "wanted"), VALUES)
async def test_an_answer_becomes_a_value(what: str, status: int, body: object, wanted: object) -> None:
    assert await outcome(what, Answer(status, body), OPERATIONS[what]) == wanted


PERMISSION = "You do not have the required permissions to access this API"
INTERNAL = "Internal Server Error. Please contact Gupshup team"
REVIEW = "Please review the request parameters and retry"

FAILURES = [
    pytest.param(
        LOGIN, 403, error("Account Does not exist"), Denied, "Account Does not", id="login: no account"
    ),
    pytest.param(
        LOGIN, 403, error("Failed to authenticate"), Denied, "client secret", id="login: wrong secret"
    ),
    pytest.param(LOGIN, 400, error("Unauthorised Access"), Denied, "Unauthorised", id="login: unauthorised"),
    pytest.param(LOGIN, 401, b"", Denied, "401", id="login: 401"),
    pytest.param(
        LOGIN, 200, error("Failed to authenticate"), Denied, "Failed", id="login: refused by its body"
    ),
    pytest.param(LOGIN, 500, error(INTERNAL), Busy, "500", id="login: 500"),
    pytest.param(LOGIN, 404, "<html>", Busy, "no token", id="login: no such page"),
    pytest.param(LOGIN, 200, {"id": 1}, Busy, "no usable token", id="login: without a token"),
    pytest.param(
        LOGIN, 200, {"token": "a\nb"}, Busy, "no usable token", id="login: a token with a line break"
    ),
    pytest.param(LOGIN, 200, {"token": "é"}, Busy, "no usable token", id="login: a token that is no header"),
    pytest.param(LOGIN, 200, [], Busy, "no token", id="login: a list"),
    pytest.param(LOGIN, 429, "Too Many Requests", Limited, "429", id="login: 429"),
    pytest.param(LOGIN, 307, b"", Busy, "redirect", id="login: a redirect"),
    pytest.param(APP_TOKEN, 401, b"", Rejected, "401", id="app token: 401 twice"),
    pytest.param(
        APP_TOKEN, 403, error("Invalid Access Token"), Rejected, "Invalid", id="app token: 403 twice"
    ),
    pytest.param(
        APP_TOKEN,
        403,
        {"status": 403, "message": PERMISSION},
        Rejected,
        PERMISSION,
        id="app token: not ours, an integer status",
    ),
    pytest.param(APP_TOKEN, 500, error(INTERNAL), Busy, "500", id="app token: 500"),
    pytest.param(APP_TOKEN, 200, {"name": "x"}, Busy, "no usable token", id="app token: none in the answer"),
    pytest.param(APP_TOKEN, 200, {"token": {"token": "\x00"}}, Busy, "no usable", id="app token: odd"),
    pytest.param(APP_TOKEN, 200, [1], Busy, "answer", id="app token: a list"),
    pytest.param(LINK, 401, b"", Denied, "token dropped", id="link: 401"),
    pytest.param(LINK, 403, error("Invalid Access Token"), Denied, "token dropped", id="link: 403 bad token"),
    pytest.param(LINK, 403, error(PERMISSION), Denied, PERMISSION, id="link: 403 not allowed"),
    pytest.param(LINK, 429, error("Too Many Requests"), Limited, "429", id="link: 429"),
    pytest.param(LINK, 429, "Too Many Requests", Limited, "429", id="link: 429 in plain text"),
    pytest.param(LINK, 421, b"", Busy, "not read", id="link: misdirected"),
    pytest.param(LINK, 425, b"", Busy, "not read", id="link: too early"),
    pytest.param(LINK, 408, b"", Unclear, "408", id="link: timed out at the server"),
    pytest.param(LINK, 500, error("Unable to create App"), Unclear, "Unable to create", id="link: 500"),
    pytest.param(LINK, 500, error("x", appId=APP), Unclear, "500", id="link: 500 with an id proves nothing"),
    pytest.param(LINK, 502, "<html>", Unclear, "502", id="link: bad gateway"),
    pytest.param(LINK, 307, b"", Unclear, "redirect", id="link: a redirect"),
    pytest.param(LINK, 200, b"", Unclear, "empty", id="link: empty success"),
    pytest.param(LINK, 200, "<html>maintenance", Unclear, "not JSON", id="link: maintenance page"),
    pytest.param(LINK, 200, {"status": "success"}, Unclear, "appId", id="link: no appId"),
    pytest.param(LINK, 200, {"appId": ""}, Unclear, "appId", id="link: empty appId"),
    pytest.param(LINK, 200, {"appId": 17}, Unclear, "appId", id="link: appId is no UUID"),
    pytest.param(LINK, 200, [APP], Unclear, "appId", id="link: a list"),
    pytest.param(LINK, 204, b"", Unclear, "appId", id="link: 204"),
    pytest.param(LINK, 200, error("no", appId=APP), Unclear, "says error", id="link: 200, error and appId"),
    pytest.param(
        LINK, 200, error("Too Many Requests"), Unclear, "says error", id="link: 200 and Too Many Requests"
    ),
    pytest.param(
        LINK, 200, error("Invalid Access Token"), Unclear, "says error", id="link: 200 and a bad token"
    ),
    pytest.param(LINK, 400, "Bad Request", Unclear, "cannot be read", id="link: 400 could hide an appId"),
    pytest.param(LINK, 400, b"", Unclear, "cannot be read", id="link: empty 400"),
    pytest.param(LINK, 409, "<html>", Unclear, "cannot be read", id="link: 409 could hide an appId"),
    pytest.param(
        LINK, 400, error(NO_CALLBACK, appId="x"), Unclear, "appId", id="link: 400 with an odd appId"
    ),
    pytest.param(LINK, 409, error(EXISTS, appId="x"), Unclear, "appId", id="link: 409 with an odd appId"),
    pytest.param(LINK, 409, error(EXISTS, appId=OTHER), Unclear, "another appId", id="link: two ids"),
    pytest.param(
        LINK,
        409,
        error(f"App {APP} already exists with phone 919876543211", appId=APP),
        Unclear,
        "another phone",
        id="link: another phone",
    ),
    pytest.param(LINK, 422, error("?", appId=APP), Unclear, "with an appId", id="link: 422 with an appId"),
    pytest.param(
        LINK,
        409,
        error("App ------------------------------------ already exists"),
        Unclear,
        "no UUID",
        id="link: dashes are no id",
    ),
    pytest.param(
        LIST, 400, {"status": "error", "data": "pageSize"}, Busy, "pageSize", id="list: 400 says data"
    ),
    pytest.param(LIST, 401, error("Unauthorized Access"), Denied, "Unauthorized", id="list: 401 twice"),
    pytest.param(LIST, 403, error("Unauthorized Access"), Denied, "credentials", id="list: 403"),
    pytest.param(LIST, 429, error("Too Many Requests"), Limited, "429", id="list: 429"),
    pytest.param(LIST, 200, b"", Busy, "empty", id="list: an empty answer is not no apps"),
    pytest.param(LIST, 200, {"status": "success"}, Busy, "list of apps", id="list: no key is not no apps"),
    pytest.param(LIST, 200, {"apps": None}, Busy, "list of apps", id="list: null is not no apps"),
    pytest.param(LIST, 200, error("x", apps=[]), Busy, "says error", id="list: refused by its body"),
    pytest.param(LIST, 200, {"status": "failed"}, Busy, "says error", id="list: failed"),
    pytest.param(LIST, 200, {"status": False}, Busy, "says error", id="list: not a success"),
    pytest.param(LIST, 200, {"status": 500}, Busy, "says error", id="list: its body says 500"),
    pytest.param(LIST, 200, error("Too Many Requests"), Limited, "Too Many", id="list: 429 in a 200"),
    pytest.param(LIST, 204, b"", Busy, "no object", id="list: 204"),
    pytest.param(LIST, 200, '{"apps":[],"apps":[]}', Busy, "repeats a key", id="list: a key twice"),
    pytest.param(LIST, 200, b'\xef\xbb\xbf{"apps":[]}', Busy, "not JSON", id="list: a byte order mark"),
    pytest.param(LIST, 200, '{"apps":[]}'.encode("utf-16"), Busy, "not UTF-8", id="list: UTF-16"),
    pytest.param(LIST, 200, "12", Busy, "no object", id="list: a number"),
    pytest.param(LIST, 200, "null", Busy, "no object", id="list: null"),
    pytest.param(LIST, 302, b"", Busy, "redirect", id="list: a redirect"),
    pytest.param(LIST, 408, b"", Busy, "408", id="list: 408"),
    pytest.param(LIST, 999, b"", Busy, "999", id="list: a status nobody knows"),
    pytest.param(
        PARTNER_APPS, 400, {"status": "erro", "message": "Partner not found"}, Busy, "Partner", id="apps: 400"
    ),
    pytest.param(
        DETAILS, 403, error("Unauthorized Access"), Rejected, "Unauthorized", id="details: not our app"
    ),
    pytest.param(
        DETAILS, 401, error("Unauthorized Access"), Rejected, "Unauthorized", id="details: 401 twice"
    ),
    pytest.param(DETAILS, 400, error("odd"), Rejected, "odd", id="details: 400"),
    pytest.param(DETAILS, 400, "odd", Busy, "cannot be read", id="details: 400 without words"),
    pytest.param(DETAILS, 503, b"", Busy, "503", id="details: 503"),
    pytest.param(DETAILS, 200, {"status": "success"}, Busy, "appDetails", id="details: neither wrapper"),
    pytest.param(
        DETAILS,
        200,
        {"appDetails": {"id": OTHER, "name": "B"}},
        Busy,
        "another app",
        id="details: of another app",
    ),
    pytest.param(
        DETAILS, 200, {"appDetails": {"id": "?", "name": "B"}}, Busy, "no UUID", id="details: an odd id"
    ),
    pytest.param(
        DETAILS, 200, {"appDetails": {"name": "B", "live": 2}}, Busy, "live", id="details: an odd live"
    ),
    pytest.param(PIPELINE, 400, error(REVIEW), Rejected, "review", id="pipeline: 400 with a good token"),
    pytest.param(PIPELINE, 500, error("x"), Busy, "500", id="pipeline: 500"),
    pytest.param(PIPELINE, 200, {"status": "success"}, Busy, "whatsapp", id="pipeline: nothing in it"),
    pytest.param(WABA, 400, error("App is not live."), Rejected, "not live", id="waba: not live"),
    pytest.param(
        WABA, 400, error("Authentication Failed"), Rejected, "Authentication", id="waba: bad token, 400"
    ),
    pytest.param(WABA, 200, {"wabaInfo": "x"}, Busy, "wabaInfo", id="waba: odd"),
    pytest.param(CALLBACK, 500, error("Error updating callback URL"), Unclear, "Error", id="callback: 500"),
    pytest.param(CALLBACK, 200, {}, Unclear, "success", id="callback: no success said"),
    pytest.param(CALLBACK, 200, error("Invalid"), Rejected, "Invalid", id="callback: refused by its body"),
    pytest.param(
        CALLBACK, 400, error("Invalid App Details Passed"), Rejected, "Invalid App", id="callback: 400"
    ),
    pytest.param(CALLBACK, 429, error("x"), Limited, "429", id="callback: 429"),
    pytest.param(SUBSCRIPTIONS, 500, error("Internal error occured"), Busy, "500", id="subscriptions: 500"),
    pytest.param(SUBSCRIPTIONS, 200, {}, Busy, "subscriptions", id="subscriptions: no key is not none"),
    pytest.param(
        SUBSCRIPTIONS,
        200,
        {"subscriptions": [TOLD, {**TOLD, "id": ""}]},
        Busy,
        "no number",
        id="subscriptions: one without an id spoils them",
    ),
    pytest.param(
        SUBSCRIPTIONS,
        200,
        {"subscriptions": [{**TOLD, "appId": OTHER}]},
        Busy,
        "another app",
        id="subscriptions: of another app",
    ),
    pytest.param(SUBSCRIBE, 400, error("Invalid URL Passed"), Rejected, "Invalid URL", id="subscribe: URL"),
    pytest.param(
        SUBSCRIBE, 400, error("Duplicate component tag"), Rejected, "Duplicate", id="subscribe: tag"
    ),
    pytest.param(SUBSCRIBE, 401, error("Authentication Failed"), Busy, "new token", id="subscribe: 401"),
    pytest.param(SUBSCRIBE, 403, error("Invalid Access Token"), Busy, "new token", id="subscribe: bad token"),
    pytest.param(SUBSCRIBE, 403, error("no"), Rejected, "no", id="subscribe: 403"),
    pytest.param(SUBSCRIBE, 404, b"", Rejected, "404", id="subscribe: 404"),
    pytest.param(SUBSCRIBE, 425, b"", Busy, "again", id="subscribe: too early"),
    pytest.param(SUBSCRIBE, 429, error("Too Many Requests"), Limited, "429", id="subscribe: 429"),
    pytest.param(SUBSCRIBE, 500, error("Unable To Create Subscription"), Unclear, "500", id="subscribe: 500"),
    pytest.param(SUBSCRIBE, 200, b"", Unclear, "empty", id="subscribe: empty"),
    pytest.param(
        SUBSCRIBE, 200, {"name": "P", "token": "t"}, Unclear, "missing", id="subscribe: a token's body"
    ),
    pytest.param(
        SUBSCRIBE, 200, error("Duplicate component tag"), Rejected, "Dup", id="subscribe: 200 and error"
    ),
    pytest.param(
        SUBSCRIBE, 200, error("Authentication Failed"), Busy, "token", id="subscribe: 200 and a bad token"
    ),
    pytest.param(SUBSCRIBE, 400, "<html>", Unclear, "cannot be read", id="subscribe: 400 without words"),
    pytest.param(SUBSCRIBE, 400, "<p>Invalid URL Passed", Unclear, "cannot be read", id="subscribe: a page"),
    pytest.param(SUBSCRIBE, 400, "Oops", Unclear, "cannot be read: Oops", id="subscribe: odd words"),
    pytest.param(
        SUBSCRIBE,
        400,
        "Duplicate component tag",
        Rejected,
        "Duplicate",
        id="subscribe: a known no in bare text",
    ),
    pytest.param(
        SUBSCRIBE, 400, b'"Duplicate component tag"', Rejected, "Duplicate", id="subscribe: a no in quotes"
    ),
    pytest.param(UPDATE, 400, "Invalid URL Passed", Rejected, "URL", id="update: a known no in bare text"),
    *(
        pytest.param(SUBSCRIBE, status, body, Rejected, FULL, id=f"subscribe: no room, {status} {words}")
        for status in (400, 403, 409, 422)
        for words, body in (
            ("as JSON", error(FULL)),
            ("in bare text", FULL),
            ("in quotes", f'"{FULL}"'.encode()),
        )
    ),
    pytest.param(SUBSCRIBE, 500, FULL, Unclear, FULL, id="subscribe: no room, and a 500 proves nothing"),
    pytest.param(SUBSCRIBE, 200, "Duplicate component tag", Unclear, "read", id="subscribe: no no with 200"),
    pytest.param(
        SUBSCRIBE,
        500,
        "Unable To Create Subscription",
        Unclear,
        "Unable To Create",
        id="subscribe: 500 in text",
    ),
    pytest.param(
        LINK, 400, "Duplicate component tag", Unclear, "cannot be read", id="link: no words prove it"
    ),
    pytest.param(UPDATE, 400, error("Subscription Does Not Exist"), Rejected, "Exist", id="update: gone"),
    pytest.param(UPDATE, 403, error("Not Subscription Owner"), Rejected, "Owner", id="update: not ours"),
    pytest.param(
        UPDATE,
        400,
        error("API key is not associated with partner"),
        Rejected,
        "API key",
        id="update: not our partner",
    ),
    pytest.param(UPDATE, 504, b"", Unclear, "504", id="update: gateway timeout"),
    pytest.param(UNSUBSCRIBE, 429, error("5 calls per minute"), Limited, "429", id="unsubscribe: 429"),
    pytest.param(UNSUBSCRIBE, 500, b"", Unclear, "500", id="unsubscribe: 500"),
    pytest.param(UNSUBSCRIBE, 200, b"", Unclear, "empty", id="unsubscribe: 200 and nothing"),
    pytest.param(UNSUBSCRIBE, 200, "<html>", Unclear, "not JSON", id="unsubscribe: a web page"),
    pytest.param(UNSUBSCRIBE, 400, error("other"), Rejected, "other", id="unsubscribe: refused"),
]


@pytest.mark.parametrize(("what", "status", "body", "kind", "said"), FAILURES)
async def test_an_answer_becomes_an_error_that_says_who_has_to_act(
    what: str,
    status: int,
    body: object,
    kind: type[ControllerError],
    said: str,
) -> None:
    failure = await outcome(what, Answer(status, body), OPERATIONS[what])

    assert isinstance(failure, kind)
    assert isinstance(failure, Limited) is (kind is Limited)
    assert said in str(failure)
    assert what.split()[1].rpartition("/")[0] in str(failure)


async def test_a_refusal_carries_the_status_and_the_words() -> None:
    answer = Answer(400, error("Duplicate\x1b[31m component\x00tag"))
    failure = await outcome(SUBSCRIBE, answer, OPERATIONS[SUBSCRIBE])

    assert isinstance(failure, Rejected)
    assert (failure.status, failure.words) == (400, "Duplicate component tag")
