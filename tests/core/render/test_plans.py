"""Plans and reports as text and as JSON: agreed to the key, and nothing in them steers a terminal."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from controller.core.planning.forecast import Forecast
from controller.core.planning.guard import held_digest
from controller.core.planning.matched_app import app_item
from controller.core.planning.outcomes.link_outcomes import of_link_answer
from controller.core.render.entries.phones import MASKED, Phones
from controller.core.render.entries.view import View
from controller.core.render.plan_json import digests
from controller.core.render.plan_lines import duration, of_result, of_warning
from controller.core.render.plans import forecast_words, plan_document, plan_text
from controller.core.render.reports import report_document, report_text
from controller.core.status.run_report import KEYS, Report, report
from controller.model.manifest import Bucket
from controller.model.passes import SourceState
from controller.model.phone import masked
from controller.model.plan import (
    Action,
    Blocked,
    HeldChange,
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
from tests.builders.plan import ITEM, observed, planned
from tests.builders.plans import ACTIONS, FULL, PLAN, REPORT, SECRET
from tests.builders.upstream import app_id, remote, row

POSTED = {
    "tag": "events",
    "url": WANTED.url,
    "version": 3,
    "modes": ["SENT", "READ"],
    "active": True,
    "showOnUI": False,
}

TEXT = f"""\
Partner main at https://partner.gupshup.io
Changes:
  + link         App/app-0001
        as Name0001, phone 91******0001, WABA 100000000000001, callback https://hooks.example.com/live, region IN
  + subscribe    Subscription/events on App/app-0001
        → https://hooks.example.com/1/events, SENT, READ, version 3, headers X-A X-Hook
  ~ update       Subscription/events on App/app-0001
        url: https://old.example.com → https://new.example.com
        modes: +SENT -OTHERS
        version: 2 → 3
        headers: (cannot be read) → declared (X-A, X-Hook)
  ~ update       App/app-0001
        callbackUrl: (cannot be read) → https://hooks.example.com/live
  - unsubscribe  Subscription/gitops-old on App/app-0001
        → https://hooks.example.com/1/gitops-old, SENT, READ, version 3
  ! blocked      App/app-0001  AppLost: it was ours
  ⏸ held         App/app-0002  to link, guard: maxLinks
        as Name0002, phone 91******0002, WABA 100000000000002
  ? unverifiable App/app-0001  callbackUrl cannot be read back; `apply --resend` writes once
  ? unverifiable Subscription/events on App/app-0001  headers cannot be read back; `apply --resend` writes once
Drift:
  ~ update       Subscription/events on App/app-0002
        active: false → true
In progress:
  … waiting      Subscription/events on App/app-0001  to subscribe, wait for: live
        → https://hooks.example.com/1/events, SENT, READ, version 3
  … waiting      App/app-0001  to link, wait for: cooldown until 2023-11-14T22:13:20Z (the last 3 links were refused alike)
  … provisioning App/app-0001  linked, not live yet
Also found:
  ? unmanaged    App/Stranger  id 7: no manifest declares it
  ? foreign      Subscription/theirs on App/acme  → hooks.example.org, MESSAGE, version 3: no manifest declares it

Plan: 1 to link, 1 to subscribe, 3 to update, 1 to unsubscribe; 2 waiting, 1 blocked, 1 held, 1 unmanaged, 1 unchanged.
Forecast: 12 calls (1 callback, 1 link, 1 list, 1 other, 6 subscription, 2 token).
Held by a guard. To let exactly this through:
  --release {held_digest(PLAN)}
