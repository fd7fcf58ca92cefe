"""`plan` needs nothing that can be written: neither where it runs, nor a store that is another's."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.world import PARTNER, THREE, World, app, world

BOUND = ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner") if os.getuid() == 0 else ()
"""Root can write anywhere, unless it gives that up."""


READING = (("get",), ("get", "partners", "-o", "json"), ("describe", "AppOne", "-o", "json"), ("events",))


@pytest.fixture
def there() -> Iterator[World]:
    folder = Path(tempfile.mkdtemp())
    with world(folder) as made:
        yield made
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
    shutil.rmtree(folder)


def closed(there: World) -> None:
    """From now on nobody writes there."""
    for path in (there.folder, *there.folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    there.before = BOUND


def test_a_plan_in_a_read_only_checkout_works_and_leaves_nothing(there: World) -> None:
    there.declare(PARTNER, *THREE)
    closed(there)
    files = sorted(there.folder.rglob("*"))

    for more in ((), ("--store", str(there.folder / "state" / "state.db"))):
        plan = there.plan(*more)
        assert plan.code == 0, plan.err
        assert plan.summary["link"] == 3
        assert "Note: this plan remembers nothing" in plan.err
        assert "cannot be opened" in plan.err
    assert sorted(there.folder.rglob("*")) == files
    assert there.apply().code == 1, "what writes has to remember"
    assert "link" not in there.counted()


def test_a_plan_with_a_read_only_store_uses_what_it_holds(there: World) -> None:
    """An app that was bound and is gone is lost, not new."""
    there.declare(PARTNER, app("AppOne", 1))
    assert there.apply().summary == {"linked": 1}
    there.control("drift", {"app": "AppOne", "delete": True})
    closed(there)
    store = (there.folder / ".gupshupctl" / "state.db").read_bytes()

    plan = there.plan()

    assert plan.code == 0, plan.err
    assert "Note: this plan remembers nothing" in plan.err
    assert (there.folder / ".gupshupctl" / "state.db").read_bytes() == store
    assert plan.summary == {"waiting": 1}
    assert plan.json()["waiting"][0]["for"] == "list"


def test_what_only_reads_the_store_needs_no_place_to_write(there: World) -> None:
    there.declare(PARTNER, app("AppOne", 1))
    assert there.apply().summary == {"linked": 1}
    shown = {words: there.run(*words).out for words in READING}
    closed(there)
    for words, before in shown.items():
        done = there.run(*words)
        assert (done.code, done.out, done.err) == (0, before, ""), words
    for words in READING:
        missing = there.run(*words, "--store", str(there.folder / "none.db"))
        assert (missing.code, "there is no store" in missing.err) == (1, True), missing.err


def test_an_unreadable_store_is_an_error_and_not_an_empty_one(there: World) -> None:
    there.declare(PARTNER, app("AppOne", 1))
    assert there.apply().code == 0
    closed(there)
    (there.folder / ".gupshupctl" / "state.db").chmod(0)

    plan = there.plan()

    assert plan.code == 1
    assert plan.out == ""
    assert "check the owner and mode" in plan.err
