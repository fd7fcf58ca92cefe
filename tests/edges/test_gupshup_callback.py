"""Which answers to the callback call show that Gupshup no longer has it, and which show something else."""

import pytest

from controller.errors import Busy, ControllerError, Limited, Rejected, Unclear, Unsupported
from tests.edges.fake_wire import Answer, World, outcome, writes
from tests.edges.routes import APP, APP_TOKEN, CALLBACK, SUBSCRIBE, UPDATE
from tests.edges.test_gupshup_writer import WISH

PATH = f"/partner/app/{APP}/callbackUrl"
PAGE = "<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1>nginx</body></html>"


def error(message: str, **more: object) -> dict[str, object]:
    return {"status": "error", "message": message, **more}


@pytest.mark.parametrize(
    "words",
    [
        "Callback URL APIs are not supported for apps created after 1 Aug 2025",
        "Callback URL APIs aren’t supported",  # noqa: RUF001  (as a page would spell it)
        "This API is not supported. See https://support.gupshup.io/hc/callback-url",
        "API not supported",
        "Operation not allowed",
        "Feature not enabled for this app",
        "Callback APIs have been deprecated",
        "DEPRECATED: please use subscription APIs",
        "Please use subscriptions instead",
        "Use the Set Subscription API (v3) to receive events",
        "Kindly migrate to webhook subscriptions",
        "Callbacks are replaced by subscriptions",
        "callbackUrl is no longer supported",
        "Callback URL cannot be used any more, configure it via subscription",
        "Callback URL not supported for this app",
        "Callback URL is not available for the new apps",
        "Setting a callback URL is not supported",
        "Unsupported operation",
        "Not supported.",
        "Not supported for this app",
        "Request method 'PUT' is not supported",
        "This endpoint was discontinued on 1 Aug 2025",
        "Not possible for an app created on or after 2025-08-01",
        "The API does not support apps like this one",
        f"The API {PATH} is obsolete",
    ],
)
@pytest.mark.parametrize("status", [400, 404, 410, 403, 200])
async def test_words_that_say_so_show_that_the_call_is_gone(words: str, status: int) -> None:
    assert await kind_of(status, error(words)) is Unsupported


@pytest.mark.parametrize("body", ["Callback URL APIs are not supported", b'"Please use subscriptions"'])
async def test_such_words_are_understood_as_bare_text(body: object) -> None:
    assert await kind_of(400, body) is Unsupported


@pytest.mark.parametrize(
    "words",
    [
        "",
        "Invalid App Details Passed",
        "Invalid URL Passed",
        "Something went wrong",
        "callbackUrl is required",
        "Please review the request parameters and retry",
        "Callback URL scheme is not supported",
        "Only https URLs are supported, http is deprecated: use a webhook with https",
        "This callback URL is not supported",
        "Callback host localhost is not allowed for this app",
        "Callback URL is not reachable for this app",
        "Callback URL is not set for this app",
        "Unsupported Media Type",
        "Content type 'application/json' not supported",
        "You are not allowed to access this API",
        "API key not supported",
        "API key is not associated with partner",
        "Callback APIs are not supported right now, try again later",
        "Callback APIs are not enabled: temporarily under maintenance",
        "Your subscription has expired, use a valid subscription plan",
        "Subscription Does Not Exist",
        "Use a valid webhook URL",
        "https://deprecated.example.com/subscriptions is unknown",
    ],
)
async def test_another_400_stays_what_it_is(words: str) -> None:
    assert await kind_of(400, error(words)) is Rejected


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(PAGE, id="a page"),
        pytest.param("404 page not found", id="bare text"),
        pytest.param("default backend - 404", id="bare text of a gateway"),
        pytest.param({"message": "no Route matched with those values"}, id="a gateway"),
        pytest.param({"status": 404, "error": "Not Found", "path": PATH}, id="a framework"),
        pytest.param({"message": f"Cannot PUT {PATH}"}, id="a framework that names the path"),
        pytest.param({"message": f"No static resource {PATH[1:]}."}, id="a framework that names a resource"),
        pytest.param(error("Resource not found"), id="Gupshup's form"),
        pytest.param([], id="a list"),
        pytest.param(b"\xff\xfe", id="no UTF-8"),
    ],
)
@pytest.mark.parametrize("status", [404, 410])
async def test_404_and_410_show_that_the_call_is_gone(status: int, body: object) -> None:
    assert await kind_of(status, body) is Unsupported


@pytest.mark.parametrize(
    "words",
    [
        "App not found",
        "Invalid app id",
        "Bot does not exist",
        "Invalid App Details Passed",
        "Partner not found",
        "Account Does not exist",
        "Invalid Access Token",
        "No application with this id",
    ],
)
@pytest.mark.parametrize("status", [404, 410])
async def test_an_app_that_is_unknown_is_not_a_call_that_is_gone(status: int, words: str) -> None:
    assert await kind_of(status, error(words)) is Rejected


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        pytest.param(400, PAGE, Unclear, id="400 and a page"),
        pytest.param(400, "Oops", Unclear, id="400 and odd words"),
        pytest.param(400, error("Callback APIs not supported: Invalid Access Token"), Busy, id="a bad token"),
        pytest.param(401, error("This API is not supported"), Busy, id="401"),
        pytest.param(429, error("This API is not supported"), Limited, id="429"),
        pytest.param(500, error("This API is not supported"), Unclear, id="500"),
        pytest.param(408, b"", Unclear, id="408"),
        pytest.param(405, error("Method Not Allowed"), Unsupported, id="405 by its words"),
        pytest.param(405, b"", Rejected, id="405 without words"),
        pytest.param(400, error("App created", appId=APP), Rejected, id="400 with an appId"),
        pytest.param(
            400, error("Use subscriptions", appId=APP), Unsupported, id="with an appId, and says so"
        ),
    ],
)
async def test_other_answers_stay_what_they_are(
    status: int, body: object, kind: type[ControllerError]
) -> None:
    assert await kind_of(status, body) is kind


@pytest.mark.parametrize("what", [SUBSCRIBE, UPDATE])
async def test_the_same_answer_to_another_call_shows_nothing_about_callbacks(what: str) -> None:
    refused = await outcome(what, Answer(404, error("API not supported")), writes(WISH)[what])
    assert type(refused) is Rejected


async def test_a_refused_app_token_shows_nothing_about_callbacks() -> None:
    """The app's token is fetched first, below the same path."""
    world = World().on(APP_TOKEN, Answer(404, {"message": "Not Found"}))
    async with world.writer() as client:
        with pytest.raises(Rejected) as refused:
            await client.set_callback(APP, "https://hooks.example.com/c")
    assert refused.type is Rejected
    assert world.upstream.sent(CALLBACK) == []


async def test_the_refusal_carries_the_status_and_the_words() -> None:
    refused = await outcome(CALLBACK, Answer(410, error("Gone")), writes(WISH)[CALLBACK])
    assert isinstance(refused, Unsupported)
    assert (refused.status, refused.words, str(refused)) == (410, "Gone", f"{CALLBACK}: 410 Gone")


async def kind_of(status: int, body: object) -> type[object]:
    return type(await outcome(CALLBACK, Answer(status, body), writes(WISH)[CALLBACK]))
