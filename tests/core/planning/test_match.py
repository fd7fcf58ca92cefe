"""Which app at Gupshup is the declared one: every row of the table, and never the app of another phone."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.planning.match import Absent, Conflict, Found, Match, Undecided, index, match
from controller.model.manifest import App, AppId
from controller.model.memory import Binding, Memory
from controller.model.phone import masked
from controller.model.plan import WaitFor
from controller.model.upstream import Details, Facts, ReadFailed, Row
from tests.builders.manifest import APP, SETTLE, phone
from tests.builders.memory import NOW, memory
from tests.builders.plan import observed
from tests.builders.upstream import app_id, row

TAKEN = replace(APP, app_id=app_id(7))
OTHER_PHONE = (
    f"put the phone {masked(phone(1))} back, or declare a new app with another appName, and retire this one"
)
NO_PHONE = replace(row(1), phone=None)
BOUND = memory(bindings=[Binding(APP.phone, app_id(1))])


def found(
    rows: list[Row], declared: App = APP, facts: Facts | None = None, known: Memory | None = None
) -> Match:
    seen = observed(*rows, facts=facts, known=known)
    return match(declared, index(seen.rows, seen.facts), seen, SETTLE)


def details(number: int, its_phone: str | None) -> Facts:
    return Facts(details={app_id(number): Details(app_id(number), "", its_phone, live=False)})


def lost(since: float | None) -> Memory:
    return memory(bindings=[Binding(APP.phone, app_id(1), since)])


LIKE = [
    pytest.param("19" + phone(1)[2:], id="another country's, with the same ten digits at the end"),
    pytest.param(phone(1)[2:], id="without its country code"),
    pytest.param("1" + phone(1), id="with a digit before it"),
    pytest.param(phone(1) + "0", id="with a digit behind it"),
    pytest.param(phone(1)[:-1], id="without its last digit"),
    pytest.param(phone(1)[:-1] + "9", id="with another last digit"),
]


@pytest.mark.parametrize("number", LIKE)
def test_a_similar_phone_is_another_phone(number: str) -> None:
    """Wherever phones are compared: by list, by details, and under an appId."""
    alike = replace(row(7), phone=number)
    silent = replace(row(7), phone=None)
    assert found([alike]) == Absent()
    assert found([silent], facts=details(7, number)) == Absent()
    assert found([alike, row(1)]) == Found(row(1))
    for there, facts in ((alike, Facts()), (silent, details(7, number))):
        answer = found([there], TAKEN, facts)
        assert isinstance(answer, Conflict)
        assert answer.reason == "AppIdMismatch"
    named = found([replace(row(1), phone=number)])
    assert isinstance(named, Conflict)
    assert named.reason == "NameTakenByOtherPhone"


@pytest.mark.parametrize(
    ("rows", "declared", "facts", "expected"),
    [
        pytest.param([], APP, Facts(), Absent(), id="nothing and never bound may be linked"),
        pytest.param([row(2), row(3)], APP, Facts(), Absent(), id="the apps of others are not it"),
        pytest.param([row(2), row(1)], APP, Facts(), Found(row(1)), id="phone and name agree"),
        pytest.param(
            [NO_PHONE], APP, details(1, APP.phone), Found(NO_PHONE), id="the details give the phone"
        ),
        pytest.param(
            [replace(row(7), phone=APP.phone)],
            TAKEN,
            Facts(),
            Found(replace(row(7), phone=APP.phone)),
            id="an appId takes over an app of another name",
        ),
        pytest.param(
            [replace(row(7), phone=None)],
            TAKEN,
            details(7, APP.phone),
            Found(replace(row(7), phone=None)),
            id="an appId takes over an app whose phone only the details give",
        ),
        pytest.param(
            [row(1), replace(row(7), phone=APP.phone)],
            TAKEN,
            Facts(),
            Found(replace(row(7), phone=APP.phone)),
            id="an appId decides between two apps that fit",
        ),
    ],
)
def test_an_app_is_found_or_absent(rows: list[Row], declared: App, facts: Facts, expected: Match) -> None:
    assert found(rows, declared, facts) == expected


@pytest.mark.parametrize(
    ("rows", "declared", "facts", "reason", "told"),
    [
        pytest.param(
            [replace(row(1), phone=phone(9))],
            APP,
            Facts(),
            "NameTakenByOtherPhone",
            ["Name0001", app_id(1), masked(phone(9))],
            id="the name with another phone",
        ),
        pytest.param(
            [NO_PHONE], APP, details(1, phone(9)), "NameTakenByOtherPhone", [], id="likewise by the details"
        ),
        pytest.param(
            [NO_PHONE],
            APP,
            details(1, None),
            "NameTakenByOtherPhone",
            ["no phone"],
            id="the name with no phone at all",
        ),
        pytest.param(
            [replace(row(1), name="NAME0001")],
            APP,
            Facts(),
            "PhoneLinkedToOtherApp",
            [],
            id="names are compared letter by letter",
        ),
        pytest.param(
            [replace(row(9), phone=APP.phone)],
            APP,
            Facts(),
            "PhoneLinkedToOtherApp",
            [f"`appId: {app_id(9)}`", "Name0009"],
            id="the phone with another name names the line to add",
        ),
        pytest.param(
            [replace(row(1), phone=phone(9)), replace(row(9), phone=APP.phone)],
            APP,
            Facts(),
            "Ambiguous",
            [app_id(1), app_id(9)],
            id="phone and name in two rows",
        ),
        pytest.param(
            [row(1), replace(row(9), phone=APP.phone)],
            APP,
            Facts(),
            "Ambiguous",
            [app_id(1), app_id(9)],
            id="two rows for one phone",
        ),
        pytest.param(
            [row(1), replace(row(9), name=APP.app_name)],
            APP,
            Facts(),
            "Ambiguous",
            [app_id(1), app_id(9)],
            id="two rows for one name",
        ),
        pytest.param([row(1)], TAKEN, Facts(), "AppNotFound", [app_id(7)], id="appId is not in the list"),
        pytest.param(
            [row(7)],
            TAKEN,
            Facts(),
            "AppIdMismatch",
            [app_id(7), masked(phone(7))],
            id="appId with another phone",
        ),
        pytest.param(
            [replace(row(7), phone=None)],
            TAKEN,
            details(7, None),
            "AppIdMismatch",
            ["no phone"],
            id="appId without a phone",
        ),
    ],
)
def test_an_app_whose_name_phone_or_id_disagree_is_blocked(
    rows: list[Row], declared: App, facts: Facts, reason: str, told: list[str]
) -> None:
    answer = found(rows, declared, facts)
    assert isinstance(answer, Conflict)
    assert answer.reason == reason
    assert all(each in answer.message for each in told)
    assert not any(number in answer.message for number in (phone(1), phone(7), phone(9)))
    assert not answer.ours, "nothing says so"


@pytest.mark.parametrize(
    ("declared", "reason", "told"),
    [
        pytest.param(
            replace(APP, app_name="Renamed"),
            "PhoneLinkedToOtherApp",
            f"At Gupshup it is called Name0001, in the manifest Renamed: one of the two was changed. "
            f"To keep this app, declare `appName: Name0001` or `appId: {app_id(1)}`; else declare a new app "
            "and retire this one",
            id="its name",
        ),
        pytest.param(
            replace(APP, phone=phone(9)),
            "NameTakenByOtherPhone",
            OTHER_PHONE,
            id="its phone",
        ),
        pytest.param(
            replace(APP, app_id=app_id(1), phone=phone(9)),
            "AppIdMismatch",
            OTHER_PHONE,
            id="by its id",
        ),
    ],
)
@pytest.mark.parametrize(
    "seen", [(row(1), Facts()), (NO_PHONE, details(1, phone(1)))], ids=["row", "details"]
)
def test_a_bound_app_is_recognised_with_another_name_or_phone(
    declared: App, reason: str, told: str, seen: tuple[Row, Facts]
) -> None:
    """The name may differ on either side, and nobody is told that a stranger has the app."""
    answer = found([seen[0]], declared, seen[1], BOUND)
    assert isinstance(answer, Conflict)
    assert (answer.reason, answer.row, answer.ours) == (reason, seen[0], True)
    assert "is ours" in answer.message
    assert told in answer.message
    assert not any(number in answer.message for number in (phone(1), phone(9)))


@pytest.mark.parametrize(
    ("kept", "told", "drift"),
    [
        pytest.param(None, "one of the two was changed. To", False, id="an older release kept no name"),
        pytest.param("Elsewhere", "one of the two was changed. To", False, id="both were changed"),
        pytest.param("Name0001", "the name was changed in the manifest. To", False, id="in the manifest"),
        pytest.param("Renamed", "the name was changed at Gupshup. To", True, id="at Gupshup: that is drift"),
    ],
)
def test_the_name_that_was_kept_shows_which_side_changed_it(
    kept: str | None, told: str, *, drift: bool
) -> None:
    known = memory(bindings=[Binding(APP.phone, app_id(1), name=kept)])
    answer = found([row(1)], replace(APP, app_name="Renamed"), known=known)
    assert isinstance(answer, Conflict)
    assert (answer.ours, told in answer.message, answer.drift) == (True, True, drift)


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(Memory(), id="nothing is remembered"),
        pytest.param(memory(bindings=[Binding(phone(1), app_id(2))]), id="its phone was another app's"),
        pytest.param(memory(bindings=[Binding(phone(2), app_id(1))]), id="it had another phone"),
    ],
)
def test_an_app_that_is_not_bound_is_a_stranger_s(known: Memory) -> None:
    answer = found([row(1)], replace(APP, app_name="Renamed"), known=known)
    assert isinstance(answer, Conflict)
    assert (answer.ours, "to take that app over" in answer.message) == (False, True)


@pytest.mark.parametrize(
    ("rows", "declared", "facts"),
    [
        pytest.param([NO_PHONE], APP, Facts(), id="the row with its name has no phone"),
        pytest.param([replace(row(1), name="Other", phone=None)], APP, Facts(), id="a stranger has no phone"),
        pytest.param(
            [NO_PHONE], APP, Facts(details={app_id(1): ReadFailed("busy")}), id="the look at it gave nothing"
        ),
        pytest.param(
            [replace(row(1), id=app_id(7), phone=None)], TAKEN, Facts(), id="the appId has no phone"
        ),
    ],
)
def test_a_row_without_phone_is_queried_and_waited_for(rows: list[Row], declared: App, facts: Facts) -> None:
    answer = found(rows, declared, facts)
    assert isinstance(answer, Undecided)
    assert (answer.wait_for, answer.ask) == (WaitFor.PHONE, (rows[0].id,))


def test_ambiguous_apps_are_listed_in_one_order() -> None:
    rows = [replace(row(number), phone=APP.phone) for number in (1, 5, 9)]
    assert found(rows) == found(rows[::-1])


def test_a_match_by_phone_queries_no_row_without_phone() -> None:
    assert found([row(1), replace(row(2), phone=None)]) == Found(row(1))


def test_a_match_by_app_id_queries_no_row_without_phone() -> None:
    answer = found([replace(row(2), phone=None)], TAKEN)
    assert isinstance(answer, Conflict)
    assert answer.reason == "AppNotFound"


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        pytest.param(None, NOW + 120, id="missed for the first time"),
        pytest.param(NOW - 119, NOW + 1, id="missed for less than staleList"),
        pytest.param(NOW + 50, NOW + 170, id="missed in a future that a clock set back has made"),
    ],
)
@pytest.mark.parametrize("declared", [APP, replace(APP, app_id=app_id(1))], ids=["by name", "by appId"])
def test_a_bound_app_that_is_absent_is_waited_for(
    since: float | None, expected: float, declared: App
) -> None:
    answer = found([row(2)], declared, known=lost(since))
    assert isinstance(answer, Undecided)
    assert (answer.wait_for, answer.until) == (WaitFor.LIST, expected)


@pytest.mark.parametrize("declared", [APP, replace(APP, app_id=app_id(1))], ids=["by name", "by appId"])
def test_a_bound_app_is_lost_after_stale_list_and_never_absent(declared: App) -> None:
    answer = found([], declared, known=lost(NOW - 120))
    assert isinstance(answer, Conflict)
    assert answer.reason == "AppLost"
    assert f"`gupshupctl resolve {declared.name} --absent`" in answer.message
    assert "resolve" in answer.message
    assert app_id(1) in answer.message


def test_a_wrong_app_id_is_not_reported_as_a_lost_app() -> None:
    answer = found([row(1)], TAKEN, known=BOUND)
    assert isinstance(answer, Conflict)
    assert answer.reason == "AppNotFound"


def test_a_bound_app_that_is_listed_is_found() -> None:
    assert found([row(1)], known=lost(NOW - 10_000)) == Found(row(1))


numbers = st.integers(1, 3)
phones = st.one_of(st.none(), numbers.map(phone))
rows_ = st.builds(
    lambda number, name, its_phone: replace(row(number), name=f"Name{name:04d}", phone=its_phone),
    numbers,
    numbers,
    phones,
)
known_details = st.dictionaries(
    numbers.map(app_id),
    st.one_of(st.just(ReadFailed("busy")), phones.map(lambda its: Details(app_id(1), "", its, live=False))),
)


@given(
    rows=st.lists(rows_, max_size=5, unique_by=lambda each: each.id),
    told=known_details,
    named=st.sampled_from([None, *map(app_id, (1, 2, 3))]),
    bound=st.booleans(),
)
def test_a_match_never_returns_the_app_of_another_phone(
    rows: list[Row], told: dict[AppId, Details | ReadFailed], named: AppId | None, *, bound: bool
) -> None:
    """Found only with this phone, and by this name or by its id; absent never when it was bound."""
    declared = replace(APP, app_id=named)
    facts = Facts(details=told)
    answer = found(rows, declared, facts, BOUND if bound else None)
    if isinstance(answer, Found):
        detail = facts.details.get(answer.row.id)
        its = answer.row.phone or (detail.phone if isinstance(detail, Details) else None)
        assert its == declared.phone
        assert answer.row.id == named or (named is None and answer.row.name == declared.app_name)
    if isinstance(answer, Absent):
        assert not bound
        assert named is None
        assert all(each.phone != declared.phone for each in rows)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        pytest.param("919876543210", "91******3210", id="twelve digits"),
        pytest.param("12345678", "12**5678", id="eight digits"),
        pytest.param("123456789012345", "12*********2345", id="fifteen digits"),
    ],
)
def test_a_masked_phone_can_be_recognised_and_not_dialled(number: str, expected: str) -> None:
    assert masked(number) == expected
