"""`show KIND/NAME`: what is declared beside what was observed, field by field, without a call."""

from pathlib import Path

from tests.e2e.world import AMPLE, HASTY, PARTNER, World, app, subscription, world

MOVED = "https://elsewhere.example.com/x"


def marks(there: World, name: str, *more: str) -> dict[str, str]:
    """Return the agreement of each field."""
    (item,) = there.run("show", name, "-o", "json", *more).json()["items"]
    return {each["field"]: each["agreement"] for each in item["fields"]}


def test_an_app_and_a_subscription_are_compared_with_the_last_observation(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, app("AppOne", 1), subscription())
        assert there.run("show", "App/AppOne").code == 1, "there is no store yet"
        assert there.apply("--wait").code == 0
        before = len(there.calls())

        assert marks(there, "app/AppOne")["phone"] == "same"
        text = there.run("show", "App/AppOne").out
        assert "=  phone          91******0001" in text
        assert "link (done), apply by " in text
        assert "910000000001" in there.run("show", "App/AppOne", "--show-phones").out
        assert marks(there, "Subscription/events") == {
            "tag": "same",
            "url": "same",
            "version": "same",
            "modes": "same",
            "active": "same",
            "showOnUI": "unreadable",
        }

        moved = subscription(
            "events", "app: AppOne", f"url: {MOVED}", "headers: {X-Hook: {env: HOOK_SECRET}}"
        )
        there.declare(HASTY, app("AppOne", 1), moved, app("AppTwo", 2))
        found = marks(there, "Subscription/events")
        assert (found["url"], found["headers"], found["tag"]) == ("differs", "unreadable", "same")
        text = there.run("show", "Subscription/events").out
        assert f"~  url       {MOVED}" in text
        assert "https://hooks.example.com/AppOne" in text
        assert "X-Hook" in text
        assert marks(there, "App/AppTwo")["appName"] == "unknown"
        assert "not yet" in there.run("show", "App/AppTwo").out

        there.declare(PARTNER)
        assert set(marks(there, "App/AppOne").values()) == {"undeclared"}
        other = there.folder / "other.yaml"
        other.write_text(f"{HASTY}---\n{app('AppOne', 7)}", encoding="utf-8")
        assert marks(there, "App/AppOne", str(other))["phone"] == "differs"
        assert len(there.calls()) == before


def test_what_show_cannot_compare_is_refused(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, app("AppOne", 1))
        assert there.apply().code in {0, 6}
        mistyped = there.run("show", "App/Appone")
        assert (mistyped.code, mistyped.err.endswith("; did you mean App/AppOne?\n")) == (1, True), (
            mistyped.err
        )
        other = there.run("show", "App/Zzzzzzzz")
        assert (other.code, "`gupshupctl get` lists what the store has" in other.err) == (1, True), other.err
        assert "; a resource is App/AppOne" in there.run("show", "AppOne").err
        assert "; a resource is App/acme" in there.run("show", "deploy/AppOne").err
        assert "did you mean Subscription/events?" in there.run("show", "subscriptoin/events").err
        partner = there.run("show", "partner/main")
        assert (partner.code, "gupshupctl describe Partner/main" in partner.err) == (64, True)
        assert there.run("show", "App/AppOne", "-o", "markdown").code == 64
        assert there.run("show", "App/AppOne", "--output-file", "json=x.json").code == 64
        assert not (there.folder / "x.json").exists()
        assert there.run("show", "plan.json", "manifests").code == 64
        there.declare("kind: Nothing\n")
        assert there.run("show", "App/AppOne").code == 3
