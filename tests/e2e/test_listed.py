"""What `get` and `describe` show of what Gupshup lists, after an apply."""

from pathlib import Path

import yaml

from tests.e2e.world import AMPLE, HASTY, THREE, world


def test_the_store_shows_what_gupshup_lists_without_a_call(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, *THREE)
        there.plan()
        assert "no status yet: the first pass of `apply` or `run` writes one" in there.run("get").out
        assert there.apply("--wait").code == 0
        before = len(there.calls())

        document = there.run("get", "-o", "json").json()
        assert document == yaml.safe_load(there.run("get", "-o", "yaml").out)
        one = next(each for each in document["items"] if each["name"] == "AppOne")
        assert one["listed"] is True
        observed = one["observed"]
        assert (observed["appName"], observed["phone"], observed["wabaId"]) == (
            "AppOne",
            "91******0001",
            "3000000001",
        )
        _, *rows = there.run("get", "apps", "-o", "wide").out.splitlines()
        assert [cell for row in rows if row.startswith("AppOne ") for cell in row.split()[8:10]] == [
            "91******0001",
            "3000000001",
        ]
        hooks = there.run("get", "subscriptions", "AppOne", "-o", "wide")
        assert hooks.code == 1, "no subscription has this name"
        wide = there.run("get", "subscriptions", "-o", "wide").out
        assert "https://hooks.example.com/AppOne    3        SENT, MESSAGE  yes" in wide
        assert there.run("get", "subscriptions", "-o", "name").out == "Subscription/events\n"
        assert there.run("get", "-o", "name").out.split() == ["App/AppOne", "App/AppThree", "App/AppTwo"]
        assert there.run("get", "partners", "-o", "name").out == "Partner/main\n"
        assert "MINTING" in there.run("get", "partners", "-o", "wide").out
        assert there.run("get", "foreign", "-o", "name").out == ""
        assert there.run("get", "report", "-o", "name").code == 64

        described = there.run("describe", "AppOne")
        for words in ("App name:  AppOne", "Phone:     91******0001", "WABA:      3000000001"):
            assert words in described.out
        assert "https://hooks.example.com/AppOne" in described.out
        assert (
            "URL:       https://hooks.example.com/AppTwo" in there.run("describe", "Subscription/events").out
        )
        assert len(there.calls()) == before
