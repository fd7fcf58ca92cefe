"""The partner's token: kept, minted, renewed and given back, and what happens if that fails or is killed."""

from dataclasses import replace

import pytest

from controller.core.credentials import DAY, HOUR, WEEK, Keeper
from controller.edges.store import SqlStore
from controller.errors import AccountError, Busy, Denied, MintRefused, Rejected
from controller.model.account import Identified, OwnToken, TokenState
from controller.model.manifest import AppId, AuthMode
from controller.model.secret import Secret
from controller.model.upstream import Upstream
from tests.clock import FakeClock
from tests.loop.fake_office import LOGIN, Desk, KilledError, busy, unclear

REFUSED = MintRefused("POST mint: 403 Forbidden Access", status=403, words="Forbidden Access")


@pytest.fixture
def desk(store: SqlStore, clock: FakeClock) -> Desk:
    return Desk(store, clock)


async def fetched(desk: Desk, refused: Secret | None = None) -> str:
    return (await desk.process().fetch(refused)).token.reveal()


async def test_a_token_is_minted_once_and_then_used_by_every_process(desk: Desk) -> None:
    issued = await desk.process().fetch()
    assert issued.token == Secret("Bearer token-0")
    assert (issued.owner, issued.universal) == ("1368", True)
    assert issued.until == pytest.approx(desk.clock.now() + WEEK / 2, rel=0, abs=1)
    assert await fetched(desk) == "Bearer token-0"
    assert desk.login.logins == 0, "the partner's id is known"
    assert desk.office.minted == [(f"gupshupctl-{desk.store.id}-00", WEEK)]


async def test_a_kept_token_is_renewed_at_half_its_life_and_the_old_one_revoked(desk: Desk) -> None:
    await fetched(desk)
    desk.clock.time += WEEK / 2 + 1
    assert await fetched(desk) == "Bearer token-1"
    assert len(desk.office.active()) == 1
    assert desk.office.most == 2


@pytest.mark.parametrize("trouble", [busy(), unclear(), REFUSED], ids=["busy", "unclear", "refused"])
async def test_a_renewal_that_fails_leaves_the_old_token_in_use(desk: Desk, trouble: Busy | Denied) -> None:
    await fetched(desk)
    desk.clock.time += WEEK / 2 + 1
    desk.office.trouble = [trouble]
    issued = await desk.process().fetch()
    assert issued.token == Secret("Bearer token-0")
    assert issued.until == desk.clock.now() + 600
    assert ["not renewed yet" in warning for warning in desk.warnings] == [True]
    desk.clock.time += 600
    assert await fetched(desk) == "Bearer token-1"


async def test_a_refused_token_is_replaced_by_the_one_that_another_process_kept(desk: Desk) -> None:
    old = Secret(await fetched(desk))
    desk.clock.time += WEEK / 2 + 1
    await fetched(desk)
    assert await fetched(desk, refused=old) == "Bearer token-1"
    assert len(desk.office.minted) == 2


async def test_a_refused_token_that_is_still_the_kept_one_is_minted_anew(desk: Desk) -> None:
    old = Secret(await fetched(desk))
    desk.office.tokens.clear()
    assert await fetched(desk, refused=old) == "Bearer token-1"


async def test_a_rotated_secret_cannot_read_the_kept_token_and_revokes_it_by_name(desk: Desk) -> None:
    await fetched(desk)
    desk.office.secrets = {"rotated"}
    desk.secret = Secret("rotated")
    assert await fetched(desk) == "Bearer token-1"
    assert desk.office.active() == [f"gupshupctl-{desk.store.id}-01"]
    assert desk.office.minted[-1][1] == HOUR, "an unreadable one is active, and nothing could revoke this one"
    desk.clock.time += HOUR / 2
    assert await fetched(desk) == "Bearer token-2"
    assert desk.office.minted[-1][1] == WEEK


