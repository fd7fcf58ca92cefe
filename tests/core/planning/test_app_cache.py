"""The app cache: rows of the last list by id, phone and name, kept current by queries about single apps."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from controller.core.planning.app_cache import AppCache
from controller.model.manifest import AppId
from controller.model.upstream import Row
from tests.builders.manifest import app
from tests.builders.upstream import app_id, row

ids = st.sampled_from([AppId("a"), AppId("b"), AppId("c"), AppId("1")])
phones = st.sampled_from([None, "1", "2", "3"])
rows = st.builds(Row, ids, st.sampled_from(["one", "two", "1"]), phones)
lists = st.lists(rows, max_size=5, unique_by=lambda each: each.id)
looks = st.tuples(st.sampled_from(["1", "2", "3"]), lists)


@given(lists, st.lists(looks, max_size=6))
def test_the_app_cache_finds_the_rows_that_a_full_search_finds(
    listed: list[Row], looked: list[tuple[str, list[Row]]]
) -> None:
    roll, plain = AppCache(listed), {each.id: each for each in listed}
    for phone, found in looked:
        roll.replace_by_phone(phone, found)
        plain = {key: each for key, each in plain.items() if each.phone != phone}
        plain |= {each.id: each for each in found if each.phone == phone}
    assert len(roll) == len(plain)
    assert sorted(roll.rows, key=str) == sorted(plain.values(), key=str)
    for phone, name, of in [("1", "one", None), ("2", "1", AppId("a")), ("3", "two", AppId("1"))]:
        wanted = replace(app(1), phone=phone, app_name=name, app_id=of)
        expected = {
            each.id
            for each in plain.values()
            if {phone, name} & {each.phone, each.name} or each.id == of or each.phone is None
        }
        assert [each.id for each in roll.rows_for(wanted)] == sorted(expected)
    for key in ("a", "1", "one", "nobody"):
        named = [each for each in plain.values() if key in {each.phone, each.name}]
        expected_row = plain.get(AppId(key)) or (named[0] if len(named) == 1 else None)
        assert roll.find(key) == expected_row


def test_a_row_that_a_query_by_phone_lacks_leaves_the_cache() -> None:
    roll = AppCache([row(1), row(2)])
    roll.replace_by_phone(app(1).phone, [])
    assert (roll.rows_for(app(1)), roll.rows_for(app(2))) == ((), (row(2),))


def test_a_query_by_phone_updates_rows_of_exactly_that_phone() -> None:
    """Gupshup finds whatever contains the digits."""
    roll = AppCache([row(1), row(2)])
    roll.replace_by_phone(app(1).phone, [replace(row(1), live=True), replace(row(2), live=True)])
    assert roll.rows_for(app(1)) == (replace(row(1), live=True),)
    assert roll.rows_for(app(2)) == (row(2),)


def test_a_name_shared_by_two_rows_is_no_match() -> None:
    roll = AppCache([row(1), replace(row(2), name=row(1).name)])
    assert roll.find(row(1).name) is None
    assert roll.find(app(2).phone) == replace(row(2), name=row(1).name)
    assert roll.find(app_id(1)) == row(1)


def test_rows_without_a_phone_are_returned_for_every_app() -> None:
    roll = AppCache([replace(row(1), phone=None), row(2)])
    assert [each.id for each in roll.rows_for(app(3))] == [app_id(1)]
    roll.replace_by_phone(app(1).phone, [row(1)])
    assert roll.rows_for(app(3)) == ()
