"""The checks of a source: all of it or nothing, unchanged since it was read, and counted by account."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from controller.doors.cli.source.checks import Acceptance, refuse_source, refused_partners
from controller.doors.cli.source.load import Loaded
from controller.edges.store import SqlStore
from controller.errors import Denied, PlanRefused, SourceError
from controller.loop.ports import Account, Writer
from controller.loop.run.sign_ins import PartnerSession, SignIns
from controller.model.history import Declared, LastGood
from controller.model.manifest import Desired, Partner
from controller.model.source import Rules, Source, SourceFile, Stamp
from tests.builders.manifest import PARTNER
from tests.clock import FakeClock
from tests.loop.apply_fixture import app

OTHER = replace(PARTNER, name="other")
BOTH = Desired("r2", (PARTNER, OTHER), (app(), replace(app("AppTwo", "910000000002"), partner="other")))
FILES = (SourceFile("a.yaml", b"a: b", "/m/a.yaml"), SourceFile("b.yaml", b"b: c", "/m/b.yaml"))


def loaded(desired: Desired, *files: SourceFile) -> Loaded:
    stamps = tuple(Stamp(file.path, file.path, ()) for file in files)
    source = Source("/m", desired.revision, files, complete=desired.complete, stamps=stamps)
    return Loaded(source, desired, Rules())


@dataclass
class _Account:
    upstream: str
    partner: Partner
    store: SqlStore
    clock: FakeClock = field(default_factory=FakeClock)


@dataclass
class _Session:
    account: _Account


@dataclass
class FakeSignIns:
    """Signs each partner in to the account of its name, and refuses the partner *refuses*."""

    store: SqlStore
    refuses: str = ""

    def account(self, partner: Partner) -> Account[Writer]:
        return cast("Account[Writer]", _Account(f"account of {partner.name}", partner, self.store))

    @asynccontextmanager
    async def sign_in(self, partner: Partner) -> AsyncIterator[PartnerSession]:
        if partner.name == self.refuses:
            raise Denied("wrong secret")
        yield cast("PartnerSession", _Session(cast("_Account", self.account(partner))))


async def refused(fake: FakeSignIns, desired: Desired) -> dict[str, str]:
    async with SignIns(fake.sign_in) as sign_ins:
        errors = await refused_partners(loaded(desired), desired.partners, sign_ins, fake.store.revisions, ())
    return {name: str(error) for name, error in errors.items()}


async def test_a_partner_that_lost_too_much_refuses_the_source_for_all_partners(store: SqlStore) -> None:
    await store.revisions.declare("account of other", Declared(9, 0))
    errors = await refused(FakeSignIns(store), BOTH)
    assert set(errors) == {"main", "other"}
    assert errors["other"].startswith("what is declared shrank: 9 Apps became 1 for account of other")
    assert errors["main"].startswith("nothing was sent, because of partner other: what is declared shrank")
    assert await refused(FakeSignIns(store), replace(BOTH, complete=False)) == {}, (
        "a narrowed scope lost nothing"
    )


async def test_a_partner_that_cannot_sign_in_refuses_no_other(store: SqlStore) -> None:
    await store.revisions.declare("account of other", Declared(9, 0))
    assert await refused(FakeSignIns(store, refuses="other"), BOTH) == {}


async def test_a_source_that_changed_is_neither_counted_nor_kept(store: SqlStore) -> None:
    def changed() -> None:
        raise SourceError("a.yaml changed after it was read")

    accept = Acceptance(loaded(BOTH, *FILES)._replace(refuse_changed=changed), frozenset())
    with pytest.raises(SourceError, match="changed after"):
        await accept(FakeSignIns(store).account(PARTNER))
    assert await store.revisions.declared("account of main") is None
    assert await store.revisions.last_good("/m") is None


async def test_files_of_a_source_are_compared_once_and_each_account_is_counted(store: SqlStore) -> None:
    comparisons: list[str] = []
    accept = Acceptance(
        loaded(BOTH, *FILES)._replace(refuse_changed=lambda: comparisons.append("compared")), frozenset()
    )
    for partner in (PARTNER, OTHER, PARTNER):
        await accept(FakeSignIns(store).account(partner))
    assert (len(comparisons), await store.revisions.declared("account of other")) == (1, Declared(1, 0))
    good = await store.revisions.last_good("/m")
    assert good is not None
    assert (good.revision, good.files) == ("r2", FILES)


async def test_a_good_revision_keeps_the_time_at_which_it_first_was_good(store: SqlStore) -> None:
    await store.revisions.save_good("/m", LastGood("r2", 5.0, ()))
    accept = Acceptance(loaded(BOTH, *FILES), frozenset())
    for partner in (PARTNER, OTHER):
        await accept(FakeSignIns(store).account(partner))
    assert await store.revisions.last_good("/m") == LastGood("r2", 5.0, FILES)


async def test_a_revision_that_one_partner_was_not_checked_for_is_not_the_last_good_one(
    store: SqlStore,
) -> None:
    """It may have lost too much for the one that could not sign in."""
    await Acceptance(loaded(BOTH, *FILES), frozenset())(FakeSignIns(store, refuses="other").account(PARTNER))
    assert await store.revisions.declared("account of main") == Declared(1, 0)
    assert await store.revisions.last_good("/m") is None


async def test_an_account_that_lost_too_much_meanwhile_is_refused_before_the_first_write(
    store: SqlStore,
) -> None:
    await store.revisions.declare("account of main", Declared(9, 0))
    with pytest.raises(PlanRefused, match="9 Apps became 1"):
        await Acceptance(loaded(BOTH), frozenset())(FakeSignIns(store).account(PARTNER))


async def test_a_file_that_was_emptied_since_the_last_good_revision_is_refused(store: SqlStore) -> None:
    empty = (FILES[0], SourceFile("b.yaml", b"\n", "/m/b.yaml"))
    await refuse_source(loaded(BOTH, *empty), store.revisions, ())
    await store.revisions.save_good("/known/by/another/name", LastGood("r1", 1.0, FILES))
    await refuse_source(loaded(BOTH, *FILES), store.revisions, ())
    with pytest.raises(PlanRefused, match=r"b\.yaml is empty and held manifests before"):
        await refuse_source(loaded(BOTH, *empty), store.revisions, ())
    await refuse_source(loaded(replace(BOTH, complete=False), *empty), store.revisions, ())
