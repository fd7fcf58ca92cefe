"""A live account as manifests: killed again and again, the same bytes, and a plan with nothing to do."""

import signal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from controller.loop.reconcile.observe import CONCURRENT_READS
from tests.e2e.world import AMPLE, HASTY, World, world

KILLS = 10
FEW_TOKENS = HASTY.replace("spec: {", "spec: {credentials: {auth: legacy}, ")
"""An account without Universal Tokens, so that two runs need the same calls."""

IMPORT = ("import", "--out", "m", "m")


def webhook(number: int, **more: object) -> dict[str, object]:
    tier = "gold" if number % 2 else "silver"
    base = {"tag": "events", "url": f"https://hooks.example.com/{tier}", "version": 3, "modes": ["MESSAGE"]}
    return {**base, **more}


def customer(number: int, **more: object) -> dict[str, object]:
    """Return an app that was there before; every tenth has a webhook of its own."""
    own = [webhook(number, tag="own", url=f"https://own{number}.example.com/")] if number % 10 == 0 else []
    return {
        "name": f"Customer{number:04}",
        "phone": f"9198{number:08}",
        "wabaId": f"3000{number:06}",
        "subscriptions": [webhook(number), *own],
        **more,
    }


@pytest.fixture
def there(tmp_path: Path) -> Any:  # noqa: ANN401  (a generator)
    with world(tmp_path, *AMPLE) as found:
        (tmp_path / "m").mkdir()
        (tmp_path / "m" / "partner.yaml").write_text(FEW_TOKENS, encoding="utf-8")
        yield found


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def calls_beyond(far: int, there: World) -> bool:
    return len(there.calls()) > far


def test_an_import_killed_ten_times_has_the_same_bytes_and_few_more_calls(
    there: World, tmp_path: Path
) -> None:
    there.seed(*(customer(number) for number in range(150)))
    (tmp_path / "once").mkdir()
    (tmp_path / "once" / "partner.yaml").write_text(FEW_TOKENS, encoding="utf-8")
    before = len(there.calls())
    assert there.run("import", "--out", "once", "once").code == 0
    least = len(there.calls()) - before
    reads = there.counted(before)
    assert (reads["wabaInfo"], reads["subscriptions"]) == (150, 150)

    before = len(there.calls())
    for kill in range(KILLS):
        far = before + (kill + 1) * least // (2 * KILLS)
        with there.going(*IMPORT) as going:
            there.until(partial(calls_beyond, far))
            going.signal(signal.SIGKILL)
        assert (tmp_path / "m" / ".import" / "journal.jsonl").exists()
    done = there.run(*IMPORT)
    assert (done.code, done.out.splitlines()[0]) == (
        0,
        "150 apps and 17 subscriptions in 151 files below m. 0 left out.",
    )
    assert "are in the journal of an earlier try" in done.err
    assert len(there.calls()) - before <= least + KILLS * (2 + 2 * CONCURRENT_READS)
    assert files(tmp_path / "m") == files(tmp_path / "once")

    planned = there.plan("m")
    assert (planned.code, planned.summary) == (0, {"unchanged": 150 + 165})
    assert there.within_limits()


def test_what_cannot_be_read_is_left_out_and_named(there: World, tmp_path: Path) -> None:
    there.seed(
        *(customer(number) for number in range(4)),
        customer(4, live=False, stage="stuck"),
        customer(5, subscriptions=[webhook(5, url="http://plain.example.com/")]),
    )
    done = there.run(*IMPORT)
    assert done.code == 5
    assert "! left out  app Customer0004 (" in done.out
    assert "! left out  webhook events on Customer0005: GS501: spec.url " in done.out
    again = there.run(*IMPORT)
    assert again.code == 5
    assert "! left out  webhook events on Customer0005: GS501: spec.url " in again.out
    assert "Customer0004.yaml" not in [path.name for path in (tmp_path / "m" / "apps").iterdir()]
    assert there.plan("m").summary == {"unmanaged": 1, "unchanged": 5 + 5}

    shown = there.run(*IMPORT, "-o", "json").json()
    assert (shown["declared"], [out["app"] for out in shown["leftOut"]]) == (
        5,
        ["Customer0004", "Customer0005"],
    )


def test_a_later_import_puts_what_is_alike_into_a_file_of_its_own(there: World, tmp_path: Path) -> None:
    there.seed(*(customer(number) for number in (1, 3, 5)))
    assert there.run(*IMPORT).code == 0
    before = files(tmp_path / "m")
    there.seed(*(customer(number) for number in (7, 9, 11)))
    assert there.run(*IMPORT).out.startswith(
        "3 apps and 1 subscription in 4 files below m. 3 apps declared before."
    )
    after = files(tmp_path / "m")
    assert {path: after[path] for path in before} == before
    assert b"name: events-" in after["webhooks-2.yaml"]
    assert there.plan("m").summary == {"unchanged": 12}


def test_names_with_signs_that_steer_a_terminal_are_shown_as_escapes(there: World) -> None:
    there.seed(customer(1, name="\u202eevil\u0007"))
    done = there.run(*IMPORT)
    assert done.code == 5
    assert "! left out  app \\u202eevil\\x07 (" in done.out