async def test_a_token_of_another_declared_account_is_not_used(desk: Desk) -> None:
    other = OwnToken("x", TokenState.KEPT, "99", desk.clock.now(), desk.clock.now() + WEEK, sealed="y")
    await desk.store.tokens.keep(LOGIN, other)
    assert await fetched(desk) == "Bearer token-0"


@pytest.mark.parametrize("auth", [AuthMode.AUTO, AuthMode.UNIVERSAL])
async def test_an_unknown_id_is_learnt_by_one_login(desk: Desk, auth: AuthMode) -> None:
    desk.set(auth=auth, declared="")
    assert await fetched(desk) == "Bearer token-0"
    assert await fetched(desk) == "Bearer token-0"
    assert desk.login.logins == 1


async def test_an_id_from_an_earlier_login_needs_no_other(desk: Desk) -> None:
    desk.set(declared="")
    here = Upstream("https://partner.gupshup.io#1368")
    await desk.store.accounts.settle("https://partner.gupshup.io", lambda _: Identified(here, "1368"))
    await desk.store.accounts.opened(LOGIN, here)
    assert await fetched(desk) == "Bearer token-0"
    assert desk.login.logins == 0


@pytest.mark.parametrize("auth", [AuthMode.AUTO, AuthMode.UNIVERSAL])
async def test_without_id_and_login_people_are_told_to_declare_the_id(desk: Desk, auth: AuthMode) -> None:
    desk.set(auth=auth, declared="").login.error = Denied("403 Failed to authenticate")
    with pytest.raises(Denied, match=r"Failed to authenticate; declare spec\.partnerId"):
        await fetched(desk)


async def test_a_login_that_tells_no_id_cannot_mint(desk: Desk) -> None:
    desk.set(declared="").login.owner = ""
    assert await fetched(desk) == "partner token"
    desk.set(auth=AuthMode.UNIVERSAL)
    with pytest.raises(Denied, match="tells no partner id"):
        await fetched(desk)


@pytest.mark.parametrize("auth", [AuthMode.AUTO, AuthMode.UNIVERSAL])
async def test_another_account_than_before_is_an_error_of_its_own(desk: Desk, auth: AuthMode) -> None:
    desk.set(auth=auth, declared="").login.error = AccountError("opened 99")
    with pytest.raises(AccountError):
        await fetched(desk)
    desk.set(auth=AuthMode.AUTO, who=Keeper.PASSING)
    with pytest.raises(AccountError):
        await fetched(desk)


async def test_legacy_never_mints(desk: Desk) -> None:
    desk.set(auth=AuthMode.LEGACY)
    assert await fetched(desk) == "partner token"
    assert desk.office.minted == []


@pytest.mark.parametrize(
    ("trouble", "told"),
    [(busy(), "1 April 2027"), (unclear(), "1 April 2027"), (REFUSED, "403 Forbidden Access")],
    ids=["busy", "unclear", "refused"],
)
async def test_auto_waits_for_no_mint_while_a_partner_token_serves(
    desk: Desk, trouble: Busy | Denied, told: str
) -> None:
    desk.office.trouble = [trouble]
    issued = await desk.process().fetch()
    assert issued.token == Secret("partner token")
    assert issued.until == desk.clock.now() + HOUR
    assert [told in warning for warning in desk.warnings] == [True]


async def test_a_refused_mint_is_tried_again_after_a_day(desk: Desk) -> None:
    desk.office.trouble = [REFUSED]
    assert await fetched(desk) == "partner token"
    assert await fetched(desk) == "partner token", "no second try"
    assert desk.process().facts.may_mint is None, "a process that did not try leaves what is known"
    desk.clock.time += DAY + 1
    assert await fetched(desk) == "Bearer token-0"


async def test_a_mint_that_was_put_off_is_tried_at_once_where_the_login_is_gone(desk: Desk) -> None:
    desk.office.trouble = [REFUSED]
    assert await fetched(desk) == "partner token"
    desk.login.error = Denied("login is gone")
    assert await fetched(desk) == "Bearer token-0"
    desk.office.tokens.clear()
    await desk.store.tokens.forget(LOGIN, [name for name, _ in desk.office.minted])
    desk.office.trouble = [REFUSED]
    with pytest.raises(Denied, match=r"login is gone; MintingNotEnabled.*403"):
        await fetched(desk)


