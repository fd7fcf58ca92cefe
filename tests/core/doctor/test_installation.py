"""Diagnoses of what is on our side: limits, the store, callbacks and WABAs."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from controller.core.doctor.diagnosis import CheckResult, Diagnosis
from controller.core.doctor.installation import (
    of_callbacks,
    of_events,
    of_limits,
    of_store,
    of_wabas,
    told_waba,
)
from controller.model.manifest import LIMITS, Partner, WebhookPolicy
from controller.model.memory import Binding, Memory, StoreFacts
from controller.model.ratelimit import CallSpan, UsedBudget
from tests.builders.health import of_waba
from tests.builders.manifest import APP, PARTNER, app, desired
from tests.builders.memory import NOW
from tests.builders.upstream import app_id

OK, UNKNOWN, WRONG = CheckResult


Words = list[tuple[CheckResult, str]]


def words(found: list[Diagnosis]) -> Words:
    return [(each.result, each.message) for each in found]


SOME_LEFT = (
    "left: link 8 of 10 in 62 s; subscription of an app 4 of 5 in 62 s; "
    "token of 2 apps at least 0 of 10 in 62 s; all of the others"
)


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        pytest.param({}, [(OK, "left: all calls")], id="no calls"),
        pytest.param(
            {
                "link": UsedBudget((CallSpan(NOW - 99, NOW - 98), CallSpan(NOW - 9, NOW - 8), CallSpan(NOW))),
                "other": UsedBudget((CallSpan(NOW - 9, NOW - 8),)),
                "subscription:x": UsedBudget((CallSpan(NOW - 1, NOW),)),
                "token:x": UsedBudget(tuple(CallSpan(NOW - 1, NOW) for _ in range(11))),
                "token:y": UsedBudget((CallSpan(NOW - 1, NOW),)),
            },
            [(OK, SOME_LEFT)],
            id="calls in their windows",
        ),
        pytest.param(
            {"list": UsedBudget((), NOW + 30)},
            [
                (WRONG, "list rests until 2023-11-14T22:13:50Z, because Gupshup answered 429"),
                (OK, "left: all of the others"),
            ],
            id="a budget that rests",
        ),
        pytest.param(
            {"token:x": UsedBudget((), NOW + 30), "token:y": UsedBudget((), NOW + 40)},
            [
                (WRONG, "token of 2 apps rests until 2023-11-14T22:14:00Z, because Gupshup answered 429"),
                (OK, "left: all of the others"),
            ],
            id="budgets of apps that rest",
        ),
        pytest.param({"list": UsedBudget((), NOW)}, [(OK, "left: all calls")], id="it has rested"),
    ],
)
def test_the_calls_that_are_left(used: Mapping[str, UsedBudget], expected: Words) -> None:
    assert words(list(of_limits("main", used, LIMITS, NOW))) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(
            StoreFacts("/s.db", "0009"),
            [(OK, "none at /s.db yet: the first `apply` or `run` makes it")],
            id="none yet",
        ),
        pytest.param(
            StoreFacts("/s.db", "0009", "0009", 3 * 1024 * 1024),
            [(OK, "/s.db, version 0009, 3.0 MiB")],
            id="current",
        ),
        pytest.param(
            StoreFacts("postgresql://h/d", "0009", "0009"),
            [(OK, "postgresql://h/d, version 0009")],
            id="a server",
        ),
        pytest.param(
            StoreFacts("/s", "0009", "0004", 9, writable=False),
            [
                (
                    OK,
                    "/s has version 0004; the next verb that uses it makes it 0009, after a copy of the file",
                ),
                (WRONG, "/s cannot be written by this user"),
            ],
            id="older, and read-only",
        ),
    ],
)
def test_the_store(facts: StoreFacts, expected: Words) -> None:
    assert words(list(of_store(facts))) == expected


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        pytest.param(
            NOW - 90, (OK, "the last one about an app came 1 min ago, at 2023-11-14T22:11:50Z"), id="one"
        ),
        pytest.param(
            None,
            (UNKNOWN, "none about an app ever came to a `run` with this store, so it only polls"),
            id="none",
        ),
    ],
)
def test_the_last_event(last: float | None, expected: tuple[CheckResult, str]) -> None:
    found = of_events("main", last, NOW)
    assert words([found]) == [expected]
    assert bool(found.remedy) is (last is None), "what to do"


def calling(partner: Partner, *urls: str) -> Words:
    apps = [replace(app(number), callback_url=url or None) for number, url in enumerate(urls, 1)]
    return words(list(of_callbacks(replace(desired(*apps), partners=(partner,)))))


STRICT = replace(PARTNER, webhooks=WebhookPolicy(("*.example.com",)))


def test_callbacks_lead_to_allowed_hosts() -> None:
    assert calling(PARTNER, "https://other.org") == []
    assert calling(STRICT, "") == []
    assert calling(STRICT, "https://a.example.com") == [(OK, "1 callback URL on allowed hosts")]
    assert calling(STRICT, "https://a.example.com", *["https://other.org"] * 7) == [
        (
            WRONG,
            (
                "callbackUrl of App/app-0002, App/app-0003, App/app-0004, App/app-0005, App/app-0006 and 2 "
                "more is on a host that webhooks.allowedHosts lacks"
            ),
        )
    ]


def test_a_partner_answers_for_the_callbacks_of_its_own_apps() -> None:
    other = replace(app(2), partner="other", callback_url="https://other.org")
    declared = desired(replace(APP, callback_url="https://a.example.com"), other)
    found = of_callbacks(replace(declared, partners=(STRICT, replace(PARTNER, name="other"))))
    assert words(list(found)) == [(OK, "1 callback URL on allowed hosts")]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param([], [(OK, "0 linked apps have the WABA of the manifest")], id="no apps"),
        pytest.param([APP.waba_id], [(OK, "1 linked app has the WABA of the manifest")], id="the same"),
        pytest.param(
            ["7", "", None],
            [
                (WRONG, "App/0: Gupshup has another WABA than the manifest"),
                (UNKNOWN, "2 of 3 linked apps: Gupshup told no WABA"),
            ],
            id="another, and unknown ones",
        ),
    ],
)
def test_the_wabas_of_linked_apps(told: list[str | None], expected: Words) -> None:
    apps = {str(number): (APP, waba) for number, waba in enumerate(told)}
    assert words(list(of_wabas("main", apps))) == expected


def test_the_waba_that_was_told_last_is_that_of_the_health_or_of_the_binding() -> None:
    bound = Memory(bindings={APP.phone: Binding(APP.phone, app_id(), waba="1")})
    assert told_waba(bound, APP.phone, app_id()) == "1"
    assert told_waba(replace(bound, health={app_id(): of_waba("2")}), APP.phone, app_id()) == "2"
    assert told_waba(replace(bound, health={app_id(): of_waba()}), APP.phone, app_id()) == "1"
