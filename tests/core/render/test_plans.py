"""Plans and reports as text and as JSON: agreed to the key, and nothing in them steers a terminal."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from controller.core.planning.guard import held_digest
from controller.core.planning.matched_app import app_item
from controller.core.planning.outcomes.link_outcomes import of_link_answer
from controller.core.render.plan_json import digests
from controller.core.render.plan_lines import duration, of_warning
from controller.core.render.plans import plan_document, plan_text
from controller.core.render.reports import report_document, report_text
from controller.core.status.run_report import KEYS, Report, report
from controller.model.manifest import FromEnv
from controller.model.passes import SourceState
from controller.model.phone import masked
from controller.model.plan import (
    Action,
    Blocked,
    Foreign,
    HeldChange,
    Item,
    Kind,
    Link,
    Outcome,
    PartnerWarning,
    Plan,
    Result,
    SetCallback,
    Subscribe,
    Unmanaged,
    Unsubscribe,
    Update,
    Verb,
    WaitFor,
    Waiting,
)
from controller.model.upstream import PhoneTaken
from tests.builders.manifest import APP, CALLBACK, PARTNER, WANTED, app, desired, phone, subscription
from tests.builders.memory import NOW
from tests.builders.plan import ITEM, SUB, observed, planned
from tests.builders.upstream import app_id, remote, row

FULL = replace(APP, callback_url=CALLBACK, storage_region="IN")
SECRET = replace(WANTED, headers={"X-Hook": FromEnv("HOOK_A"), "X-A": FromEnv("HOOK_B")})
POSTED = {
    "tag": "events",
    "url": WANTED.url,
    "version": 3,
    "modes": ["SENT", "READ"],
    "active": True,
    "showOnUI": False,
}
CHANGES = {"url": ("https://old.example.com", "https://new.example.com"), "headers": ("(hidden)", "(hidden)")}
ACTIONS: Sequence[Action] = (
    Link(FULL),
    Subscribe(SECRET, app_id()),
    Update(WANTED, app_id(), remote(WANTED), CHANGES, drift=False),
    Update(subscription(2), app_id(2), remote(subscription(2)), {"active": ("false", "true")}, drift=True),
    SetCallback(FULL, app_id(), CALLBACK),
    Unsubscribe(APP, app_id(), remote(subscription(1, "gitops-old"))),
)
FOREIGN = Foreign(
    Item(Kind.SUBSCRIPTION, "main", "acme", "theirs"), "8", "hooks.example.org", ("MESSAGE",), 3
)
PLAN = Plan(
    PARTNER,
    "r1",
    actions=tuple(ACTIONS),
    waiting=(
        Waiting(Verb.SUBSCRIBE, SUB, WaitFor.LIVE),
        Waiting(Verb.LINK, ITEM, WaitFor.COOLDOWN, NOW, "the last 3 links were refused alike"),
    ),
    blocked=(Blocked(ITEM, "AppLost", "it was ours"),),
    held=(HeldChange(Link(app(2)), "maxLinks"),),
    unmanaged=(Unmanaged(Item(Kind.APP, "main", "Stranger", "Stranger"), "7"),),
    foreign=(FOREIGN,),
    unchanged=(SUB,),
    provisioning=(ITEM,),
    unverifiable=(ITEM, SUB),
)
RESULTS = (
    Result(Verb.LINK, ITEM, Outcome.DONE, app_id=app_id()),
    Result(
        Verb.SUBSCRIBE,
        SUB,
        Outcome.FAILED,
        "InvalidUrl",
        "Gupshup answered 400: Invalid URL Passed",
        app_id(),
    ),
    Result(Verb.UPDATE, SUB, Outcome.STALE, "Stale"),
    Result(Verb.UPDATE, ITEM, Outcome.UNCLEAR, "OutcomeUnknown", "no reply"),
)
REPORT = replace(
    report(replace(PLAN, actions=()), {}, {(each.verb, each.item): each for each in RESULTS}, {}),
    results=RESULTS,
    error="list apps: no answer",
)

TEXT = f"""\
Partner main at https://partner.gupshup.io
  + link         App/app-0001  as Name0001, phone 91******0001, WABA 100000000000001
  + subscribe    Subscription/events on App/app-0001  SENT, READ → https://hooks.example.com/1/events
  ~ update       Subscription/events on App/app-0001  changed in the manifest
        url: https://old.example.com → https://new.example.com
        headers: (hidden) → (hidden)
  ~ update       Subscription/events on App/app-0002  drift put back
        active: false → true
  ~ update       App/app-0001  callbackUrl https://hooks.example.com/live
  - unsubscribe  Subscription/gitops-old on App/app-0001  → https://hooks.example.com/1/gitops-old
  … waiting      Subscription/events on App/app-0001  to subscribe, wait for: live
  … waiting      App/app-0001  to link, wait for: cooldown until 2023-11-14T22:13:20Z (the last 3 links were refused alike)
  ! blocked      App/app-0001  AppLost: it was ours
  ⏸ held         App/app-0002  to link, guard: maxLinks
  ? unmanaged    App/Stranger  id 7: no manifest declares it
  ? foreign      Subscription/theirs on App/acme  → hooks.example.org, MESSAGE, version 3: no manifest declares it
  … provisioning App/app-0001  linked, not live yet
  ? unverifiable App/app-0001  callbackUrl cannot be read back; `apply --resend` writes once
  ? unverifiable Subscription/events on App/app-0001  headers cannot be read back; `apply --resend` writes once

