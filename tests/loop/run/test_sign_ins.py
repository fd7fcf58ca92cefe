"""Sign-ins: one identifies the account of a partner, and its session serves the partner's loop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from controller.errors import Denied
from controller.loop.run.sign_ins import PartnerSession, SignIns
from controller.model.manifest import Partner
from controller.model.problem import Place
from tests.builders.manifest import PARTNER

OTHER = replace(PARTNER, owned_tags="theirs-*")


@dataclass
class _Account:
    upstream: str


@dataclass
class _Seat:
    account: _Account


@dataclass
class Office:
    """A fake sign-in: *log* shows which sessions began and ended."""

    refuses: bool = False
    log: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def stand(self, partner: Partner) -> AsyncIterator[PartnerSession]:
        self.log.append(f"{partner.name} comes")
        if self.refuses:
            raise Denied("wrong secret")
        yield cast("PartnerSession", _Seat(_Account("account 1")))
        self.log.append(f"{partner.name} goes")


async def test_a_partner_whose_account_was_asked_for_signs_in_once() -> None:
    office = Office()
    async with SignIns(office.stand) as seats:
        assert [await seats.account_of(PARTNER) for _ in range(2)] == ["account 1"] * 2
        async with seats.sign_in(replace(PARTNER, place=Place("else.yaml", 9))) as session:
            assert session.account.upstream == "account 1"
        assert office.log == ["main comes", "main goes"]
        async with seats.sign_in(PARTNER):
            assert await seats.account_of(PARTNER) == "account 1"
    assert office.log == ["main comes", "main goes"] * 2


async def test_an_unused_session_is_closed() -> None:
    office = Office()
    async with SignIns(office.stand) as seats:
        await seats.account_of(PARTNER)
        await seats.account_of(OTHER)
        assert office.log == ["main comes", "main goes", "main comes"], (
            "one declared otherwise is another one"
        )
        async with seats.sign_in(PARTNER):
            assert office.log[-2:] == ["main goes", "main comes"]
        await seats.account_of(OTHER)
    assert office.log.count("main comes") == office.log.count("main goes")


async def test_a_refused_sign_in_is_not_repeated_before_its_session_was_wanted() -> None:
    office = Office(refuses=True)
    async with SignIns(office.stand) as seats:
        assert [await seats.account_of(PARTNER) for _ in range(3)] == [None] * 3
        with pytest.raises(Denied):
            async with seats.sign_in(PARTNER):
                raise AssertionError
        assert office.log == ["main comes"]
        office.refuses = False
        assert await seats.account_of(PARTNER) == "account 1"
