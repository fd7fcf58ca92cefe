"""A link: an intent before it, its outcome after it, one call, and what each answer comes to."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from controller.errors import Busy, Denied, StoreError
from controller.loop.apply import PartnerRun
from controller.loop.reconcile.attempt import INTERRUPTED
from controller.model.manifest import AppId
from controller.model.plan import Outcome, Request, WaitFor
from controller.model.upstream import LinkedWithoutCallback, LinkRefused, NameTaken, PhoneTaken, Row
from tests.builders.manifest import CALLBACK
from tests.builders.upstream import HERE
from tests.loop.apply_fixture import Bench, app, bench, events, outcomes
from tests.loop.fake_gupshup import NEVER, Lose, Reply

PHONE = "910000000001"


def blocked(run: PartnerRun) -> list[str]:
    return [each.reason for each in run.report("main").blocked]


async def test_an_app_is_linked_bound_and_subscribed_once_it_is_live(there: Bench) -> None:
    there.remote.live_after = 300
    run = await there.go(app(), events())
    (linked,) = there.remote.apps
    assert outcomes(run) == [("link", "done", ""), ("subscribe", "done", "")]
    assert there.remote.writes == [("link", PHONE), ("subscribe", linked)]
    memory = await there.memory()
    assert memory.bindings[PHONE].app_id == linked
    assert not memory.intents
    assert there.remote.callbacks == {linked: CALLBACK}


async def test_a_query_by_phone_goes_right_before_the_link(there: Bench) -> None:
    await there.go(app(), wait=False)
    verbs = [verb for verb, _ in there.remote.calls]
    assert verbs[verbs.index("link") - 1] == "rows_by_phone"


@pytest.mark.parametrize("alike", ["19" + PHONE[2:], "1" + PHONE, PHONE + "0"])
async def test_an_app_with_a_similar_phone_prevents_no_link(there: Bench, alike: str) -> None:
    """Gupshup's query by phone returns whatever contains the digits."""
    there.remote.put("OtherApp", alike)
    look = there.remote.rows_by_phone

    async def generous(_: str) -> tuple[Row, ...]:
        return await look("")

    there.remote.rows_by_phone = generous  # type: ignore[method-assign, assignment]  # a look that gives what it likes
    assert outcomes(await there.go(app(), wait=False)) == [("link", "done", "")]


async def test_an_app_that_appeared_since_the_list_is_not_linked_again(there: Bench) -> None:
    """The list of the plan lacks the app; the query right before the link has it."""
    there.remote.put("AppOne", PHONE)
    there.remote.stale = 1e9
    look = there.remote.rows_by_phone
    there.remote.put("AppOne Two", "1910000000001")

    async def fresh(phone: str) -> object:
        there.remote.stale = 0
        return await look(phone)

    there.remote.rows_by_phone = fresh  # type: ignore[method-assign, assignment]  # the world moves at this very moment
    run = await there.go(app(callback=None))
    assert there.remote.count("link") == 0
    assert outcomes(run) == [("link", "done", "Confirmed")]


@pytest.mark.parametrize(
    ("replies", "links", "seconds"),
    [
        pytest.param([Lose()], 1, 0, id="a lost reply is adopted at the next look"),
        pytest.param([Lose(after=300)], 1, 300, id="a late effect is waited for and adopted"),
        pytest.param([Lose(after=NEVER)], 2, 720, id="what never happened is sent again once that is proven"),
        pytest.param(
            [Lose(after=NEVER), Lose(after=NEVER)], 3, 1440, id="and once more where that happens twice"
        ),
    ],
)
async def test_a_link_whose_reply_is_lost_is_confirmed_or_repeated(
    there: Bench, replies: Sequence[Reply], links: int, seconds: float
) -> None:
    before = there.clock.now()
    there.remote.on("link", *replies)
    run = await there.go(app(), events())
    assert outcomes(run)[0] == ("link", "done", "Confirmed" if links == 1 else "")
    assert [phone for _, phone in there.remote.posts] == [PHONE] * links
    assert seconds <= there.clock.now() - before < seconds + 60
    assert len(there.remote.apps) == 1
    assert there.remote.callbacks == dict.fromkeys(there.remote.apps, CALLBACK)


