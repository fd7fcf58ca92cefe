"""Sign-ups from a portal: delivered ten times, killed anywhere: one file, one link."""

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.portal import GRAPH_TOKEN, SECRET, STRANGE, Onboarding, free_address, graph, sign_up
from tests.e2e.world import AMPLE, world
from tests.edges.checkouts import WorkingTree
from tests.edges.git_server import serving


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Onboarding]:
    with graph() as url:
        yield Onboarding(tmp_path, url)


def test_a_sign_up_delivered_ten_times_is_one_file_and_one_commit(portal: Onboarding) -> None:
    body = sign_up()
    with portal.receiver():
        assert {portal.post(body) for _ in range(10)} == {200}
        portal.until(lambda: portal.files() and not portal.spooled())
        assert portal.post(body) == 200
        portal.until(lambda: not portal.spooled())
    assert portal.files() == ["manifests/customers/cafe-1.yaml"]
    assert portal.git("log", "--format=%s", "main").splitlines() == ["Customers onboarded: 1", "a change"]
    text = portal.git("show", "main:manifests/customers/cafe-1.yaml")
    assert '  phone: "919876500001"\n' in text
    assert "    tier: gold\n" in text
    assert SECRET not in portal.log()
    assert GRAPH_TOKEN not in portal.log()


def test_killed_anywhere_nothing_is_lost_or_done_twice(portal: Onboarding) -> None:
    nothing = threading.Event()
    for kill in range(12):
        with portal.receiver() as process:
            assert portal.post(sign_up(kill % 6)) == 200
            nothing.wait(0.11 * kill)
            process.send_signal(signal.SIGKILL)
    with portal.receiver():
        portal.until(lambda: not portal.spooled())
    assert portal.files() == [f"manifests/customers/cafe-{number}.yaml" for number in range(6)]
    with portal.receiver():  # a git that outlived its killed receiver may have written until now
        left = sorted(str(path.relative_to(portal.spool)) for path in portal.spool.rglob("*"))
        assert left == ["refused", "unfinished"], "no clone of a killed one is left"
    added = portal.git("log", "--format=", "--name-status", "main", "--", "manifests/customers").split("\n")
    assert sorted(line for line in added if line) == [f"A\t{path}" for path in portal.files()]


@pytest.mark.parametrize(
    ("body", "signature", "code"),
    [
        (sign_up(), "", 401),
        (sign_up(), "sha256=" + "0" * 64, 401),
        (b"x" * 20_000, None, 413),
        (b"[]", None, 400),
        (b"{", None, 400),
        (sign_up(wabaId="../../x"), None, 400),
        (sign_up(wabaId=109876543210987), None, 400),
        (sign_up(name=None), None, 400),
        (sign_up(at=0), None, 400),
        (sign_up(at="now"), None, 400),
        (sign_up(age=90_000), None, 400),
        (sign_up(at=10**400), None, 400),
        (sign_up(at=float("nan")), None, 400),
        (sign_up(wabaId="1\n"), None, 400),
        (sign_up(lables={}), None, 400),
        (sign_up(labels={"tier": 1}), None, 400),
        (b"[" * 10_000, None, 400),
        (b"\xff\xfe", None, 400),
    ],
)
def test_what_is_no_signed_sign_up_is_not_kept(
    portal: Onboarding, body: bytes, signature: str | None, code: int
) -> None:
    with portal.receiver(ONBOARDING_EVERY="600"):
        assert portal.post(body, signature) == code
    assert portal.spooled() == []


def test_what_cannot_be_declared_is_set_aside_and_the_rest_goes_on(portal: Onboarding) -> None:
    strange = [sign_up(number, phoneNumberId=number_id) for number, number_id in enumerate(STRANGE, 5)]
    refused = sign_up(2, wabaId="1"), sign_up(3, labels={"tier": "a\nb: c"}), sign_up(4, partner="nobody")
    with portal.receiver(ONBOARDING_EVERY="1"):
        for body in (sign_up(1), *refused, *strange):
            assert portal.post(body) == 200
        portal.until(lambda: len(portal.spooled()) == len(strange))
        portal.until(portal.files)
        portal.until(lambda: portal.log().count("Meta gives no phone") >= len(strange))
    assert portal.files() == ["manifests/customers/cafe-1.yaml"]
    assert [rule in portal.reasons() for rule in ("GS4", "GS308", "GS311")] == [True] * 3
    assert "Malformed access token ***" in portal.log()
    assert GRAPH_TOKEN not in portal.log()


