"""Markdown for pull requests: truthful, within a comment, and no name or message is more than text."""

import html
import re
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from controller.core.planning.guard import held_digest
from controller.core.planning.matched_app import app_item, subscription_item
from controller.core.render.entries.phones import Phones
from controller.core.render.entries.view import View
from controller.core.render.held import apply_command
from controller.core.render.markdown.documents import LONGEST, LONGEST_COMMAND, plan_markdown, report_markdown
from controller.core.render.markdown.escaping import LONGEST_TEXT, code, comment, inert
from controller.core.render.markdown.tables import SEEN
from controller.core.status.run_report import Report
from controller.errors import PlanRefused
from controller.model.phone import masked
from controller.model.plan import (
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
    Subscribe,
    Unmanaged,
    Unsubscribe,
    Update,
    Verb,
    WaitFor,
    Waiting,
)
from tests.builders.manifest import APP, PARTNER, WANTED, app, phone, subscription
from tests.builders.plan import ITEM, SUB, links
from tests.builders.plans import PLAN, REPORT
from tests.builders.upstream import app_id, remote

HOSTILE = (
    "<img src=x onerror=1>|`id`[a](https://evil.example)![b](//x)@everyone @org/team #12 a/b#3 www.evil.com\n"
    "\n### gone\n::error::x\n</details>-->\x1b[31m\u202e~~x~~ **b** _i_ $x$ &lt; \\|"
)
OURS = re.compile(r"</?(?:code|br|sub|details|summary)>|^<!-- [\w./=,@ -]* -->$", re.MULTILINE)
ENTITY = re.compile(r"&#\d+;")
NOTHING = "\N{ZERO WIDTH SPACE}"


def hostile_plan(text: str) -> Plan:
    """Return a plan with *text* wherever a text can stand."""
    evil = replace(APP, name=text, app_name=text, callback_url=text, storage_region=text, waba_id=text)
    hook = replace(WANTED, name=text, app=text, tag=f"{text}.", url=text, modes=frozenset({text}))
    item, found = app_item(evil), replace(remote(WANTED), tag=text, url=text, mode=None, modes=(text,))
    update = Update(
        hook, app_id(), found, {"url": (text, text), text: (text, text), "modes": (text, text)}, drift=True
    )
    return Plan(
        replace(PARTNER, name=text, url=text),
        text,
        actions=(Link(evil), Subscribe(hook, app_id()), update, Unsubscribe(evil, app_id(), found)),
        waiting=(Waiting(Verb.LINK, item, WaitFor.COOLDOWN, None, text, evil),),
        blocked=(Blocked(item, text, text, hook),),
        held=(HeldChange(Link(evil), text, text),),
        unmanaged=(Unmanaged(item, text),),
        foreign=(Foreign(Item(Kind.SUBSCRIPTION, text, text, text), text, text, (text,), 3),),
        provisioning=(item,),
        unverifiable=(item, subscription_item(hook)),
        warnings=(PartnerWarning(text, text),),
    )


def hostile_report(text: str) -> Report:
    plan, item = hostile_plan(text), app_item(replace(APP, name=text))
    result = Result(Verb.LINK, item, Outcome.FAILED, text, text)
    return Report(text, results=(result,), blocked=plan.blocked, held=plan.held, held_digest=text, error=text)


def assert_inert(shown: str) -> None:
    """Every character that could be markup, a mention, a link or a reference is ours, or an entity."""
    rest = ENTITY.sub("", OURS.sub("", shown))
    for line in rest.splitlines():
        told = line.removeprefix("### ").removeprefix("#### ").replace("|---|---|---|", "")
        cells = told.strip().strip("|").split("|")
        assert len(cells) in {1, 3}, line
        assert not set("".join(cells)) & set("<>`*[]@#&_~\\$|"), line
        assert "://" not in told, line
        assert "www." not in told.lower(), line
    assert all(f"{mark}{NOTHING}" in shown for mark in ("&#64;", "&#35;") if mark in shown)
    assert shown.replace("\n", "").replace(NOTHING, "").isprintable()


