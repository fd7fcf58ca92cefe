"""What will stop working, and an account that may not link apps, are told before anything goes wrong."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.e2e.world import PARTNER, World, app, world


def in_days(there: World, days: float) -> datetime:
    """Return the moment that is so many days away, by Gupshup's own clock."""
    there.token()
    return datetime.fromtimestamp(there.calls()[-1]["at"], UTC) + timedelta(days=days)


def universal(there: World, days: float) -> dict[str, str]:
    """Mint a universal token that lasts for so many days, and return what hands it to the command."""
    account = there.upstream().rpartition("#")[2]
    form = {
        "email": there.environ["GUPSHUP_EMAIL"],
        "clientSecret": there.environ["GUPSHUP_SECRET"],
        "name": "ours",
        "expiry": str(int(in_days(there, days).timestamp() * 1000)),
    }
    token = {"Authorization": there.token()}
    answer = there.http.post(f"/partner/{account}/auth/token", data=form, headers=token)
    return {
        "GUPSHUP_PARTNER_TOKEN": f"Bearer {answer.json()['token']['token']}",
        "GUPSHUP_PARTNER_ID": account,
    }


def declared(expires: str) -> str:
    """Return a Partner whose client secret ends on that day."""
    given = "email: {env: GUPSHUP_EMAIL}, secret: {env: GUPSHUP_SECRET}"
    return PARTNER.replace("spec: {", f"spec: {{credentials: {{{given}, expires: {expires}}}, ")


def test_a_plan_says_that_terms_are_pending_before_any_link(tmp_path: Path) -> None:
    with world(tmp_path, "--switch", "terms=pending") as there:
        there.seed({"name": "AppTwo", "phone": "910000000002"})
        there.declare(PARTNER, app("AppOne", 1), app("AppTwo", 2))
        planned = there.plan()

        assert planned.code == 5
        assert "Warning: partner main: Gupshup's terms of use are not accepted" in planned.err
        document = planned.json()
        assert [(each["name"], each["reason"]) for each in document["blocked"]] == [
            ("AppOne", "TermsNotAccepted")
        ]
        assert document["actions"] == []
        assert [each["reason"] for each in document["warnings"]] == ["TermsNotAccepted"]

        applied = there.apply()
        assert applied.code == 5
        assert applied.summary == {"blocked": 1, "unchanged": 1}
        assert "Warning: partner main: Gupshup's terms of use are not accepted" in applied.err
        assert there.calls("link") == []
        assert "main  False" in there.run("get", "partners").out


def test_the_end_of_a_secret_is_a_warning_a_condition_and_a_line(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        day = in_days(there, 6).date().isoformat()
        there.declare(declared(day), app("AppOne", 1))
        planned = there.plan()
        assert planned.code == 0
        assert f"Warning: partner main: the client secret ends at {day}T00:00:00Z" in planned.err
        assert [each["reason"] for each in planned.json()["warnings"]] == ["SecretEnds"]

        assert there.apply().json()["warnings"] == planned.json()["warnings"]
        (item,) = there.run("get", "partners", "-o", "json").json()["items"]
        assert [each for each in item["credentials"] if not each["renewed"]] == [
            {"credential": "client secret", "endsAt": f"{day}T00:00:00Z", "renewed": False}
        ]
        conditions = {each["type"]: (each["status"], each["reason"]) for each in item["conditions"]}
        assert conditions == {
            "CredentialsEnding": ("True", "SecretEnds"),
            "LinksAllowed": ("True", "LinksAllowed"),
            "MintingAllowed": ("True", "MintingAllowed"),
        }
        described = there.run("describe", "Partner/main").out
        assert "CredentialsEnding" in described

        there.declare(PARTNER, app("AppOne", 1))
        assert "Warning:" not in there.plan().err, "what is not declared is not known"


def test_a_given_token_that_ends_in_six_days_is_told(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(PARTNER, app("AppOne", 1))
        given = universal(there, 6.01)
        planned = there.plan(**given)
        assert planned.code == 0, planned.err
        assert "Warning: partner main: the universal token ends at" in planned.err
        assert [each["reason"] for each in planned.json()["warnings"]] == ["TokenEnds"]
        assert there.apply(**given).code == 0
        (item,) = there.run("get", "partners", "-o", "json").json()["items"]
        assert [each["credential"] for each in item["credentials"]] == ["universal token"]


def test_a_partner_token_of_today_is_no_news(tmp_path: Path) -> None:
    with world(tmp_path) as there:
        there.declare(PARTNER, app("AppOne", 1))
        there.stay_signed_in()
        assert "Warning:" not in there.plan().err


def test_what_a_plan_learnt_of_the_account_is_known_to_a_run_whose_token_tells_nothing(
    tmp_path: Path,
) -> None:
    with world(tmp_path, "--switch", "terms=pending") as there:
        there.declare(PARTNER, app("AppOne", 1))
        for _ in range(2):
            assert there.plan().json()["blocked"][0]["reason"] == "TermsNotAccepted"
        assert there.apply().code == 5
        assert there.calls("mintPartner"), "only a login tells of terms"
        assert there.calls("link") == []
        there.control("account", {"set": {"termsRead": True}})
        assert there.apply().summary["linked"] == 1
