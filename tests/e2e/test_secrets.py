"""No secret reaches an output, a log or the store: not with errors either, and not in the loudest logs."""

from pathlib import Path

from tests.e2e.world import World, app, subscription, world

EMAIL, SECRET, HOOK = "canary.mail@example.com", "canary+secret/of the?partner", "canary-of-the-hook"
TOKENS = ("eyJ", "sk_")
"""How the stand-in's partner tokens and app tokens begin."""


def loudest(there: World) -> tuple[str, ...]:
    known = "--log-level" in there.run("apply", "--help").out
    return ("--log-level", "debug") if known else ()


def test_no_secret_is_seen_anywhere(tmp_path: Path) -> None:
    headers = "headers: {X-Hook: {env: HOOK_SECRET}}"
    with world(tmp_path, "--email", EMAIL, "--secret", SECRET) as there:
        there.declare(app("AppOne", 1), app("AppTwo", 2), subscription("events", "app: AppOne", headers))
        assert there.token().startswith(TOKENS[0])
        loud = loudest(there)
        there.faults(
            {"kind": "html", "route": "link", "nth": 1},
            {"kind": "401", "route": "subscriptions", "nth": 1},
            {"kind": "500", "route": "subscribe", "nth": 1, "message": f"echo {HOOK}"},
        )
        runs = [
            there.run("plan", *loud, HOOK_SECRET=HOOK),
            there.apply("--timeout", "1s", *loud, HOOK_SECRET=HOOK),
            there.run("apply", "--yes", "--timeout", "9s", *loud, HOOK_SECRET=HOOK),
            there.run("get", "-o", "json"),
            there.run("describe", "AppOne"),
            there.apply(*loud, GUPSHUP_SECRET=SECRET + "wrong"),
            there.apply("--timeout", "1s", *loud, GUPSHUP_URL="http://127.0.0.1:1"),
        ]
        assert [run.code for run in runs][-2:] == [7, 1]
        assert HOOK in str(there.apps()) or not there.calls("subscribe")
        told = [run.out + run.err for run in runs]
        kept = [path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file()]
        for canary in (SECRET, HOOK, EMAIL, *TOKENS, "canary%2Bsecret", "canary+secret"):
            assert not [text for text in told if canary in text], canary
            assert not [text for text in kept if canary in text], canary