@given(text=st.text(min_size=1, max_size=60))
@example(HOSTILE)
@example("GS-1 @a")
def test_no_text_is_more_than_text_in_a_plan_or_a_report(text: str) -> None:
    plan = hostile_plan(text)
    other = replace(plan, partner=replace(PARTNER, name=f"{text}b"))
    refusal = PlanRefused(text, text)
    view = View(release=lambda digest: f"{text} {digest}", scope=(text, "--only", text))
    assert_inert(plan_markdown([plan, other], text, view, errors={text: text}, notes=[text], refusal=refusal))
    assert_inert(report_markdown([hostile_report(text)], text, view, interrupted=True))


@given(text=st.text(max_size=LONGEST_TEXT))
def test_an_escaped_text_reads_as_it_is(text: str) -> None:
    plain = text.isprintable()
    for form in (inert, code):
        shown = html.unescape(re.sub("</?code>", "", form(text))).replace(NOTHING, "")
        assert not plain or shown == text.replace(NOTHING, "")
        assert shown.isprintable()


def test_a_url_can_be_copied_out_of_code_and_is_no_link() -> None:
    shown = code("https://www.example.com/a?b=c")
    assert NOTHING not in shown
    assert html.unescape(shown) == "<code>https://www.example.com/a?b=c</code>"
    assert "://" not in shown
    assert "www." not in shown


def test_a_long_text_is_cut() -> None:
    assert inert("a" * 1000) == "a" * (LONGEST_TEXT - 1) + "…"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(("gupshupctl", "plan"), "<!-- gupshupctl plan -->", id="the usual folder"),
        pytest.param(
            ("plan", "prod/", "--only", "App/a"), "<!-- plan prod/ -only App/a -->", id="a selection"
        ),
        pytest.param(("plan", "--><b>"), "<!-- plan -b -->", id="no end of the comment"),
        pytest.param(("a" * 1000,), f"<!-- {'a' * LONGEST_TEXT} -->", id="a long one"),
    ],
)
def test_a_comment_begins_with_a_marker_of_what_it_is_about(words: tuple[str, ...], expected: str) -> None:
    assert comment(*words) == expected


def title(*plans: Plan, errors: dict[str, str] | None = None) -> str:
    shown = plan_markdown(plans, "r1", errors=errors).splitlines()
    assert shown[0] == "<!-- gupshupctl plan -->"
    return shown[1].removeprefix("### Gupshup plan: ")


WAITS = Waiting(Verb.SUBSCRIBE, SUB, WaitFor.LIVE)


@pytest.mark.parametrize(
    ("plan", "errors", "expected"),
    [
        pytest.param(Plan(PARTNER, "r1", unchanged=(ITEM,)), {}, "nothing to do", id="nothing"),
        pytest.param(Plan(PARTNER, "r1", waiting=(WAITS,)), {}, "nothing to do now, 1 waiting", id="a wait"),
        pytest.param(Plan(PARTNER, "r1", actions=(Link(APP),)), {}, "1 change", id="a change"),
        pytest.param(
            Plan(PARTNER, "r1", actions=tuple(links(2)), waiting=(WAITS,)),
            {},
            "2 changes, 1 waiting",
            id="a link and what follows it",
        ),
        pytest.param(
            Plan(PARTNER, "r1", blocked=(Blocked(ITEM, "AppLost", "it was ours"),)),
            {},
            "1 blocked",
            id="a block",
        ),
        pytest.param(PLAN, {}, "6 changes, 1 held by a guard, 1 blocked, 2 waiting", id="everything"),
        pytest.param(Plan(PARTNER, "r1"), {"b": "no answer"}, "1 not planned", id="an error"),
    ],
)
def test_the_title_says_what_the_plan_is(plan: Plan, errors: dict[str, str], expected: str) -> None:
    assert title(plan, errors=errors) == expected


def test_the_comment_of_another_folder_has_another_marker() -> None:
    shown = plan_markdown(
        [PLAN], "r1", View(release=partial(apply_command, ["manifests/prod"]), scope=("manifests/prod",))
    )
    assert shown.startswith("<!-- gupshupctl plan manifests/prod -->\n")
    assert f"<code>gupshupctl apply manifests/prod --release {held_digest(PLAN)}</code>" in shown