async def test_a_wrong_secret_is_not_called_an_account_that_may_not_mint(desk: Desk) -> None:
    wrong = MintRefused("POST mint: 401 Unauthorised", status=401, words="Unauthorised")
    desk.office.trouble, desk.login.error = [wrong], Denied("login refused")
    process = desk.process()
    with pytest.raises(
        Denied, match=r"401 Unauthorised; check the e-mail address, the client secret"
    ) as told:
        await process.fetch()
    assert "MintingNotEnabled" not in str(told.value)
    assert process.facts.may_mint is None


async def test_what_is_known_of_minting_follows_the_last_mint(desk: Desk) -> None:
    desk.office.trouble = [REFUSED]
    process = desk.process()
    await process.fetch()
    assert (process.facts.may_mint, process.facts.at) == (False, desk.clock.now())
    desk.clock.time += DAY + 1
    await process.fetch()
    assert process.facts.may_mint is True
    assert [each.renewed for each in process.facts.ends] == [True]


async def test_the_account_is_asked_about_by_a_login_whatever_became_of_it(desk: Desk) -> None:
    await desk.process().ask_account()
    assert desk.login.logins == 1
    desk.login.error = Denied("login is gone")
    await desk.process().ask_account()
    assert desk.login.logins == 2


async def test_a_token_that_was_refused_leaves_room_for_another(desk: Desk) -> None:
    """A lost mint beside a dead token: the next one need not wait for the end of the dead one."""
    desk.set(auth=AuthMode.UNIVERSAL)
    old = Secret(await fetched(desk))
    desk.office.tokens.clear()
    desk.office.lost = [unclear()]
    with pytest.raises(Busy):
        await fetched(desk, refused=old)
    assert await fetched(desk, refused=old) == "Bearer token-2"


async def test_a_store_that_cannot_be_written_still_gives_its_token(desk: Desk) -> None:
    await fetched(desk)
    desk.set(who=Keeper.PASSING)
    assert await fetched(desk) == "Bearer token-0"
    assert (desk.login.logins, len(desk.office.minted)) == (0, 1)


async def test_universal_says_why_nothing_is_minted(desk: Desk) -> None:
    desk.set(auth=AuthMode.UNIVERSAL).office.trouble = [REFUSED, busy(), REFUSED]
    with pytest.raises(Denied, match=r"MintingNotEnabled.*403 Forbidden Access"):
        await fetched(desk)
    with pytest.raises(Busy, match="429"):
        await fetched(desk)
    desk.set(declared="")
    with pytest.raises(Denied, match="MintingNotEnabled"):
        await fetched(desk)


async def test_a_reached_limit_names_the_tokens_of_others_and_is_tried_again_after_an_hour(
    desk: Desk,
) -> None:
    for name in ("ci", "crm", "portal"):
        desk.office.tokens[name] = f"Bearer {name}", desk.clock.now() + WEEK
    assert await fetched(desk) == "partner token"
    assert "active are ci, crm, portal;" in desk.warnings[0]
    assert sorted(desk.office.active()) == ["ci", "crm", "portal"]
    desk.set(auth=AuthMode.UNIVERSAL)
    with pytest.raises(Denied, match="TokenLimitReached"):
        await fetched(desk)
    desk.login.error = Denied("login is gone")
    with pytest.raises(Denied, match="does not show us their names"):
        await fetched(desk)
    desk.set(auth=AuthMode.AUTO)
    del desk.office.tokens["ci"]
    desk.clock.time += HOUR + 1
    assert await fetched(desk) == "Bearer token-0"


