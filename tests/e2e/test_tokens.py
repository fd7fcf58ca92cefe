"""Universal Tokens: minted where they are allowed, kept in the store, shared, renewed and given back."""

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.world import AMPLE, HASTY, THREE, World, world

UNIVERSAL = HASTY.replace("spec: {", "spec: {credentials: {auth: universal}, ")
TOKEN_CALLS = ("login", "token", "mintPartner", "revokePartner", "partnerTokens")
OLD_ENDED = ("--switch", "login-ends=always", "--switch", "app-tokens-end=always")


def account(there: World) -> Any:  # noqa: ANN401  (JSON)
    return there.http.get("/_simulator/accounts").json()["accounts"][0]


def active(there: World) -> list[str]:
    """Return the names of the tokens that are active."""
    return [each["name"] for each in account(there)["universalTokens"] if each["status"] == "ACTIVE"]


def spent(there: World, since: int = 0) -> dict[str, int]:
    """Return how many calls about tokens there were."""
    return dict(Counter(each["route"] for each in there.calls(*TOKEN_CALLS, since=since)))


def settled(there: World, *, store: str = "kept.db", partner: str = HASTY) -> int:
    """Apply three apps with one subscription each, and return how many calls that took."""
    there.declare(partner, *THREE)
    done = there.apply("--wait", "--store", store)
    assert done.code == 0, done
    return len(there.calls())


