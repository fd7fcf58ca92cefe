"""Annotations of a plan: on the line that declares what is stuck, and no text is a command."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from controller.core.render.annotations.commands import command
from controller.core.render.annotations.plans import MOST, annotations, places
from controller.core.status.run_report import Report
from controller.errors import PlanRefused
from controller.model.manifest import App
from controller.model.phone import masked
from controller.model.plan import (
    Action,
    Blocked,
    Effect,
    HeldChange,
    Link,
    Plan,
    SetCallback,
    Subscribe,
    Unsubscribe,
    Update,
)
from controller.model.problem import ENVIRONMENT, NOWHERE, Place
from tests.builders.manifest import APP, CALLBACK, PARTNER, WANTED, desired, phone
from tests.builders.plan import ITEM, SUB, links
from tests.builders.upstream import app_id, remote

APP_PLACE, SUB_PLACE = Place("a.yaml", 3, 1), Place("s.yaml", 7, 1)
PLACED, HOOK = replace(APP, place=APP_PLACE), replace(WANTED, place=SUB_PLACE)
UPDATE = Update(HOOK, app_id(), remote(WANTED), {"url": ("a", "b")}, drift=False)
AT_APP, AT_SUB = "file=a.yaml,line=3,col=1,", "file=s.yaml,line=7,col=1,"


def shown(*blocked: Blocked, held: tuple[HeldChange, ...] = ()) -> list[str]:
    plan = Plan(PARTNER, "r1", blocked=blocked, held=held)
    part = Report("main", blocked=blocked, held=held)
    assert annotations([part], {}) == annotations([plan], {})
    return annotations([plan], {}).splitlines()


@pytest.mark.parametrize(
    ("effect", "where"),
    [
        pytest.param(Link(PLACED), AT_APP, id="a link"),
        pytest.param(PLACED, AT_APP, id="an app"),
        pytest.param(SetCallback(PLACED, app_id(), CALLBACK), AT_APP, id="a callback"),
        pytest.param(Unsubscribe(PLACED, app_id(), remote(WANTED)), AT_APP, id="a removal"),
        pytest.param(Subscribe(HOOK, app_id()), AT_SUB, id="a subscription to make"),
        pytest.param(HOOK, AT_SUB, id="a subscription"),
        pytest.param(UPDATE, AT_SUB, id="an update"),
        pytest.param(Link(APP), "", id="no place is known"),
        pytest.param(None, "", id="no effect is known"),
    ],
)
def test_what_is_blocked_is_an_error_where_it_is_declared(effect: Effect | None, where: str) -> None:
    (line, *_) = shown(Blocked(ITEM, "AppLost", "it was ours", effect))
    assert line.startswith(f"::error {where}title=blocked%3A App/app-0001::AppLost: it was ours")


def test_an_entry_without_an_effect_is_found_by_its_item() -> None:
    where = places(desired(PLACED, HOOK))
    assert where == {ITEM: APP_PLACE, SUB: SUB_PLACE}
    plan = Plan(PARTNER, "r1", blocked=(Blocked(ITEM, "WabaMismatch", "another one"),))
    assert annotations([plan], where).startswith(f"::error {AT_APP}title=")


def test_what_is_held_is_a_warning_with_its_values_and_no_phone() -> None:
    held = HeldChange(Link(PLACED), "maxLinks", "2 planned, 1 allowed")
    assert shown(held=(held,)) == [
        (
            f"::warning {AT_APP}title=held%3A App/app-0001::to link, guard: maxLinks (2 planned, 1 allowed)"
            f"%0Aas Name0001, phone {masked(phone(1))}, WABA 100000000000001"
        )
    ]


def test_an_update_has_a_line_for_each_value() -> None:
    action: Action = replace(UPDATE, changes={"url": ("a", "b"), "version": ("2", "3")})
    (line,) = shown(held=(HeldChange(action, "maxUpdates"),))
    assert line.endswith("::to update, guard: maxUpdates%0Aurl: a → b%0Aversion: 2 → 3")


@pytest.mark.parametrize(
    ("blocked", "held", "rest"),
    [
        (0, 0, []),
        (MOST, MOST, []),
        (MOST + 1, 0, ["::notice title=Gupshup::1 more blocked: the log shows them"]),
        (
            MOST + 2,
            MOST + 3,
            ["::notice title=Gupshup::2 more blocked, 3 more held: the log shows them"],
        ),
    ],
)
def test_as_many_are_shown_as_github_shows_and_the_others_are_counted(
    blocked: int, held: int, rest: list[str]
) -> None:
    stuck = [Blocked(ITEM, "AppLost", "it was ours")] * blocked
    lines = shown(*stuck, held=tuple(HeldChange(each, "maxLinks") for each in links(held)))
    assert sum(line.startswith("::error ") for line in lines) == min(blocked, MOST)
    assert sum(line.startswith("::warning ") for line in lines) == min(held, MOST)
    assert [line for line in lines if line.startswith("::notice ")] == rest


@given(text=st.text(max_size=40))
@example("a\n::error::x%0A::b\r\x1b[31m\u2028,file=x")
def test_no_text_is_another_command_or_property(text: str) -> None:
    evil: App = replace(APP, name=text, app_name=text, place=Place(f"{text}.yaml", 2))
    plan = Plan(
        PARTNER, "r1", blocked=(Blocked(ITEM, text, text, evil),), held=(HeldChange(Link(evil), text),)
    )
    lines = annotations([plan], {}).split("\n")
    assert [line[: line.index(" ")] for line in lines] == ["::error", "::warning"]
    for line in lines:
        assert line.isprintable()
        head, _, _ = line[2:].partition("::")
        assert [each.partition("=")[0] for each in head.partition(" ")[2].split(",")] == [
            "file",
            "line",
            "col",
            "title",
        ]


def test_a_refused_source_is_an_error_of_no_line() -> None:
    refusal = PlanRefused("it is empty", "sha256:a")
    assert annotations([], {}, str(refusal)) == (
        "::error title=the source is refused::it is empty. To go on all the same: --release sha256:a"
    )


@pytest.mark.parametrize("place", [NOWHERE, ENVIRONMENT])
def test_what_stands_in_no_file_has_no_place(place: Place) -> None:
    assert command("error", "t", place, "a", "b") == "::error title=t::a%0Ab"
