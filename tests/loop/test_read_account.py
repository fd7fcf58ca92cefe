"""Reading a whole account: each answer is kept at once, limits are waited for, a read that fails is named."""

from typing import Any

import pytest

from controller.core.importing.journal import Answers, Entry, answers_of
from controller.errors import Busy, ControllerError, Denied, OutOfTime, Rejected, Unclear
from controller.loop.ports import Account, Writer
from controller.loop.read_account import TRIES, read_apps, read_list
from controller.model.health import WabaInfo
from controller.model.upstream import ReadFailed
from tests.loop.apply_fixture import Bench

SOON = 60.0


class Lines:
    """A journal in memory."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def append(self, entry: Entry) -> None:
        self.entries.append(entry)


def account(there: Bench) -> Account[Writer]:
    return there.account()


async def everything(there: Bench, lines: Lines, seconds: float = 3600.0, *, whole: bool = False) -> Answers:
    until = there.clock.now() + seconds
    found = account(there)
    answers = answers_of(lines.entries, found.upstream, there.clock.now())
    if answers is None:
        answers = await read_list(found, lines, until)
    await read_apps(found, answers, lines, answers.rows, until, lambda _done, _total: None, whole=whole)
    return answers


def put(there: Bench, count: int = 2) -> None:
    for number in range(1, count + 1):
        app = there.remote.put(f"Customer{number}", f"91980000000{number}")
        there.remote.health[app] = WabaInfo(waba_id=f"3000{number}")


async def test_what_was_read_is_not_asked_for_again(there: Bench) -> None:
    put(there)
    lines = Lines()
    first = await everything(there, lines)
    calls = len(there.remote.calls)
    assert await everything(there, lines) == first
    assert len(there.remote.calls) == calls
    assert set(first.wabas.values()) == {"30001", "30002"}


async def test_an_app_without_a_waba_is_asked_for_nothing_more(there: Bench) -> None:
    there.remote.put("Customer1", None)
    await everything(there, Lines())
    assert [verb for verb, _ in there.remote.calls] == ["rows", "waba"]
    await everything(there, Lines(), whole=True)
    assert [verb for verb, _ in there.remote.calls[2:]] == ["rows", "waba", "details", "subscriptions"]


async def test_a_phone_that_the_list_lacks_is_read(there: Bench) -> None:
    app = there.remote.put("Customer1", None)
    there.remote.health[app] = WabaInfo(waba_id="3000")
    lines = Lines()
    answers = await everything(there, lines)
    assert [verb for verb, _ in there.remote.calls] == ["rows", "waba", "details", "subscriptions"]
    assert answers_of(lines.entries, account(there).upstream, there.clock.now()) == answers


@pytest.mark.parametrize("verb", ["rows", "waba", "subscriptions"])
async def test_a_limit_is_waited_for(there: Bench, verb: str) -> None:
    put(there, 1)
    began = there.clock.now()
    there.remote.on(verb, *[Busy("later", until=began + SOON)] * (TRIES + 2))
    answers = await everything(there, Lines())
    assert list(answers.wabas.values()) == ["30001"]
    assert there.clock.now() >= began + SOON


@pytest.mark.parametrize("verb", ["rows", "waba", "subscriptions"])
async def test_a_wait_beyond_the_time_ends_it_and_what_was_read_stays(there: Bench, verb: str) -> None:
    put(there, 1)
    there.remote.on(verb, Busy("later", until=there.clock.now() + SOON))
    lines = Lines()
    with pytest.raises(OutOfTime):
        await everything(there, lines, SOON / 2)
    assert len(lines.entries) == {"rows": 0, "waba": 1, "subscriptions": 2}[verb]


@pytest.mark.parametrize(
    "error", [Busy("500"), Unclear("no reply"), Rejected("no", status=400, words="no"), Denied("no")]
)
@pytest.mark.parametrize("verb", ["waba", "details", "subscriptions"])
async def test_a_read_that_fails_for_good_is_named_and_tried_again_by_the_next_run(
    there: Bench, verb: str, error: ControllerError
) -> None:
    app = there.remote.put("Customer1", None)
    there.remote.health[app] = WabaInfo(waba_id="3000")
    there.remote.on(verb, *[error] * TRIES)
    lines = Lines()
    answers = await everything(there, lines)
    failed: Any = {"waba": answers.wabas, "details": answers.details}.get(verb, answers.subscriptions)
    assert failed[app] == ReadFailed(str(error))
    there.remote.on(verb)
    there.remote._replies.clear()
    again = await everything(there, lines)
    kept: Any = {"waba": again.wabas, "details": again.details}.get(verb, again.subscriptions)
    assert not isinstance(kept[app], ReadFailed)


async def test_a_list_that_cannot_be_read_ends_it(there: Bench) -> None:
    there.remote.on("rows", *[Busy("500")] * TRIES)
    with pytest.raises(Busy, match="500"):
        await everything(there, Lines())
    assert there.remote.count("rows") == TRIES