async def test_three_unclear_links_in_a_row_block_the_app_until_a_person_acts(there: Bench) -> None:
    there.remote.on("link", *[Lose(after=NEVER)] * 3)
    run = await there.go(app(), events())
    assert there.remote.count("link") == 3
    assert blocked(run) == ["CreateOutcomeUnknown"]
    again = await there.go(app(), events())
    assert (there.remote.count("link"), blocked(again)) == (3, ["CreateOutcomeUnknown"])


async def test_a_renamed_manifest_opens_no_second_link_while_one_is_unclear(there: Bench) -> None:
    there.remote.on("link", Lose(after=300))
    await there.go(app(), wait=False)
    run = await there.go(app("AppRenamed"), wait=False)
    assert there.remote.count("link") == 1
    assert [each.wait_for for each in run.report("main").waiting] == [WaitFor.OUTCOME]
    there.clock.time += 300
    assert blocked(await there.go(app("AppRenamed"))) == ["PhoneLinkedToOtherApp"]
    assert there.remote.count("link") == 1


@pytest.mark.parametrize(
    ("reply", "outcome", "reason"),
    [
        pytest.param(
            NameTaken("Bot Already Exists"), "failed", "NameTakenElsewhere", id="a name that is taken"
        ),
        pytest.param(LinkRefused(400, "Invalid wabaId"), "failed", "LinkRefused", id="a refusal"),
    ],
)
async def test_a_refused_link_is_repeated_only_on_a_manifest_change_or_on_request(
    there: Bench, reply: Reply, outcome: str, reason: str
) -> None:
    there.remote.on("link", reply, reply)
    before = there.clock.now()
    run = await there.go(app())
    assert (outcomes(run), blocked(run)) == ([("link", outcome, reason)], [reason])
    assert there.clock.now() - before < 1
    later = await there.go(app())
    assert (outcomes(later), blocked(later), there.remote.count("link")) == ([], [reason], 1)
    there.clock.time += 1
    asked = Request(again=frozenset({"AppOne"}), at=there.clock.now())
    await there.go(run=PartnerRun(there.task(app(), asked=asked)))
    assert there.remote.count("link") == 2, "asked again once, not in every pass"
    done = await there.go(app("AppOther"))
    assert outcomes(done) == [("link", "done", "")]


async def test_a_phone_that_is_taken_by_an_app_of_ours_is_adopted_once_it_is_listed(there: Bench) -> None:
    ours = there.remote.put("AppOne", PHONE)
    there.remote.stale = 100
    run = await there.go(app(), events())
    assert outcomes(run)[0] == ("link", "done", "Confirmed")
    assert (await there.memory()).bindings[PHONE].app_id == ours
    assert (there.remote.count("link"), list(there.remote.subs[ours])) == (1, ["events"])


async def test_a_phone_that_is_taken_by_a_stranger_is_not_asked_for_again(there: Bench) -> None:
    there.remote.on("link", PhoneTaken(AppId("not-ours"), "phone is linked"))
    run = await there.go(app())
    assert outcomes(run) == [("link", "failed", "PhoneLinkedElsewhere")]
    assert ("details", "not-ours") in there.remote.calls
    assert blocked(await there.go(app())) == ["PhoneLinkedElsewhere"]
    assert there.remote.count("link") == 1


@pytest.mark.parametrize("trouble", [Busy("later"), Denied("no")], ids=["no answer", "a refusal"])
async def test_a_taken_phone_whose_app_is_unknown_is_not_linked_again(
    there: Bench, trouble: Exception
) -> None:
    there.remote.on("link", PhoneTaken(AppId("unknown"), "phone is linked"))
    there.remote.on("details", trouble)
    run = await there.go(app(), seconds=0)
    assert outcomes(run) == [("link", "stale", "PhoneTaken")]
    run = await there.go(app(), wait=False, seconds=60)
    assert there.remote.count("link") == 1


async def test_a_link_whose_callback_was_refused_is_bound_and_its_callback_is_set(there: Bench) -> None:
    there.remote.on("link", LinkedWithoutCallback(AppId("app-9"), "callback not reachable"))
    run = await there.go(app())
    assert there.remote.writes == [("link", PHONE), ("set_callback", "app-9")]
    assert there.remote.callbacks == {"app-9": CALLBACK}
    assert outcomes(run) == [("link", "done", "CallbackNotSet"), ("update", "done", "")]
    assert outcomes(await there.go(app())) == []