def test_the_second_run_with_a_store_mints_and_those_after_it_use_what_is_kept(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        begun = settled(there)
        assert spent(there) == {"login": 1, "token": 3}, "each mint sends a mail: a new store signs in"
        assert there.apply("--store", "kept.db").code == 0
        second = len(there.calls())
        assert spent(there, begun) == {"mintPartner": 1}, "the id is known, so no login comes before"
        assert there.apply("--store", "kept.db").code == 0
        assert there.plan("--store", "kept.db").code == 0
        assert spent(there, second) == {}
        assert len(there.calls(since=second)) == 2 * (3 + 2), "a look at each app, and a list of two pages"
        (name,) = active(there)
        lives = account(there)["universalTokens"][0]
        assert name.startswith("gupshupctl-")
        assert 7 * 86_400 - 5 <= (lives["expiredOn"] - lives["createdOn"]) / 1000 <= 7 * 86_400


def test_the_store_holds_no_token_that_can_be_read(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        settled(there)
        assert there.apply("--store", "kept.db").code == 0
    with closing(sqlite3.connect(tmp_path / "kept.db")) as store:
        ((name, state, sealed),) = store.execute("SELECT name, state, sealed FROM universal_tokens")
    assert (name.startswith("gupshupctl-"), state) == (True, "kept")
    assert sealed.startswith("gAAAA"), "Fernet's mark"
    content = (tmp_path / "kept.db").read_bytes()
    assert b"eyJ" not in content


@pytest.mark.parametrize("partner", [HASTY, UNIVERSAL], ids=["auto", "universal"])
def test_with_the_old_login_gone_a_new_store_mints_for_an_hour_and_gives_it_back(
    tmp_path: Path, partner: str
) -> None:
    with world(tmp_path, *AMPLE, *OLD_ENDED) as there:
        there.environ["GUPSHUP_PARTNER_ID"] = "1368"
        settled(there, partner=partner)
        (token,) = account(there)["universalTokens"]
        assert 3595 <= (token["expiredOn"] - token["createdOn"]) / 1000 <= 3600
        assert token["status"] == "REVOKED"
        assert spent(there).get("token", 0) == 0, "no app token where the other one opens app routes"


def test_without_the_partners_id_and_a_login_people_are_told_what_to_declare(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE, *OLD_ENDED) as there:
        there.declare(HASTY, *THREE)
        done = there.apply("--store", "kept.db")
        assert done.code == 7
        assert "declare spec.partnerId or GUPSHUP_PARTNER_ID" in done.err + done.out


def test_a_rotated_secret_mints_anew_and_revokes_what_cannot_be_read_any_more(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        settled(there)
        assert there.apply("--store", "kept.db").code == 0
        (before,) = active(there)
        there.control("account", {"secret": "another-secret"})
        there.environ["GUPSHUP_SECRET"] = "another-secret"
        assert there.apply("--store", "kept.db").code == 0
        (after,) = active(there)
        assert after != before


def test_a_token_that_was_revoked_in_the_portal_is_minted_anew_in_the_same_run(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        settled(there)
        assert there.apply("--store", "kept.db").code == 0
        since = len(there.calls())
        there.control("account", {"revoke": active(there)})
        assert there.apply("--store", "kept.db").code == 0
        assert spent(there, since)["mintPartner"] == 1
        assert len(active(there)) == 1


def test_three_tokens_of_others_are_named_and_nothing_of_theirs_is_revoked(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.environ["GUPSHUP_PARTNER_ID"] = "1368"
        others = [{"name": name, "seconds": 86_400} for name in ("ci", "crm", "portal")]
        there.control("account", {"universalTokens": others})
        there.declare(UNIVERSAL, *THREE)
        done = there.apply("--store", "kept.db")
        assert done.code == 7
        assert "TokenLimitReached" in done.err + done.out
        assert sorted(active(there)) == ["ci", "crm", "portal"]


def test_an_account_that_may_not_mint_goes_on_with_the_partner_token_and_says_so(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE, "--switch", "minting=no") as there:
        settled(there)
        since = len(there.calls())
        done = there.apply("--store", "kept.db")
        assert done.code == 0
        assert "MintingNotEnabled" in done.err
        assert "1 April 2027" in done.err
        assert spent(there, since)["mintPartner"] == 1
        since = len(there.calls())
        assert there.apply("--store", "kept.db").code == 0
        assert "mintPartner" not in spent(there, since), "a refused mint is tried again after a day"


@pytest.mark.parametrize("opens", ["no", "some"])
def test_where_app_routes_want_their_own_token_that_is_found_out_once(tmp_path: Path, opens: str) -> None:
    with world(tmp_path, *AMPLE, "--switch", f"universal-on-apps={opens}") as there:
        settled(there)
        there.declare(HASTY, *THREE[:3], THREE[3].replace("MESSAGE", "READ"))
        assert there.apply("--store", "kept.db", "--wait").code == 0
        assert all(each["subscriptions"][0]["mode"] == 5 for each in there.apps().values())
        since = len(there.calls())
        assert there.apply("--store", "kept.db").code == 0
        refused = [each for each in there.calls(since=since) if each["status"] in {401, 403}]
        assert refused == []


def test_where_app_tokens_are_gone_too_an_app_gets_a_token_of_its_own(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE, "--switch", "universal-on-apps=no", *OLD_ENDED) as there:
        there.environ["GUPSHUP_PARTNER_ID"] = "1368"
        settled(there)
        assert there.apply("--store", "kept.db").code == 0
        since = len(there.calls())
        assert there.apply("--store", "kept.db").code == 0
        assert {each["route"] for each in there.calls(since=since)} == {"list", "subscriptions"}


@pytest.mark.parametrize("shift", [-40 * 86_400, 7200, 40 * 86_400])
def test_the_end_of_a_token_follows_gupshups_clock(tmp_path: Path, shift: int) -> None:
    with world(tmp_path, *AMPLE, "--switch", f"clock-shift={shift}", *OLD_ENDED) as there:
        there.environ["GUPSHUP_PARTNER_ID"] = "1368"
        settled(there)
        assert there.apply("--store", "kept.db").code == 0
        since = len(there.calls())
        assert there.apply("--store", "kept.db").code == 0
        assert spent(there, since) == {}
        tokens = account(there)["universalTokens"]
        lives = sorted(round((each["expiredOn"] - each["createdOn"]) / 3_600_000) for each in tokens)
        assert lives == [1, 7 * 24]


def test_a_mint_whose_answer_was_lost_is_revoked_by_name_after_the_next_one(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        settled(there)
        there.faults({"kind": "lose-reply", "route": "mintPartner", "nth": 1, "seconds": 0.1})
        assert there.apply("--store", "kept.db").code == 0, "the partner token serves meanwhile"
        (lost,) = active(there)
        assert there.apply("--store", "kept.db").code == 0
        (kept,) = active(there)
        assert kept != lost
        token = next(each for each in account(there)["universalTokens"] if each["name"] == kept)
        assert token["expiredOn"] - token["createdOn"] <= 3_600_000, "a second one could be lost, too"


def test_many_commands_at_once_mint_once(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        settled(there)
        since = len(there.calls())
        with (
            there.going("plan", "--store", "kept.db") as one,
            there.going("plan", "--store", "kept.db") as two,
        ):
            assert [one.end().code, two.end().code] == [0, 0]
        assert spent(there, since)["mintPartner"] == 1
        assert len(active(there)) == 1


def test_run_keeps_its_token_at_once_and_a_restart_takes_it_over(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, *THREE)
        for _ in range(2):
            with there.going(
                "run", "--manifests", "manifests", "--store", "kept.db", "--listen", "127.0.0.1:0"
            ) as going:
                there.until(lambda world: len(world.tags().get("AppThree", [])) == 1)
                going.said("pass done")
        assert spent(there)["mintPartner"] == 1
        (token,) = account(there)["universalTokens"]
        assert round((token["expiredOn"] - token["createdOn"]) / 3_600_000) == 24
        assert json.dumps(token)