def test_hosts_are_listed_and_a_query_that_may_hold_a_secret_is_not_written_in_silence(
    there: World, tmp_path: Path
) -> None:
    theirs = webhook(2, tag="theirs", url="https://evil.example.org/x?token=s3cret")
    there.seed(customer(1), customer(2, subscriptions=[webhook(2), theirs]))
    done = there.run(*IMPORT)
    assert done.out.splitlines()[-1] == "hosts of webhooks: evil.example.org (1), hooks.example.com (2)"
    (warning,) = [line for line in done.err.splitlines() if line.startswith("Warning")]
    assert warning.startswith(
        "Warning: Subscription/Customer0002-theirs: its URL at evil.example.org has a query"
    )
    assert "s3cret" not in done.out + done.err
    assert b"token=s3cret" in files(tmp_path / "m")["apps/Customer0002.yaml"]
    again = there.run(*IMPORT)
    assert "2 apps declared before. Their webhooks were not read again: import --patch" in again.out


def test_no_file_is_overwritten(there: World, tmp_path: Path) -> None:
    there.seed(customer(1), customer(2))
    (tmp_path / "m" / "apps").mkdir()
    (tmp_path / "m" / "apps" / "Customer0002.yaml").write_text("# mine\n", encoding="utf-8")
    before = files(tmp_path / "m")
    done = there.run(*IMPORT)
    assert (done.code, done.out) == (1, "")
    assert "m/apps/Customer0002.yaml exists and holds something else" in done.err
    left = files(tmp_path / "m")
    assert {path: left[path] for path in before} == before
    assert set(left) - set(before) == {".import/.gitignore", ".import/journal.jsonl"}
    assert left[".import/.gitignore"] == b"*\n"


def test_only_some_apps(there: World, tmp_path: Path) -> None:
    there.seed(customer(1), customer(2))
    assert there.run(*IMPORT, "--only", "App/Customer0002").code == 0
    assert [path.name for path in (tmp_path / "m" / "apps").iterdir()] == ["Customer0002.yaml"]
    mistyped = there.run(*IMPORT, "--only", "Custmer0001")
    assert "no app of this account has that name; did you mean Customer0001?" in mistyped.err
    done = there.run(*IMPORT, "--only", "Nobody")
    assert (done.code, done.out) == (1, "")
    assert "--only Nobody: no app of this account has that name" in done.err
    assert there.run(*IMPORT).out.startswith(
        "1 app and 1 subscription in 1 file below m. 1 app declared before."
    )


def test_an_account_without_manifests_gets_its_partner(there: World, tmp_path: Path) -> None:
    there.seed(customer(1))
    assert there.run("import", "--out", "fresh").code == 0
    assert set(files(tmp_path / "fresh")) == {
        ".schemas/manifest.json",
        "apps/Customer0001.yaml",
        "partner.yaml",
    }
    assert there.plan("fresh").summary == {"unchanged": 2}


def test_time_that_is_over_ends_with_6_and_what_was_read_is_kept(there: World, tmp_path: Path) -> None:
    there.control("switches", {"waba-limit": "10/min-for-all", "limits-times": 1})
    there.seed(*(customer(number) for number in range(12)))
    done = there.run(*IMPORT, "--timeout", "1s")
    assert (done.code, done.out) == (6, "")
    assert "run the same command again to go on" in done.err
    there.control("switches", {"waba-limit": "10/s", "limits-times": 20})

    journal = tmp_path / "m" / ".import" / "journal.jsonl"
    changed = journal.read_text(encoding="utf-8").replace('"partnerId"', '"partner"')
    journal.write_text(changed, encoding="utf-8")
    done = there.run(*IMPORT)
    assert (done.code, done.out) == (1, "")
    assert "m/.import/journal.jsonl is no journal of an import; remove it" in done.err
    assert journal.read_text(encoding="utf-8") == changed


def test_a_file_that_is_no_journal_is_named(there: World, tmp_path: Path) -> None:
    there.seed(customer(1))
    (tmp_path / "m" / ".import").mkdir()
    (tmp_path / "m" / ".import" / "journal.jsonl").write_text("hello\n", encoding="utf-8")
    done = there.run(*IMPORT)
    assert done.code == 1
    assert "m/.import/journal.jsonl is no journal of an import; remove it" in done.err


def test_refused_credentials_and_invalid_manifests_end_it(there: World, tmp_path: Path) -> None:
    assert there.run(*IMPORT, GUPSHUP_SECRET="wrong").code == 7
    (tmp_path / "m" / "bad.yaml").write_text("kind: [\n", encoding="utf-8")
    done = there.run(*IMPORT)
    assert (done.code, done.out) == (3, "")
    assert "m/bad.yaml:" in done.err


@pytest.mark.parametrize(
    "verb",
    [("import",), ("new", "app", "--name", "Acme", "--waba-id", "1098765432", "--phone", "919876543210")],
)
def test_a_file_where_the_folder_has_to_be_is_named(
    there: World, tmp_path: Path, verb: tuple[str, ...]
) -> None:
    (tmp_path / "file").write_text("mine\n", encoding="utf-8")
    for out in ("file", "file/below"):
        done = there.run(*verb, "m", "--out", out)
        why = (
            "is no folder that can be used: file is a file; name a folder, which is made if it does not exist"
        )
        assert (done.code, done.out, done.err) == (1, "", f"Error: {out} {why}\n")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine\n"
    assert there.calls() == []
