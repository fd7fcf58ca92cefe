"""What an earlier import left out: said again while an app is declared and its webhook is not."""

import pytest

from controller.core.importing.account import AccountRead, LeftOut, still_left_out
from controller.core.importing.journal import JournalError, left_out_entry, left_out_of
from controller.model.manifest import App, AppId, Desired, Subscription
from tests.builders.manifest import PARTNER
from tests.builders.upstream import live

ROW = live(1)
OUT = LeftOut("default", ROW.name, "events", "GS501", ROW.id)
APP = App("one", "default", ROW.name, "3000", "", app_id=ROW.id)


def subscription(app: str, tag: str) -> Subscription:
    return Subscription("s", "default", app, tag, "https://h.example.com", 2, frozenset({"MESSAGE"}))


@pytest.mark.parametrize(
    ("out", "declared", "subscriptions", "said"),
    [
        pytest.param(OUT, {ROW.id}, [], True, id="nobody declares it"),
        pytest.param(OUT, {ROW.id}, [("one", "other"), ("two", "events")], True, id="others are declared"),
        pytest.param(OUT, {ROW.id}, [("one", "events")], False, id="declared"),
        pytest.param(OUT, set(), [], False, id="its app is read anew"),
        pytest.param(LeftOut("default", ROW.name, "", "no WABA", ROW.id), {ROW.id}, [], False, id="an app"),
        pytest.param(LeftOut("default", "Gone", "events", "GS501", "x"), {ROW.id}, [], False, id="gone"),
    ],
)
def test_still_left_out(
    out: LeftOut, declared: set[AppId], subscriptions: list[tuple[str, str]], *, said: bool
) -> None:
    account = AccountRead(PARTNER, "1", (ROW,), declared=frozenset(declared))
    desired = Desired("r", apps=(APP,), subscriptions=tuple(subscription(*each) for each in subscriptions))
    assert list(still_left_out([out], [account], desired)) == ([out] if said else [])


def test_it_is_read_back() -> None:
    assert left_out_of([{"account": "x"}, left_out_entry([OUT])]) == (OUT,)


@pytest.mark.parametrize("found", [5, [5], [{"app": "a"}]])
def test_what_is_no_journal_raises(found: object) -> None:
    with pytest.raises(JournalError):
        left_out_of([{"leftOut": found}])