@pytest.mark.parametrize(
    ("login", "mint", "kind", "words"),
    [
        (Denied("login refused"), REFUSED, Denied, "login refused; MintingNotEnabled"),
        (Busy("login busy", 5.0), REFUSED, Busy, "login busy; POST mint"),
        (Denied("login refused"), busy(), Busy, "login refused; POST mint: 429"),
    ],
    ids=["both refused", "login busy", "mint busy"],
)
async def test_if_neither_token_can_be_had_both_reasons_are_told(
    desk: Desk, login: Busy | Denied, mint: Busy | Denied, kind: type[Exception], words: str
) -> None:
    desk.login.error, desk.office.trouble = login, [mint]
    with pytest.raises(kind, match=words):
        await fetched(desk)


async def test_a_busy_login_without_a_known_id_is_busy(desk: Desk) -> None:
    desk.set(declared="").login.error = Busy("login busy", 5.0)
    with pytest.raises(Busy, match=r"^login busy$"):
        await fetched(desk)


async def test_a_passing_process_signs_in_and_mints_for_an_hour_where_that_is_refused(desk: Desk) -> None:
    desk.set(who=Keeper.PASSING)
    assert await fetched(desk) == "partner token"
    desk.login.error = Denied("login is gone")
    process = desk.process()
    first = await process.fetch()
    assert (first.token, first.until) == (Secret("Bearer token-0"), desk.clock.now() + HOUR / 2)
    assert [life for _, life in desk.office.minted] == [HOUR]
    desk.clock.time += HOUR / 2
    assert (await process.fetch()).token == Secret("Bearer token-1")
    assert len(desk.office.active()) == 1
    await process.close()
    assert desk.office.active() == []
    assert await desk.store.tokens.read(LOGIN) == (), "nothing is kept in a store that does not last"


async def test_a_passing_process_with_universal_mints_at_once(desk: Desk) -> None:
    desk.set(who=Keeper.PASSING, auth=AuthMode.UNIVERSAL)
    assert await fetched(desk) == "Bearer token-0"
    assert desk.login.logins == 0


@pytest.mark.parametrize(
    ("trouble", "kind", "words"),
    [
        (REFUSED, Denied, "login is gone; MintingNotEnabled"),
        (busy(), Busy, "429"),
        (unclear(), Busy, "no answer"),
    ],
    ids=["refused", "busy", "unclear"],
)
async def test_a_passing_process_that_gets_no_token_says_both_reasons(
    desk: Desk, trouble: Busy | Denied, kind: type[Exception], words: str
) -> None:
    desk.set(who=Keeper.PASSING).login.error = Denied("login is gone")
    desk.office.trouble = [trouble]
    with pytest.raises(kind, match=words):
        await fetched(desk)
    desk.set(declared="")
    with pytest.raises(Denied, match="login is gone; declare"):
        await fetched(desk)


@pytest.mark.parametrize("shift", [-50 * DAY, -HOUR, HOUR, 50 * DAY])
async def test_ends_follow_gupshups_clock(desk: Desk, shift: float) -> None:
    desk.office.shift = shift
    await fetched(desk)
    assert desk.office.minted[0][1] == WEEK
    assert await fetched(desk) == "Bearer token-0", "also before the first answer of the next process"
    desk.clock.time += WEEK / 2 + 1
    assert await fetched(desk) == "Bearer token-1"


async def test_the_clock_of_an_earlier_process_saves_a_call_and_a_mistaken_one_is_corrected(
    desk: Desk,
) -> None:
    desk.set(auth=AuthMode.UNIVERSAL).office.shift = 50 * DAY
    first = desk.process()
    await first.mints.office.compare_clocks()
    await first.close()
    second = desk.process()
    await second.fetch()
    assert second.mints.office.ahead is None, "no answer was asked for"
    assert [life for _, life in desk.office.minted] == [WEEK]

    desk.office.shift = -50 * DAY
    desk.office.tokens.clear()
    third = desk.process()
    await desk.store.tokens.forget(LOGIN, [desk.office.minted[0][0]])
    assert desk.office.accepts((await third.fetch()).token)
    assert [life for _, life in desk.office.minted] == [WEEK, WEEK]