Plan: 1 to link, 1 to subscribe, 3 to update, 1 to unsubscribe; 2 waiting, 1 blocked, 1 held, 1 unmanaged, 1 unchanged.
Forecast: 12 calls (1 callback, 1 link, 1 list, 1 other, 6 subscription, 2 token), at least 0 s at Gupshup's limits.
Held by a guard. To let exactly this through: --release {held_digest(PLAN)}
Revision r1"""  # noqa: E501  (as it is printed)


def test_the_text_of_a_plan_shows_every_entry() -> None:
    assert plan_text([PLAN], "r1").splitlines() == TEXT.splitlines()


def test_an_empty_plan_says_that_it_is_empty() -> None:
    assert plan_text([Plan(PARTNER, "r1", unchanged=(ITEM,))], "r1").splitlines() == [
        "Partner main at https://partner.gupshup.io",
        "  nothing to do: everything is as declared",
        "",
        (
            "Plan: 0 to link, 0 to subscribe, 0 to update, 0 to unsubscribe; "
            "0 waiting, 0 blocked, 0 held, 0 unmanaged, 1 unchanged."
        ),
        "Revision r1",
    ]


def test_the_text_of_a_report_shows_every_outcome() -> None:
    text = report_text([REPORT], "r1").splitlines()
    assert text[:5] == [
        "Partner main",
        f"  ✓ link         App/app-0001  app {app_id()}",
        (
            "  ! subscribe    Subscription/events on App/app-0001  "
            "InvalidUrl: Gupshup answered 400: Invalid URL Passed"
        ),
        "  ! update       Subscription/events on App/app-0001  Stale",
        "  ? update       App/app-0001  OutcomeUnknown: no reply",
    ]
    assert text[5:12] == TEXT.splitlines()[10:17]
    assert any(line.startswith("  ! ended early   ") for line in text)
    assert text[-2:] == [
        f"Held by a guard. To let exactly this through: --release {held_digest(PLAN)}",
        "Revision r1",
    ]
    assert text[-3].startswith("Not live yet: run apply again")
    assert text[-4].startswith("Not finished: ")
    assert ", 0 " not in text[-4]


@pytest.mark.parametrize("short", ["blocked", "held", "failed", "stale", "unclear"])
def test_a_report_that_needs_a_person_is_not_called_done(short: str) -> None:
    part = Report("main", looked=True, summary={"linked": 2, short: 1})
    assert report_text([part], "r1").splitlines()[-2] == f"Not all done: 2 linked, 1 {short}."


@pytest.mark.parametrize(
    ("on", "said"),
    [
        pytest.param(WaitFor.LIVE, "Done: 2 linked, 1 waiting.", id="Gupshup's own time holds nothing up"),
        pytest.param(WaitFor.BUDGET, "Not all done: 2 linked, 1 waiting.", id="our pace does"),
    ],
)
def test_a_report_with_postponed_actions_is_not_called_done(on: WaitFor, said: str) -> None:
    waiting = (Waiting(Verb.SUBSCRIBE, ITEM, on),)
    part = Report("main", looked=True, waiting=waiting, summary={"linked": 2, "waiting": 1})
    assert report_text([part], "r1").splitlines()[-2] == said


@pytest.mark.parametrize(
    ("part", "interrupted", "said", "end"),
    [
        pytest.param(
            Report("main", looked=True),
            False,
            "  nothing to do: everything is as declared",
            "Done: nothing to do.",
            id="nothing to do",
        ),
        pytest.param(
            Report("main"),
            False,
            "  ! ended early   before anything was looked at",
            "Not finished: nothing was done.",
            id="what was not looked at is not as declared",
        ),
        pytest.param(
            Report("main", error="no way in"),
            False,
            "  ! ended early   no way in",
            "Not finished: nothing was done.",
            id="an error is told, and nothing is done",
        ),
        pytest.param(
            Report("main", looked=True),
            True,
            "  nothing to do: everything is as declared",
            "Interrupted: nothing was done. Run it again: it goes on from there.",
            id="an interruption is no end",
        ),
    ],
)
def test_an_empty_report_says_why_it_is_empty(
    *, part: Report, interrupted: bool, said: str, end: str
) -> None:
    text = report_text([part], "r1", interrupted=interrupted)
    assert text.splitlines() == ["Partner main", said, "", end, "Revision r1"]
    assert report_document([part], "r1", interrupted=interrupted)["interrupted"] is interrupted


def test_held_changes_are_shown_with_their_figures_and_what_would_change() -> None:
    update = Update(subscription(), app_id(), remote(subscription()), {"url": ("a", "b")}, drift=False)
    plan = Plan(PARTNER, "r1", held=(HeldChange(update, "maxUpdates", "2 planned, 1 allowed"),))

    text = plan_text([plan], "r1")

    assert "to update, guard: maxUpdates (2 planned, 1 allowed)" in text
    assert "        url: a → b" in text
    found = {
        "tag": "events",
        "url": subscription().url,
        "version": 3,
        "modes": ["SENT", "READ"],
        "active": True,
    }
    assert plan_document([plan], "r1")["held"] == [
        {
            "verb": "update",
            "kind": "Subscription",
            "name": "events",
            "partner": "main",
            "app": "app-0001",
            "guard": "maxUpdates",
            "message": "2 planned, 1 allowed",
            "before": found,
            "after": {**found, "showOnUI": False},
            "cause": "change",
        }
    ]


ROW = {"kind", "name", "partner", "app"}
DIFF = {"before", "after"}
PLANNED = {"verb", *ROW}
SHARED = {
    "formatVersion",
    "revision",
    "warnings",
    "waiting",
    "blocked",
    "held",
    "heldDigest",
    "unmanaged",
    "foreign",
    "unverifiable",
}


def keys(rows: object) -> list[set[str]]:
    assert isinstance(rows, list)
    return [set(each) for each in rows]


def test_the_document_of_a_plan_has_the_keys_that_were_agreed() -> None:
    found = json.loads(json.dumps(plan_document([PLAN], "r1")))
    assert set(found) == {*SHARED, "since", "actions", "summary", "forecast"}
    assert (found["formatVersion"], found["revision"]) == ("1.0", "r1")
    assert keys(found["actions"]) == [{*PLANNED, "fields", "cause", *DIFF}] * len(ACTIONS)
    assert keys(found["waiting"]) == [
        {*PLANNED, "for", "cause"},
        {*PLANNED, "for", "until", "message", "cause"},
    ]
    assert keys(found["blocked"]) == [{*ROW, "reason", "message", "cause"}]
    assert keys(found["held"]) == [{*PLANNED, "guard", "cause", *DIFF}]
    assert keys(found["unmanaged"]) == [{*ROW, "id"}]
    assert found["foreign"] == [
        {
            "app": "acme",
            "partner": "main",
            "tag": "theirs",
            "host": "hooks.example.org",
            "modes": ["MESSAGE"],
            "version": 3,
        }
    ]
    assert keys(found["unverifiable"]) == [ROW, ROW]
    assert found["heldDigest"] == held_digest(PLAN)
    assert found["summary"] == {
        "link": 1,
        "subscribe": 1,
        "update": 3,
        "unsubscribe": 1,
        "waiting": 2,
        "blocked": 1,
        "held": 1,
        "unmanaged": 1,
        "unchanged": 1,
    }
    assert set(found["forecast"]) == {"calls", "seconds"}
    assert found["forecast"]["calls"]["link"] == 1


def test_the_document_of_a_report_has_the_keys_that_were_agreed() -> None:
    found = json.loads(json.dumps(report_document([REPORT], "r1")))
    assert set(found) == {*SHARED, "results", "errors", "summary", "interrupted"}
    assert keys(found["results"]) == [{*PLANNED, "outcome", "reason", "message", "appId"}] * 4
    assert [each["outcome"] for each in found["results"]] == ["done", "failed", "stale", "unclear"]
    assert [each["appId"] for each in found["results"]] == [app_id(), app_id(), None, None]
    assert found["errors"] == [{"partner": "main", "message": "list apps: no answer"}]
    assert set(found["summary"]) == set(KEYS)
    plan = json.loads(json.dumps(plan_document([PLAN], "r1")))
    same = ("heldDigest", "unmanaged", "foreign", "unverifiable")
    assert {name: found[name] for name in same} == {name: plan[name] for name in same}
    for name in ("waiting", "blocked", "held"):
        assert found[name] == [{key: row[key] for key in row if key != "cause"} for row in plan[name]]


def test_the_document_of_a_plan_names_the_cause_of_each_entry() -> None:
    plan, since = replace(PLAN, touched=frozenset({ITEM})), {"ref": "main", "commit": "1" * 40}
    found, whole = plan_document([plan], "r1", since), plan_document([PLAN], "r1")
    assert (found["since"], whole["since"]) == (since, None)
    assert causes(whole) == {
        "actions": ["change", "change", "change", "drift", "change", "change"],
        "waiting": ["progress", "progress"],
        "blocked": ["change"],
        "held": ["change"],
    }
    assert causes(found) == {
        "actions": ["change", "progress", "progress", "drift", "change", "change"],
        "waiting": ["progress", "change"],
        "blocked": ["change"],
        "held": ["progress"],
    }


def causes(document: Mapping[str, Any]) -> dict[str, list[str]]:
    return {
        name: [each["cause"] for each in document[name]] for name in ("actions", "waiting", "blocked", "held")
    }


def test_what_is_held_of_a_change_says_when_apply_takes_its_digest() -> None:
    words = "`apply` takes this digest only if it holds exactly these changes then, and no others."
    of_change = plan_text([replace(PLAN, touched=frozenset())], "r1").splitlines()
    assert of_change == [*TEXT.splitlines()[:-1], words, "Revision r1"]
    assert words not in plan_text([Plan(PARTNER, "r1", touched=frozenset())], "r1"), "nothing is held"


def test_a_subscription_that_somebody_removed_is_shown_as_drift() -> None:
    back = Plan(PARTNER, "r1", actions=(Subscribe(WANTED, app_id(), drift=True),))
    assert plan_text([back], "r1").splitlines()[1].endswith(f"{WANTED.url}; drift put back")


def test_the_document_of_a_report_says_why_a_newer_revision_was_not_applied() -> None:
    state = SourceState("/m", "r1", error="it shrank", digest="d1", rejected="r2")
    assert report_document([REPORT], "r1", source=state)["source"] == {
        "identity": "/m",
        "error": "it shrank",
        "rejected": "r2",
        "digest": "d1",
    }
    unread = report_document([REPORT], "r1", source=SourceState("/m", error="no route"))
    assert unread["source"] == {"identity": "/m", "error": "no route", "rejected": None, "digest": None}


def test_the_document_of_an_empty_plan_has_every_key() -> None:
    assert set(plan_document([], "r1")) == set(plan_document([PLAN], "r1"))
    nothing = report_document([Report("main")], "r1")
    assert set(nothing) == set(report_document([REPORT], "r1"))
    assert (nothing["heldDigest"], nothing["errors"]) == (None, [])


@pytest.mark.parametrize(
    ("action", "verb", "fields"),
    [
        pytest.param(
            Link(FULL),
            "link",
            {
                "appName": "Name0001",
                "wabaId": "100000000000001",
                "phone": phone(1),
                "callbackUrl": CALLBACK,
                "storageRegion": "IN",
            },
            id="a link with everything",
        ),
        pytest.param(
            Link(APP),
            "link",
            {"appName": "Name0001", "wabaId": "100000000000001", "phone": phone(1)},
            id="a link without what nobody declared",
        ),
        pytest.param(
            Subscribe(SECRET, app_id()),
            "subscribe",
            POSTED | {"headers": ["X-A", "X-Hook"]},
            id="a subscription names its headers",
        ),
        pytest.param(
            Subscribe(WANTED, app_id()),
            "subscribe",
            POSTED,
            id="a subscription without headers",
        ),
        pytest.param(
            ACTIONS[2],
            "update",
            {
                "url": {"from": "https://old.example.com", "to": "https://new.example.com"},
                "headers": {"from": "(hidden)", "to": "(hidden)"},
            },
            id="an update tells from what to what",
        ),
        pytest.param(
            ACTIONS[4],
            "update",
            {"callbackUrl": {"from": None, "to": CALLBACK}},
            id="a callback nobody can read",
        ),
        pytest.param(
            ACTIONS[5],
            "unsubscribe",
            {"tag": "gitops-old", "url": "https://hooks.example.com/1/gitops-old"},
            id="what is taken away",
        ),
    ],
)
def test_an_action_is_shown_with_its_fields(action: Action, verb: str, fields: dict[str, object]) -> None:
    (found,) = json.loads(json.dumps(plan_document([Plan(PARTNER, "r1", actions=(action,))], "r1")))[
        "actions"
    ]
    assert (found["verb"], found["fields"]) == (verb, fields)


def test_plans_of_several_partners_are_one_document() -> None:
    other = replace(PLAN, partner=replace(PARTNER, name="other"))
    found = json.loads(json.dumps(plan_document([PLAN, other], "r1")))
    assert found["summary"]["link"] == 2
    assert found["heldDigest"] == f"{held_digest(PLAN)},{held_digest(other)}"
    assert found["forecast"]["calls"]["link"] == 2
    assert plan_text([PLAN, other], "r1").count("Partner ") == 2
    assert digests([None, "a", None]) == "a"
    assert digests([None]) is None


HOSTILE = "\x1b[2J\x07\n! blocked\r\u202e\u2028\x00\x9b"
EVIL = replace(app(1), name=HOSTILE, app_name=HOSTILE)
EVIL_SUB = replace(WANTED, name=HOSTILE, app=HOSTILE, url=HOSTILE, tag=HOSTILE)
EVIL_ITEM = app_item(EVIL)
EVIL_PLAN = Plan(
    replace(PARTNER, name=HOSTILE, url=HOSTILE),
    HOSTILE,
    actions=(
        Link(EVIL),
        Subscribe(EVIL_SUB, app_id()),
        Update(EVIL_SUB, app_id(), remote(EVIL_SUB), {"url": (HOSTILE, HOSTILE)}, drift=True),
        SetCallback(EVIL, app_id(), HOSTILE),
        Unsubscribe(EVIL, app_id(), replace(remote(WANTED), tag=HOSTILE, url=HOSTILE)),
    ),
    waiting=(Waiting(Verb.LINK, EVIL_ITEM, WaitFor.COOLDOWN, NOW, HOSTILE),),
    blocked=(Blocked(EVIL_ITEM, HOSTILE, HOSTILE),),
    held=(HeldChange(Link(EVIL), HOSTILE, HOSTILE),),
    unmanaged=(Unmanaged(EVIL_ITEM, HOSTILE),),
    provisioning=(EVIL_ITEM,),
    unverifiable=(EVIL_ITEM,),
)
EVIL_RESULT = Result(Verb.LINK, EVIL_ITEM, Outcome.FAILED, HOSTILE, HOSTILE)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param(plan_text([EVIL_PLAN], HOSTILE), 18, id="a plan"),
        pytest.param(
            report_text(
                [
                    replace(
                        report(EVIL_PLAN, {}, {(Verb.LINK, EVIL_ITEM): EVIL_RESULT}, {}),
                        results=(EVIL_RESULT,),
                        error=HOSTILE,
                    )
                ],
                HOSTILE,
            ),
            19,
            id="a report",
        ),
    ],
)
def test_no_plan_or_report_steers_a_terminal_or_forges_a_line(text: str, lines: int) -> None:
    found = text.split("\n")
    assert len(found) == lines
    assert all(line.isprintable() for line in found)
    assert "\\x1b[2J" in text


NUMBERS = [phone(number) for number in (1, 2, 3, 9)]


def test_the_text_of_a_plan_masks_phone_numbers() -> None:
    apps = [app(1), app(2), app(3)]
    rows = [replace(row(2), phone=phone(9)), replace(row(3), phone=phone(3)), replace(row(4), phone=phone(3))]
    text = plan_text([planned(desired(*apps), observed(*rows))], "r1")
    assert [number for number in NUMBERS if number in text] == []
    assert masked(phone(1)) in text
    assert masked(phone(9)) in text


def test_phone_numbers_in_gupshups_words_are_masked_in_the_text() -> None:
    answer = PhoneTaken(app_id(), f"App {app_id()} already exists with phone {phone(1)}")
    verdict = of_link_answer(APP, answer, callback="", now=NOW, stale=120)
    told = Result(Verb.LINK, ITEM, verdict.outcome, verdict.reason, verdict.message, verdict.app_id)
    text = report_text([Report("main", results=(told,))], "r1")
    assert phone(1) not in text
    assert masked(phone(1)) in text


def test_the_document_of_a_plan_shows_the_phone_of_its_app() -> None:
    found = json.dumps(plan_document([planned(desired(APP), observed())], "r1"))
    assert phone(1) in found


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (62, "1 min 2 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (99 * 62, "1 h 42 min"),
        (90_000, "25 h 0 min"),
    ],
)
def test_seconds_are_shown_in_minutes_and_hours(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


def test_warnings_about_a_partner_are_in_both_documents_and_a_line_for_a_person() -> None:
    warning = PartnerWarning("TokenEnds", "it ends\x1b[0m")
    expected = [{"partner": "main", "reason": "TokenEnds", "message": "it ends\x1b[0m"}]
    assert plan_document([replace(PLAN, warnings=(warning,))], "r1")["warnings"] == expected
    assert report_document([replace(REPORT, warnings=(warning,))], "r1")["warnings"] == expected
    assert of_warning("main", warning) == "Warning: partner main: it ends\\x1b[0m (TokenEnds)"
