"""One account is one account: however one signs in, and whatever its Partner is called, it is known again."""

import json
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.test_run import EAGER
from tests.e2e.world import PARTNER, World, app, subscription, world

SLOW = PARTNER.replace("lateEffect: 3s", "lateEffect: 14s")
LATE = {"kind": "late", "route": "link", "nth": 1, "seconds": 12, "status": 504}
ONE = app("AppOne", 1)


def universal(there: World) -> str:
    """Mint a universal token of the account, which does not show whose it is."""
    account = there.upstream().rpartition("#")[2]
    form = {
        "email": there.environ["GUPSHUP_EMAIL"],
        "clientSecret": there.environ["GUPSHUP_SECRET"],
        "name": f"ours-{len(there.calls())}",
    }
    answer = there.http.post(
        f"/partner/{account}/auth/token", data=form, headers={"Authorization": there.token()}
    )
    return f"Bearer {answer.json()['token']['token']}"


def names(there: World, table: str = "history") -> set[str]:
    """Return what the store calls the accounts that it knows something of."""
    path = there.folder / ".gupshupctl" / "state.db"
    with closing(sqlite3.connect(path)) as raw:
        return {row[0] for row in raw.execute(f"SELECT DISTINCT upstream FROM {table}")}  # noqa: S608  (ours)


def partner(spec: str, name: str = "main") -> str:
    return PARTNER.replace("name: main", f"name: {name}").replace("spec: {", f"spec: {{{spec}, ")


@pytest.mark.parametrize("first", ["token", "email"])
def test_an_unclear_link_is_not_repeated_after_another_way_to_sign_in(tmp_path: Path, first: str) -> None:
    """By a token without an id, and by e-mail, one after the other; the Partner gets another name, too."""
    with world(tmp_path) as there:
        ways = [{"GUPSHUP_PARTNER_TOKEN": universal(there)}, {}]
        one, other = ways if first == "token" else reversed(ways)
        there.declare(SLOW, ONE)
        if first == "email":  # then an app that is bound tells whose the token is
            there.declare(SLOW, app("AppZero", 9))
            assert there.apply(**one).summary == {"linked": 1}
            there.declare(SLOW, app("AppZero", 9), ONE)
        there.faults(LATE)
        unclear = there.apply("--timeout", "5s", **one)
        assert unclear.code == 6, unclear.err
        there.declare(
            SLOW.replace("name: main", "name: renamed"), *([app("AppZero", 9)] * (first == "email")), ONE
        )

        done = there.apply("--wait", "--timeout", "60s", **other)

        assert done.code == 0, done.err
        sent = [call for call in there.calls("link") if "(the effect)" not in call["fault"]]
        assert [call["phone"] for call in sent].count("910000000001") == 1
        assert len(names(there)) == 1


def test_two_ways_to_sign_in_share_one_lock(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(PARTNER, ONE, subscription())
        token = universal(there)
        by_email = dict(there.environ)
        there.environ |= {"GUPSHUP_PARTNER_TOKEN": token}
        with there.going("run", *EAGER) as run:
            there.until(lambda w: w.tags() == {"AppOne": ["events"]})
            there.environ = by_email
            locked = there.apply()
            assert locked.code == 8, locked.err
            assert "another writer holds it" in locked.err
            assert run.signal(signal.SIGTERM).code == 0
        assert there.apply().code == 0


def test_an_account_that_may_be_a_known_one_is_left_alone(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        account = there.upstream().rpartition("#")[2]
        there.declare(PARTNER, app("AppOne", 1, "policies: []"))
        assert there.apply().code == 0, "it is known now, and none of its apps"
        there.declare(PARTNER, ONE)
        token, before = universal(there), len(there.calls())

        told = {
            verb: there.run(*verb.split(), GUPSHUP_PARTNER_TOKEN=token)
            for verb in ("plan", "apply --yes", "run --once")
        }

        assert {done.code for done in told.values()} == {1}
        for done in told.values():
            assert f'declare partnerId: "{account}"' in done.err.replace("\\", ""), done.err
        assert there.calls(since=before) == []
        assert there.plan(GUPSHUP_PARTNER_TOKEN=token, GUPSHUP_PARTNER_ID=account).code == 0
        there.declare(partner(f'partnerId: "{account}"'), ONE)
        assert there.apply(GUPSHUP_PARTNER_TOKEN=token).summary == {"linked": 1}
        there.declare(PARTNER, ONE)
        assert there.apply(GUPSHUP_PARTNER_TOKEN=token).code == 0, "an app of it is known now"
        assert len(names(there)) == 1


@pytest.mark.parametrize("way", ["an e-mail", "a token that claims it", "a login that tells none"])
def test_an_id_that_gupshup_contradicts_is_refused_before_anything_is_sent(tmp_path: Path, way: str) -> None:
    told = "claimed" if way == "a login that tells none" else "told"
    with world(tmp_path, "--switch", f"partner-id={told}") as there:
        there.declare(partner('partnerId: "99"'), ONE)
        environ = {"GUPSHUP_PARTNER_TOKEN": there.token()} if "token that" in way else {}
        before = len(there.calls())
        for verb in ("plan", "apply --yes"):
            done = there.run(*verb.split(), **environ)
            assert done.code == 1
            assert "partnerId 99 is declared" in done.err
        assert {call["route"] for call in there.calls(since=before)} <= {"login", "mintPartner", ""}


def test_an_account_whose_login_returns_no_id_is_recognised_by_its_apps(tmp_path: Path) -> None:
    with world(tmp_path, "--switch", "partner-id=untold") as there:
        there.declare(PARTNER, ONE, subscription())
        for _ in range(2):
            done = there.apply("--wait", "--timeout", "60s")
            assert done.code == 0, done.err
        assert names(there) == {f"{there.url}#provisional"}


def test_two_partners_that_turn_out_to_be_one_account_are_refused(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        two = 'credentials: {token: {env: GUPSHUP_PARTNER_TOKEN}}, url: "' + there.url + '"'
        there.declare(
            PARTNER,
            partner(two, "other"),
            app("AppOne", 1, "partner: main"),
            app("AppTwo", 2, "partner: other"),
        )
        done = there.apply(GUPSHUP_PARTNER_TOKEN=there.token())

        assert done.code in {1, 3}
        assert len(there.calls("link")) <= 1
        errors = [line for line in done.err.splitlines() if "are one account" in line]
        assert len(errors) == 1, done.err


def test_the_address_of_gupshup_may_be_written_in_any_spelling(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(PARTNER, ONE)
        assert there.apply().code == 0
        url = there.url.upper().replace("HTTP", "Http") + "/"
        assert there.apply(GUPSHUP_URL=url).code == 0
        assert names(there) == {there.upstream()}
        assert {each["upstream"] for each in json.loads(there.run("get", "-o", "json").out)["items"]} == {
            there.upstream()
        }
