"""`gupshupctl support-bundle`: one app in a zip, from the store alone, without a secret or a phone number."""

import io
import json
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

from tests.e2e.canaries import Canaries
from tests.e2e.test_canaries import EMAIL, FILED, HOOK, SECRET
from tests.e2e.world import AMPLE, COMMAND, HASTY, THREE, World, app, subscription, world

PHONES = ("910000000001", "910000000002", "910000000003")


def inside(data: bytes) -> dict[str, bytes]:
    with ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def every_byte(data: bytes) -> Iterator[tuple[str, bytes]]:
    yield "the zip", data
    yield from inside(data).items()


def fill(there: World) -> None:
    there.declare(HASTY, *THREE)
    assert there.apply("--wait").code == 0


def test_a_bundle_holds_one_app_and_no_secret_or_phone(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE, "--email", EMAIL, "--secret", SECRET) as there:
        headers = tmp_path / "headers"
        headers.mkdir()
        (headers / "hook").write_text(FILED, encoding="utf-8")
        there.environ |= {"HOOK_SECRET": HOOK, "GUPSHUPCTL_HEADER_DIR": str(headers)}
        more = f"headers: {{X-Hook: {{env: HOOK_SECRET}}, X-File: {{file: {headers}/hook}}}}"
        there.declare(HASTY, app("AppOne", 1), app("AppTwo", 2), subscription("events", "app: AppOne", more))
        phone = {"kind": "status", "status": 400, "message": f"{PHONES[0]} and +{PHONES[1]}: {SECRET}"}
        there.faults({**phone, "route": "subscribe", "nth": 1})
        assert there.apply("--wait").code == 5
        done = there.run("support-bundle", "AppOne", "--out", "one.zip")
        assert done.code == 0, done.err
        data = (tmp_path / "one.zip").read_bytes()
        its_id = there.apps()["AppOne"]["id"]

        assert set(inside(data)) == {"README.md", "report.md", "bundle.json"}
        document = json.loads(inside(data)["bundle.json"])
        assert (document["app"]["appId"], document["gupshup"]["url"]) == (its_id, there.url)
        assert [each["name"] for each in document["subscriptions"]] == ["events"]
        assert {write["verb"] for write in document["writes"]} >= {"link", "subscribe"}
        for place in ("writes", "refusals"):
            assert "91******0001 and +91******0002" in json.dumps(document[place])
        canaries = Canaries({"secret": SECRET, "mail": EMAIL, "hook": HOOK, "file": FILED})
        assert canaries.seen(every_byte(data)) == []
        whole = b"".join(part for _, part in every_byte(data))
        assert [each for each in PHONES if each.encode() in whole] == []


def test_a_bundle_needs_no_gupshup_and_is_never_written_over_a_file(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        fill(there)
        environ = there.environ
        words = [str(COMMAND), "support-bundle", "App/AppTwo", "--out", "-"]
    piped = subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, check=True)
    assert (list(inside(piped.stdout)), piped.stderr) == (["README.md", "report.md", "bundle.json"], b"")
    there.run("support-bundle", "AppTwo")
    written = tmp_path / "support-AppTwo.zip"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    before = written.read_bytes()
    again = there.run("support-bundle", "AppTwo")
    assert (again.code, "is never written over" in again.err) == (1, True)
    assert written.read_bytes() == before


def test_a_phone_in_the_name_of_the_app_is_in_no_name_of_a_file(tmp_path: Path) -> None:
    name = f"Shop{PHONES[0]}"
    with world(tmp_path, *AMPLE) as there:
        there.declare(HASTY, app(name, 1))
        assert there.apply("--wait").code == 0
    assert there.run("support-bundle", name).code == 0
    (written,) = tmp_path.glob("*.zip")
    assert written.name == "support-Shop91xxxxxx0001.zip"
    whole = b"".join(part for _, part in every_byte(written.read_bytes()))
    assert PHONES[0].encode() not in whole


def test_a_wrong_name_is_told_what_there_is(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        fill(there)
    wrong = there.run("support-bundle", "Appone")
    assert (wrong.code, "it has AppOne" in wrong.err) == (1, True), wrong.err
    other = there.run("support-bundle", "zzz")
    assert (other.code, "it has AppOne, AppThree, AppTwo" in other.err) == (1, True), other.err
    assert list(tmp_path.glob("*.zip")) == []


def test_an_app_in_two_accounts_is_asked_for(tmp_path: Path) -> None:
    with world(tmp_path, *AMPLE) as there:
        fill(there)
        first = there.url
    (tmp_path / "second").mkdir()
    with world(tmp_path / "second", *AMPLE) as other:
        other.declare(HASTY, *THREE)
        assert other.apply("--wait", "--store", str(tmp_path / ".gupshupctl/state.db")).code == 0
    both = there.run("support-bundle", "AppOne")
    assert (both.code, "give --upstream with one of" in both.err, first in both.err) == (64, True, True)
    assert there.run("support-bundle", "AppOne", "--upstream", f"{first}#1368").code == 0