Revision r1"""  # noqa: E501  (as it is printed)


def test_the_text_of_a_plan_shows_every_entry() -> None:
    assert plan_text([PLAN], "r1").splitlines() == TEXT.splitlines()


def test_a_person_is_shown_how_to_read_more_about_a_reason() -> None:
    """Once, however much is blocked, and only on a terminal."""
    line, wide = "More about a reason: gupshupctl explain AppLost", View(width=200)
    twice = replace(PLAN, blocked=(*PLAN.blocked, *PLAN.blocked))
    assert plan_text([twice], "r1", wide).splitlines()[-2] == line
    assert line not in plan_text([twice], "r1")
    assert "explain" not in plan_text([Plan(PARTNER, "r1")], "r1", wide)
    failed = Result(Verb.LINK, ITEM, Outcome.FAILED, "NameTakenElsewhere", "taken")
    assert report_text([replace(REPORT, blocked=PLAN.blocked)], "r1", wide).splitlines()[-2] == line
    assert report_text([Report("main", results=(failed,))], "r1", wide).splitlines()[-2] == (
        "More about a reason: gupshupctl explain NameTakenElsewhere"
    )


def test_an_empty_plan_says_that_it_is_empty() -> None:
    assert plan_text([Plan(PARTNER, "r1", unchanged=(ITEM,))], "r1").splitlines() == [
        "Partner main at https://partner.gupshup.io",
        "  nothing to do: everything is as declared",
        "",
        "Plan: nothing to do; 1 unchanged.",
        "Revision r1",
    ]


@pytest.mark.parametrize(
    "plan",
    [
        Plan(PARTNER, "r1", held=(HeldChange(ACTIONS[0], "maxLinks", "2 planned, 1 allowed"),)),
        Plan(PARTNER, "r1", blocked=(Blocked(ITEM, "NameTakenElsewhere", "taken"),)),
    ],
    ids=["held", "blocked"],
)
def test_what_is_held_or_blocked_is_to_do_later(plan: Plan) -> None:
    assert re.search(r"^Plan: nothing to do now; 1 (held|blocked)\.$", plan_text([plan], "r1"), re.MULTILINE)


def test_the_text_of_a_report_shows_every_outcome() -> None:
    text = report_text([REPORT], "r1").splitlines()
    lines = TEXT.splitlines()
    link, subscribe, update, callback = (lines[2:4], lines[4:6], lines[6:11], lines[11:13])
    results = [
        "Partner main",
        "Results:",
        f"  ✓ link         App/app-0001  app {app_id()}",
        *link[1:],
        (
            "  ! subscribe    Subscription/events on App/app-0001  "
            "InvalidUrl: Gupshup answered 400: Invalid URL Passed"
        ),
        *subscribe[1:],
        "  ! update       Subscription/events on App/app-0001  Stale",
        *update[1:],
        "  ? update       App/app-0001  OutcomeUnknown: no reply",
        *callback[1:],
    ]
    assert text[: len(results)] == results, "with the values that the plan shows"
    blocked, drift, progress = (
        next(number for number, line in enumerate(lines) if line.startswith(word))
        for word in ("  ! blocked", "Drift:", "In progress:")
    )
    expected = ["Not done:", *lines[blocked:drift], *lines[progress : lines.index("")]]
    assert text[len(results) : len(results) + len(expected)] == expected
    assert any(line.startswith("  ! ended early   ") for line in text)
    assert text[-3:] == TEXT.splitlines()[-3:]
    assert text[-4].startswith("Not live yet: run apply again")
    assert text[-5].startswith("Not finished: ")
    assert ", 0 " not in text[-5]


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
    assert set(found) == {*SHARED, "since", "actions", "errors", "summary", "forecast"}
    assert (found["formatVersion"], found["revision"]) == ("1.0", "r1")
    assert keys(found["actions"]) == [{*PLANNED, "fields", "cause", *DIFF}] * len(ACTIONS)
    assert keys(found["waiting"]) == [
        {*PLANNED, "for", "cause", *DIFF},
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
    assert keys(found["results"]) == [{*PLANNED, "outcome", "reason", "message", "appId", *DIFF}] * 4
    assert [each["outcome"] for each in found["results"]] == ["done", "failed", "stale", "unclear"]
    assert [each["appId"] for each in found["results"]] == [app_id(), app_id(), None, None]
    assert found["errors"] == [{"partner": "main", "message": "list apps: no answer"}]
    assert set(found["summary"]) == set(KEYS)
    plan = json.loads(json.dumps(plan_document([PLAN], "r1")))
    values = [[each[name] for name in sorted(DIFF)] for each in plan["actions"]]
    assert [[each[name] for name in sorted(DIFF)] for each in found["results"]] == [*values[:3], values[4]]
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
    assert of_change[-3:] == [TEXT.splitlines()[-2], words, "Revision r1"]
    assert words not in plan_text([Plan(PARTNER, "r1", touched=frozenset())], "r1"), "nothing is held"


def test_the_parts_of_a_change_are_apart_from_drift_and_from_what_was_on_its_way() -> None:
    gone = Subscribe(subscription(3), app_id(3), drift=True)
    plan = replace(PLAN, actions=(*ACTIONS, gone), touched=frozenset({ITEM}))
    lines = plan_text([plan], "r1").splitlines()
    headings = [line for line in lines if line.endswith(":") and not line.startswith((" ", "Held"))]
    assert headings == ["Because of this change:", "Drift:", "In progress:", "Also found:"]
    drift = lines[lines.index("Drift:") : lines.index("In progress:")]
    assert [line.split("  ")[1] for line in drift if line.startswith("  ") and line[2] in "+~"] == [
        "~ update",
        "+ subscribe",
    ]
    assert "  + subscribe    Subscription/events on App/app-0001" in lines[lines.index("In progress:") :]


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
                "modes": {"from": "READ, OTHERS", "to": "SENT, READ"},
                "version": {"from": "2", "to": "3"},
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
    document = plan_document([Plan(PARTNER, "r1", actions=(action,))], "r1", phones=Phones(shown=True))
    (found,) = json.loads(json.dumps(document))["actions"]
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
        pytest.param(plan_text([EVIL_PLAN], HOSTILE), 28, id="a plan"),
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
            31,
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
    assert text.splitlines()[2] == of_result(told), "progress shows the same line"
    assert phone(1) not in text
    assert masked(phone(1)) in text


@pytest.mark.parametrize("shown", [False, True])
def test_the_phones_of_a_document_are_masked_unless_they_are_asked_for(*, shown: bool) -> None:
    hook = replace(WANTED, url=f"https://hooks.example.com/{phone(1)}")
    plan = planned(desired(APP, hook), observed())
    told = Blocked(ITEM, "NameTakenElsewhere", f"Gupshup says: {phone(1)} is taken")
    document = plan_document(
        [replace(plan, blocked=(told,))], "r1", errors={"other": f"no {phone(9)}"}, phones=Phones(shown)
    )
    found = json.dumps(document)
    read = json.loads(found)
    assert (phone(1) in found, phone(9) in found) == (shown, shown)
    assert (masked(phone(1)) in found) is not shown
    (link,), (waiting,) = read["actions"], read["waiting"]
    number = phone(1) if shown else masked(phone(1))
    assert (link["fields"]["phone"], link["after"]["phone"]) == (number, number)
    assert (link["after"]["wabaId"], link["before"]) == (APP.waba_id, None)
    assert waiting["after"]["url"] == f"https://hooks.example.com/{number}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"phone {phone(1)} is taken", "phone 91******0001 is taken", id="a phone"),
        pytest.param(
            f"https://h.example/{phone(1)}?p={phone(2)}",
            "https://h.example/91******0001?p=91******0002",
            id="in a URL",
        ),
        pytest.param(
            f"app 7 belongs to WABA 100000000000001, not 100000000000002; {phone(1)}",
            "app 7 belongs to WABA 100000000000001, not 100000000000002; 91******0001",
            id="accounts stay",
        ),
        pytest.param(
            "kept as x (subscription 123456789012)", "kept as x (subscription 123456789012)", id="ids stay"
        ),
        pytest.param(app_id(), app_id(), id="apps stay"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_phones_are_masked_among_words_and_ids_are_not(text: str, expected: str) -> None:
    assert (MASKED.words(text), Phones(shown=True).words(text)) == (expected, text)


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


def test_what_somebody_else_did_as_planned_has_the_sign_of_what_is_fine() -> None:
    """It fails nothing, so it is no alarm: neither for the eye, nor among what stands first in Markdown."""
    as_planned = Result(Verb.LINK, ITEM, Outcome.STALE, "AlreadyAsPlanned", "by somebody else")
    assert of_result(as_planned) == "  ✓ link         App/app-0001  AlreadyAsPlanned: by somebody else"
    assert of_result(replace(as_planned, reason="Changed")).startswith("  ! link ")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        pytest.param(0.9, "Forecast: 2 calls (2 link).", id="no time that a used up limit makes untrue"),
        pytest.param(66.0, "Forecast: 2 calls (2 link), at least 1 min 6 s at Gupshup's limits.", id="waits"),
    ],
)
def test_forecast_words(seconds: float, words: str) -> None:
    assert forecast_words(Forecast({Bucket.LINK: 2}, seconds)) == words