def test_a_plan_has_its_parts_and_each_value() -> None:
    shown = plan_markdown([PLAN], "r1").splitlines()
    headings = [line.removeprefix("#### ") for line in shown if line.startswith("#### ")]
    assert headings == ["Changes", "Drift", "In progress", "Also found"]
    rows = [line for line in shown if line.startswith("| ")]
    assert rows[1].startswith("| !&#160;blocked |"), "what is stuck comes first"
    assert rows[2].startswith(
        "| ⏸&#160;held | <code>App/app-0002</code> | to link, guard: maxLinks<br><code>as "
    )
    assert (
        "| &#126;&#160;update | <code>Subscription/events on App/app-0001</code> "
        "| <code>url: https&#58;//old.example.com → https&#58;//new.example.com</code>"
        "<br><code>modes: +SENT -OTHERS</code><br><code>version: 2 → 3</code>"
        "<br><code>headers: (cannot be read) → declared (X-A, X-Hook)</code> |"
    ) in rows
    assert "Forecast: 12 calls (1 callback" in "\n".join(shown)
    assert shown[-1] == "<sub>Revision <code>r1</code></sub>"


def test_a_plan_of_a_change_says_so() -> None:
    shown = plan_markdown([replace(PLAN, touched=frozenset({ITEM}))], "r1")
    assert "#### Because of this change\n" in shown
    assert "#### Changes\n" not in shown
    assert "takes this digest only if it holds exactly these changes then" in shown


def test_what_a_plan_is_about_stands_first() -> None:
    shown = plan_markdown([PLAN], "r1", notes=["Since main, this change touches 1 app."])
    assert shown.splitlines()[3:6] == ["Since main, this change touches 1 app.", "", shown.splitlines()[5]]
    assert shown.splitlines()[5].startswith("Plan: 1 to link, ")


def test_a_refused_source_is_told_before_anything_else() -> None:
    refusal = PlanRefused("12 of 20 apps are no longer declared", "sha256:" + "a" * 64)
    shown = plan_markdown([PLAN], "r1", refusal=refusal).splitlines()
    assert shown[1].startswith("### Gupshup plan: the source is refused, 6 changes, ")
    assert shown[3] == "The source is refused, and nothing is done: 12 of 20 apps are no longer declared."
    assert shown[5].endswith(f"<code>--release {refusal.digest}</code>")
    assert f"<code>--release {refusal.digest},{held_digest(PLAN)}</code>" in "\n".join(shown), (
        "both are needed"
    )
    nothing = plan_markdown([PLAN], "r1", refusal=PlanRefused("a file was emptied", "")).splitlines()
    assert nothing[5].startswith("Plan: "), "nothing releases it"


def test_partners_are_named_if_there_are_several() -> None:
    other = Plan(replace(PARTNER, name="b"), "r1", actions=(Link(replace(app(2), partner="b")),))
    shown = plan_markdown([PLAN, other], "r1")
    assert "<code>App/app-0002 (partner b)</code>" in shown
    assert shown.count("#### Changes") == 1, "the parts are those of all partners"
    assert "(partner" not in plan_markdown([PLAN], "r1")


def test_errors_and_warnings_stand_apart() -> None:
    plan = replace(PLAN, warnings=(PartnerWarning("SecretEnds", "soon"),))
    shown = plan_markdown([plan], "r1", errors={"b": f"no answer about {phone(9)}"})
    assert f"| !&#160;error | <code>Partner/b</code> | no answer about {html_of(masked(phone(9)))} |" in shown
    assert "| !&#160;warning | <code>Partner/main</code> | SecretEnds: soon |" in shown
    assert shown.index("#### Errors") < shown.index("#### Changes") < shown.index("#### Warnings")


def html_of(text: str) -> str:
    return text.replace("*", "&#42;")


@pytest.mark.parametrize("shown", [False, True])
def test_phones_are_masked_unless_they_are_asked_for(*, shown: bool) -> None:
    text = plan_markdown([PLAN], "r1", View(phones=Phones(shown)))
    assert (phone(1) in text, html_of(masked(phone(1))) in text) == (shown, not shown)