async def test_a_lost_mint_is_waited_for_by_no_partner_token_and_revoked_later(desk: Desk) -> None:
    desk.office.lost = [unclear(), unclear()]
    assert await fetched(desk) == "partner token"
    assert len(desk.office.active()) == 1
    assert await fetched(desk) == "partner token"
    assert await fetched(desk) == "partner token", "two may be active: no third one beside them"
    assert desk.office.most == 2
    desk.clock.time += HOUR + 1
    assert await fetched(desk) == "Bearer token-2", "the second one was minted for an hour only"
    assert len(desk.office.active()) == 1


async def test_a_token_that_cannot_be_revoked_lets_no_third_one_be_minted(desk: Desk) -> None:
    await fetched(desk)
    desk.clock.time += WEEK / 2 + 1
    desk.office.deaf, desk.office.lost = True, [unclear()]
    for _ in range(2):
        assert await fetched(desk) == "Bearer token-0"
    assert "could not be revoked" in desk.warnings[-1]
    assert (len(desk.office.minted), desk.office.most) == (2, 2)
    desk.office.deaf = False
    assert await fetched(desk) == "Bearer token-2"
    assert len(desk.office.active()) == 1


async def test_universal_waits_for_the_mint_of_another_process(desk: Desk) -> None:
    """The other one was killed: a minute later its mint counts as lost."""
    desk.set(auth=AuthMode.UNIVERSAL)
    with pytest.raises(KilledError):
        await desk.process(kill=(1, "after")).fetch()
    began = desk.clock.time
    assert await fetched(desk) == "Bearer token-1"
    assert 59 <= desk.clock.time - began <= 61
    assert len(desk.office.active()) == 1


async def test_nobody_waits_for_the_mint_of_another_process_while_a_token_serves(desk: Desk) -> None:
    with pytest.raises(KilledError):
        await desk.process(kill=(1, "after")).fetch()
    began = desk.clock.time
    assert await fetched(desk) == "partner token"
    desk.clock.time += HOUR + 1
    kept = await fetched(desk)
    desk.set(auth=AuthMode.UNIVERSAL).clock.time += HOUR / 2
    with pytest.raises(KilledError):
        await desk.process(kill=(1, "after")).fetch()
    assert await fetched(desk) == kept
    assert desk.clock.time == began + HOUR + 1 + HOUR / 2, "nobody slept"


async def test_what_another_process_kept_meanwhile_is_used(desk: Desk) -> None:
    mine = desk.process()
    rows = await mine.mints.read()
    await fetched(desk)
    issued = await mine.mints.renewed("1368", rows)
    assert issued.token == Secret("Bearer token-0")
    kept = (await mine.mints.read())[0]
    await desk.store.tokens.keep(LOGIN, replace(kept, name="unreadable", sealed="?"))
    await desk.store.tokens.forget(LOGIN, [kept.name])
    assert (await mine.mints.renewed("1368", rows)).token == Secret("Bearer token-1")


async def test_app_routes_that_want_their_own_token_are_remembered_for_a_week(desk: Desk) -> None:
    first = desk.process()
    assert await first.app_routes.refused() == frozenset()
    await first.app_routes.refuse("PUT")
    await first.app_routes.refuse("GET")
    assert await desk.process().app_routes.refused() == {"GET", "PUT"}
    desk.clock.time += WEEK + 1
    assert await desk.process().app_routes.refused() == frozenset()


APP = AppId("7f9c24e8-3b1a-4c5d-8e6f-000000000001")


async def app_token(desk: Desk) -> str:
    process = desk.process()
    issued = await process.app_token(APP, await process.fetch())
    assert desk.office.of_app(APP).accepts(issued.token)
    assert not issued.universal
    return issued.token.reveal()


async def test_a_token_of_an_app_is_minted_for_a_day_kept_and_renewed_at_half_its_life(desk: Desk) -> None:
    assert await app_token(desk) == await app_token(desk)
    assert [round(life) for _, life in desk.office.of_app(APP).minted] == [DAY - 60]
    desk.clock.time += DAY / 2
    await app_token(desk)
    assert len(desk.office.of_app(APP).minted) == 2
    assert {row.state for row in await desk.store.tokens.read(LOGIN)} == {TokenState.KEPT}