def test_a_phone_that_meta_never_gives_is_given_up_and_can_be_retried(portal: Onboarding) -> None:
    with portal.receiver(ONBOARDING_PATIENCE="0"):
        assert portal.post(sign_up(phoneNumberId="777")) == 200
        portal.until(portal.reasons)
        [aside] = portal.spool.glob("refused/109876543210001-777.*.json")
        assert "in refused: 1" in portal.get("/healthz")
        assert "Unsupported get request" in aside.with_suffix(".txt").read_text()
    with graph({}) as url, portal.receiver(GRAPH_URL=url):
        aside.rename(aside.parent.parent / aside.name)
        portal.until(lambda: portal.files() and not portal.spooled())
        assert "in refused: 0" in portal.get("/healthz")
    assert list(aside.parent.iterdir()) == []


def test_while_the_repository_is_not_valid_the_sign_ups_wait(portal: Onboarding) -> None:
    clone = WorkingTree(portal.folder / "author")
    clone.commit({"manifests/bad.yaml": "kind: ["})
    clone.git("push", "--quiet", "../origin.git", "HEAD:main")
    with portal.receiver():
        assert portal.post(sign_up()) == 200
        portal.until(lambda: "`gupshupctl validate manifests` ended with 3" in portal.log())
        assert portal.spooled()
        clone.commit({"manifests/bad.yaml": None})
        clone.git("push", "--quiet", "../origin.git", "HEAD:main")
        portal.until(lambda: not portal.spooled())
    assert portal.files() == ["manifests/customers/cafe-1.yaml"]


def test_a_branch_for_the_pull_request_of_each_customer(portal: Onboarding) -> None:
    with portal.receiver(ONBOARDING_REVIEWED="true", ONBOARDING_EVERY="1"):
        assert {portal.post(sign_up(number)) for number in range(3)} == {200}
        portal.until(lambda: len(portal.branches()) == 3 and not portal.spooled())
        edited = portal.author_commits({"manifests/customers/cafe-1.yaml": "# edited"}, portal.branches()[1])
        assert portal.post(sign_up(1)) == 200
        portal.until(lambda: not portal.spooled())
    assert [portal.files(branch) for branch in portal.branches()] == [
        [f"manifests/customers/cafe-{number}.yaml"] for number in range(3)
    ]
    assert portal.git("rev-parse", portal.branches()[1]).strip() == edited
    assert portal.files("main") == []


def test_from_the_post_to_the_link(portal: Onboarding, tmp_path: Path) -> None:
    """The whole way: `run --git` beside the receiver links the apps, once. No poll is waited for."""
    (tmp_path / "world").mkdir()
    hooks = free_address()
    origin = portal.folder / "origin.git"
    with (
        world(tmp_path / "world", *AMPLE) as there,
        serving(origin) as server,
        portal.receiver(ONBOARDING_HOOK=f"http://{hooks}/hooks/git"),
        there.going(
            *("run", "--git", server.url, "--git-path", "manifests", "--interval", "10m"),
            *("--store", str(tmp_path / "run.db"), "--listen", hooks),
        ) as going,
    ):
        portal.until(lambda: portal.status("/healthz", hooks) == 200)
        for number in range(5):
            assert portal.post(sign_up(number)) == 200
        there.until(lambda world: len(world.calls("link")) == 5)
        for number in range(5):
            assert portal.post(sign_up(number)) == 200
        portal.until(lambda: not portal.spooled())
        there.until(lambda world: all(app["live"] for app in world.apps().values()))
        assert going.signal(signal.SIGTERM).code == 0
        assert len(there.calls("link")) == 5