def test_a_report_shows_what_was_done_and_what_was_not() -> None:
    shown = report_markdown([REPORT], "r1").splitlines()
    assert shown[0] == "<!-- gupshupctl apply -->"
    assert shown[1].startswith("### Gupshup apply — Not finished: 1 linked, ")
    headings = [line.removeprefix("#### ") for line in shown if line.startswith("#### ")]
    assert headings == ["Errors", "Results", "Not done", "In progress", "Also found"]
    assert any(
        line.startswith(f"| ✓&#160;link | <code>App/app-0001</code> | app {app_id()}<br><code>as ")
        for line in shown
    )
    (update,) = (line for line in shown if line.startswith("| !&#160;update "))
    assert "<code>url: https&#58;//old.example.com → https&#58;//new.example.com</code>" in update
    assert "| !&#160;error | <code>Partner/main</code> | list apps: no answer |" in shown
    assert "Not live yet: run apply again, or with --wait, and they are subscribed once they are." in shown


def test_the_title_of_a_report_says_how_it_ended() -> None:
    done = Report("main", looked=True, summary={"linked": 2})
    assert "### Gupshup apply — Done: 2 linked\n" in report_markdown([done], "r1")
    assert "### Gupshup apply — Interrupted: " in report_markdown([done], "r1", interrupted=True)


def test_a_plan_that_was_done_before_is_not_called_done_now() -> None:
    shown = report_markdown([], "r1", notes=["it was applied <yesterday>"])
    assert "### Gupshup apply — Applied before\n" in shown
    assert "it was applied &#60;yesterday&#62;" in shown
    assert "Done" not in shown
    assert "### Gupshup apply — Done: " in report_markdown([], "r1")
    assert "| before anything was looked at |" in report_markdown([Report("main")], "r1")


def long_plan(count: int, size: int) -> Plan:
    """Return a plan with *count* entries of each kind, which share one long text."""
    text = "&" * size
    hooks = [replace(subscription(number), url=text) for number in range(count)]
    return replace(
        hostile_plan(text),
        actions=(*links(count), *(Subscribe(each, app_id()) for each in hooks)),
        waiting=tuple(Waiting(Verb.SUBSCRIBE, SUB, WaitFor.LIVE, effect=each) for each in hooks),
        blocked=tuple(Blocked(ITEM, "AppLost", text) for _ in range(count)),
    )


@pytest.mark.parametrize("size", [0, 10, 500])
@pytest.mark.parametrize("count", [0, 1, 50, 5_000])
def test_a_document_fits_into_a_comment(count: int, size: int) -> None:
    plan = long_plan(count, size)
    errors = {f"p{number}": "&" * size for number in range(count)}
    assert len(plan_markdown([plan, plan], "r" * size, errors=errors)) <= LONGEST
    reports = [Report(f"p{number}", error="&" * size, blocked=plan.blocked[:1]) for number in range(count)]
    assert len(report_markdown(reports, "r1")) <= LONGEST


def test_more_rows_than_a_reader_sees_are_folded_and_the_rest_is_counted() -> None:
    stuck = tuple(Blocked(ITEM, "AppLost", "it was ours") for _ in range(3))
    shown = plan_markdown(
        [Plan(PARTNER, "r1", actions=tuple(links(5_000)), blocked=stuck, waiting=(WAITS,))], "r1"
    )
    before, folded, after = re.split("</?details>", shown)
    assert before.count("| !&#160;blocked |") == 3, "nothing that is stuck is folded"
    assert before.count("| +&#160;link |") == SEEN - 3
    (told,) = re.findall(r"<summary>and ([\d,]+) more to link</summary>", folded)
    (left,) = re.findall(r"… and ([\d,]+) more to link, not shown here\.", after)
    assert folded.count("| +&#160;link |") == int(told.replace(",", ""))
    assert SEEN - 3 + sum(int(count.replace(",", "")) for count in (told, left)) == 5_000
    assert "| …&#160;waiting |" in after, "the first rows of each part come before what is folded"
    assert len(shown) > LONGEST - 2_000, "the room is used"


def test_a_part_that_fits_is_not_folded() -> None:
    shown = plan_markdown([Plan(PARTNER, "r1", actions=tuple(links(SEEN)))], "r1")
    assert "<details>" not in shown
    assert shown.count("| +&#160;link |") == SEEN
    assert "not shown" not in shown


def test_a_command_that_is_too_long_is_not_cut() -> None:
    shown = plan_markdown([PLAN], "r1", View(release=partial(apply_command, ["x" * LONGEST_COMMAND])))
    assert "To let exactly these through: see the text of the plan" in shown