async def test_a_refused_token_of_an_app_is_not_handed_out_again(desk: Desk) -> None:
    """It may have been revoked in the portal: the app must not wait for half of its life."""
    refused = Secret(await app_token(desk))
    process = desk.process()
    issued = await process.app_token(APP, await process.fetch(), refused)
    assert issued.token != refused
    assert Secret(await app_token(desk)) == issued.token


async def test_a_passing_process_mints_the_token_of_an_app_for_an_hour_and_keeps_none(desk: Desk) -> None:
    desk.set(who=Keeper.PASSING, auth=AuthMode.UNIVERSAL)
    process = desk.process()
    await process.app_token(APP, await process.fetch())
    assert [round(life) for _, life in desk.office.of_app(APP).minted] == [HOUR + 60]
    await process.close()
    assert desk.office.of_app(APP).active() == desk.office.active() == []
    assert await desk.store.tokens.read(f"{LOGIN} app {APP}") == ()


async def test_tokens_of_an_app_whose_texts_were_lost_give_way_at_the_limit(desk: Desk) -> None:
    ours = f"gupshupctl-{desk.store.id}-"
    there = desk.office.of_app(APP)
    for name in (f"{ours}x", f"{ours}y", "ci"):
        there.tokens[name] = f"Bearer {name}", desk.clock.now() + HOUR
    await app_token(desk)
    assert sorted(there.active()) == ["ci", f"{ours}01"]


async def test_three_tokens_of_others_at_one_app_reject_that_app_alone(desk: Desk) -> None:
    for name in ("ci", "crm", "portal"):
        desk.office.of_app(APP).tokens[name] = f"Bearer {name}", desk.clock.now() + HOUR
    with pytest.raises(Rejected, match="409"):
        await app_token(desk)
    desk.office.of_app(APP).trouble = [REFUSED]
    with pytest.raises(Rejected) as rejected:
        await app_token(desk)
    assert (rejected.value.status, rejected.value.words) == (403, "Forbidden Access")


async def test_a_lost_mint_for_an_app_is_tried_again_in_a_minute(desk: Desk) -> None:
    desk.office.of_app(APP).lost = [unclear()]
    with pytest.raises(Busy) as busy_now:
        await app_token(desk)
    assert busy_now.value.until == desk.clock.now() + 60


async def test_a_token_of_an_app_that_cannot_be_read_any_more_is_minted_anew(desk: Desk) -> None:
    await app_token(desk)
    desk.secret = Secret("rotated")
    desk.office.secrets = {"rotated"}
    await app_token(desk)
    assert len(desk.office.of_app(APP).minted) == 2


EFFECTS = 5
KILLS = [(number, when) for number in range(EFFECTS) for when in ("before", "after")]


@pytest.mark.parametrize("auth", [AuthMode.AUTO, AuthMode.UNIVERSAL])
@pytest.mark.parametrize("second", KILLS)
@pytest.mark.parametrize("first", KILLS)
async def test_killed_at_any_two_effects_the_next_process_gets_there(
    desk: Desk, first: tuple[int, str], second: tuple[int, str], auth: AuthMode
) -> None:
    """Renewal: begin, mint, keep, revoke, forget. Never are more than two of ours active."""
    desk.set(auth=auth)
    await fetched(desk)
    desk.clock.time += WEEK / 2 + 1
    for kill in (first, second):
        try:
            issued = await desk.process(kill).fetch()
            assert desk.office.accepts(issued.token)
        except KilledError:
            desk.clock.time += 61
    issued = await desk.process().fetch()
    assert desk.office.accepts(issued.token)
    assert desk.office.most <= 2
    desk.clock.time += WEEK / 2 + 1
    await fetched(desk)
    assert len(desk.office.active()) == 1, "the next renewal has cleared up"
