"""Whatever Gupshup answers, our exceptions or typed values come out, and no secret with them."""

import asyncio
import json
import logging
import pickle
import traceback
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.edges.gupshup import SubscriptionForm
from controller.errors import Busy, Denied, Limited, Rejected, Unclear
from controller.model.secret import Secret
from controller.model.upstream import LinkAnswer
from tests.edges.fake_wire import (
    APP_TOKEN_VALUE,
    PARTNER_TOKEN,
    READS,
    Answer,
    World,
    declared,
    good_login,
    outcome,
    writes,
)
from tests.edges.routes import (
    APP,
    APP_TOKEN,
    DETAILS,
    LINK,
    LIST,
    LOGIN,
    OTHER,
    PARTNER_APPS,
    PHONE,
    SUBSCRIBE,
    UPDATE,
)
from tests.fuzzing import executions

HOOK = "canary-hook-header"
WISH = SubscriptionForm(
    "gitops", "https://hooks.example.com/e", 3, ("SENT",), headers={"X-Hook": Secret(HOOK)}
)
WRITES = writes(WISH)

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**25), 10**25),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        [APP, OTHER, PHONE, "8166", "success", "error", "Invalid Access Token", "true", "NA", "\ud800"]
    ),
)
KEYS = st.sampled_from(
    [
        *(
            "status",
            "message",
            "data",
            "appId",
            "apps",
            "partnerAppsList",
            "id",
            "name",
            "phone",
            "live",
            "stopped",
        ),
        *(
            "appDetails",
            "app",
            "whatsapp",
            "creationStage",
            "pipelineStage",
            "pipeLineStage",
            "wabaInfo",
            "wabaId",
            "errors",
            "error_code",
            "canSendMessage",
        ),
        *(
            "subscriptions",
            "subscription",
            "tag",
            "url",
            "version",
            "mode",
            "modes",
            "active",
            "token",
            "expiresOn",
        ),
        *("createdOn", "storageRegion"),
    ],
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=6)),
    max_leaves=12,
)
BODIES = st.one_of(
    VALUES.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(KEYS, VALUES, max_size=8).map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=60),
    st.sampled_from([b"", b"<html>", b"null", b"[]", b"{}", b'"x"', b"NaN", b"[" * 5000]),
)
STATUSES = st.one_of(
    st.sampled_from([200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 408, 409, 422, 425, 429, 500, 503]),
    st.integers(200, 999),
)
TYPES = st.sampled_from(
    ["application/json", "text/html; charset=latin-1", "text/plain;charset=utf-16", "", "?"]
)
ANSWERS = st.builds(
    lambda status, body, kind: Answer(status, body, {"Content-Type": kind}), STATUSES, BODIES, TYPES
)
OFTEN = settings(max_examples=executions(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])


@OFTEN
@given(what=st.sampled_from(sorted(READS)), answer=ANSWERS)
def test_any_answer_to_a_read_is_a_value_or_says_who_has_to_act(what: str, answer: Answer) -> None:
    found = asyncio.run(outcome(what, answer, READS[what]))

    if isinstance(found, Exception):
        assert isinstance(found, Busy | Denied | Rejected)
        assert str(found).isprintable()


@OFTEN
@given(what=st.sampled_from(sorted(WRITES)), answer=ANSWERS)
def test_any_answer_to_a_write_is_a_value_or_says_who_has_to_act(what: str, answer: Answer) -> None:
    found = asyncio.run(outcome(what, answer, WRITES[what]))

    if isinstance(found, Exception):
        assert isinstance(found, Busy | Unclear | Denied | Rejected)
        assert str(found).isprintable()
        if answer.status >= 500 or answer.status == 408:
            assert isinstance(found, Unclear)
        if answer.status == 429:
            assert isinstance(found, Limited)
    else:
        assert answer.status < 500


@OFTEN
@given(answer=ANSWERS)
def test_no_answer_to_a_link_is_taken_for_a_refusal_without_proof(answer: Answer) -> None:
    """Success and server errors are never a refusal, and nothing but an id of theirs ever links."""
    found = asyncio.run(outcome(LINK, answer, WRITES[LINK]))

    if isinstance(found, LinkAnswer):
        assert answer.status < 500
        linked = getattr(found, "app_id", None)
        assert linked is None or linked in str(answer.body).lower()
        assert linked is not None or 400 <= answer.status < 500


FORMS: tuple[Callable[[str], str], ...] = (
    str,
    lambda value: quote(value, safe=""),
    lambda value: b64encode(value.encode()).decode(),
    lambda value: value.encode().hex(),
    lambda value: value[:14],
    lambda value: value[3:],
)


def told(what: str) -> list[str]:
    """Return the secrets that Gupshup has received by the time it answers *what*."""
    canaries = ["canary.mail@example.com", "canary+secret/of the?partner"]
    if what != LOGIN:
        canaries.append(PARTNER_TOKEN)
    if what not in {LOGIN, APP_TOKEN, LINK, LIST, PARTNER_APPS, DETAILS}:
        canaries.append(APP_TOKEN_VALUE)
    return [*canaries, *([HOOK] if what in {SUBSCRIBE, UPDATE} else [])]


@pytest.mark.parametrize("what", [*READS, *WRITES])
@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 409, 500])
async def test_no_secret_that_gupshup_echoes_is_in_a_value_or_an_error(
    what: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Gupshup echoes the secrets that it was sent, in texts and headers, in many forms."""
    caplog.set_level(logging.DEBUG)
    leaks = [form(canary) for form in FORMS for canary in told(what)]
    for echo in [*told(what), *(f"\x1b[1m{leak}\x1b[0m!" for leak in leaks[-4:]), " ".join(leaks)]:
        answer = Answer(status, {"status": "error", "message": f"no {echo}"}, {"X-Echo": quote(echo)})
        found = await outcome(what, answer, (READS | WRITES)[what])
        shown = [repr(found), caplog.text]
        if isinstance(found, Exception):
            shown += [str(found), "".join(traceback.format_exception(found)), repr(vars(found))]
        assert not [leak for leak in leaks for text in shown if leak in text]


async def test_the_message_about_an_answer_to_a_link_holds_no_secret() -> None:
    world = World().on(LINK, Answer(409, {"message": f"no {PARTNER_TOKEN} here", "appId": APP}))
    async with world.writer() as client:
        found = await client.link(declared())

    assert "canary" not in repr(found)
    assert "no *** here" in repr(found)


def test_a_subscription_with_secrets_cannot_be_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(WISH)


async def test_a_login_whose_message_holds_the_token_shows_it_nowhere() -> None:
    world = World().on(LOGIN, good_login(message=PARTNER_TOKEN))
    async with world.reader() as client:
        await client.sign_in()
        assert "canary" not in repr(client) + repr(vars(client))