async def test_a_link_that_was_never_sent_leaves_no_open_intent(there: Bench) -> None:
    there.remote.on("link", Busy("budget", there.clock.now() + 30), Busy("not connected"))
    run = await there.go(app(), wait=False, seconds=0)
    assert not (await there.memory()).intents
    assert [(each.wait_for, each.until) for each in run.report("main").waiting] == [
        (WaitFor.BUDGET, there.clock.now() + 30)
    ]
    assert await there.history() == []
    run = await there.go(app())
    assert outcomes(run) == [("link", "done", "")]
    assert [entry.outcome for entry in await there.history()] == ["failed", "done"]


async def test_an_intent_opened_in_between_prevents_a_second_link_of_its_name(there: Bench) -> None:
    look = there.remote.rows_by_phone

    async def late(phone: str) -> object:
        if not (await there.memory()).intents:
            await there.store.intents.open(HERE, "910000000077", "AppOne")
        return await look(phone)

    there.remote.rows_by_phone = late  # type: ignore[method-assign, assignment]  # something comes between
    run = await there.go(app(), wait=False)
    assert there.remote.posts == []
    assert [each.wait_for for each in run.report("main").waiting] == [WaitFor.OUTCOME]
    assert [entry.outcome for entry in await there.history()] in (["failed"], [])


async def test_credentials_refused_by_two_links_in_a_row_end_the_run(there: Bench) -> None:
    there.remote.on("link", *[Denied("the partner token was refused")] * 3)
    run = PartnerRun(there.task(app(), app("AppTwo", "910000000002"), events()))
    with pytest.raises(Denied, match="token was refused"):
        await there.go(run=run)
    assert there.remote.count("link") == 2
    assert not (await there.memory()).intents
    assert [entry.outcome for entry in await there.history()] == ["failed", "failed"]
    assert run.report("main").summary["waiting"] == 3


async def test_credentials_refused_by_one_link_are_used_again(there: Bench) -> None:
    there.remote.on("link", Denied("the partner token was refused"))
    assert outcomes(await there.go(app())) == [("link", "done", "")]


async def test_a_cancelled_link_leaves_an_ended_intent(there: Bench) -> None:
    going = asyncio.Event()

    async def hang(_: object) -> object:
        going.set()
        return await asyncio.Event().wait()

    there.remote.link = hang  # type: ignore[method-assign, assignment]  # a Gupshup that never answers
    run = PartnerRun(there.task(app()))
    task = asyncio.ensure_future(there.go(run=run))
    await going.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    intent = (await there.memory()).intents[PHONE]
    assert intent.ended == there.clock.now()
    (entry,) = await there.history()
    assert (entry.verb, entry.outcome, entry.message) == ("link", "unclear", INTERRUPTED)
    (result,) = run.report("main").results
    assert result.outcome is Outcome.UNCLEAR, "and the report tells that it may have happened"


async def test_a_link_whose_answer_cannot_be_stored_is_found_by_the_next_run(
    there: Bench, tmp_path: Path
) -> None:
    """The disk is full right after the call: the run stops, and the app is adopted by the next one."""
    keep = there.store.memories.note

    async def full(upstream: str, notes: Sequence[object]) -> None:
        if there.remote.count("link"):
            raise StoreError("the disk is full")
        await keep(upstream, notes)  # type: ignore[arg-type]  # handed on as it came

    there.store.memories.note = full  # type: ignore[method-assign]  # a disk that fills up
    with pytest.raises(StoreError, match="full"):
        await there.go(app())
    there.remote.forget()
    intent = (await there.memory()).intents[PHONE]
    assert intent.ended is not None
    async with bench(tmp_path / "state.db", there.remote) as next_:
        run = await next_.go(app())
    assert (run.error, there.remote.count("link")) == (None, 1)


async def test_three_identical_refusals_make_other_links_of_the_pass_cool_down(there: Bench) -> None:
    there.remote.on("link", *[LinkRefused(400, "Terms of use not accepted")] * 3)
    many = [app(f"AppNumber{number}", f"91000000000{number}") for number in range(5)]

    run = await there.go(*many, wait=False)

    assert there.remote.count("link") == 3
    assert [each.wait_for for each in run.report("main").waiting] == [WaitFor.COOLDOWN, WaitFor.COOLDOWN]


async def test_refusals_in_different_words_start_no_cool_down(there: Bench) -> None:
    there.remote.on("link", *[LinkRefused(400, f"No, number {number}") for number in range(3)])
    many = [app(f"AppNumber{number}", f"91000000000{number}") for number in range(5)]

    await there.go(*many, wait=False)

    assert there.remote.count("link") == 5
