"""Who signed in is found out by asking for apps, and two names of one account become one or nothing."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from controller.core.identity import SignedIn
from controller.edges.store import SqlStore, open_store
from controller.errors import AccountError, Denied, Locked, Rejected
from controller.loop.identity import identified
from controller.loop.ports import Reader
from controller.loop.rate_limiter import RateLimiter
from controller.model.manifest import AppId
from controller.model.memory import Bind, Binding
from controller.model.upstream import Details, Upstream
from tests.clock import FakeClock

URL = "https://partner.gupshup.io"
ONE, PROVISIONAL = Upstream(f"{URL}#1"), Upstream(f"{URL}#provisional")
NOBODY = SignedIn(URL)


@dataclass
class Shown:
    """A Gupshup that shows the apps of one account, and answers *status* for any other."""

    gate: RateLimiter
    apps: frozenset[str]
    status: int = 403
    asked: list[tuple[Upstream | None, AppId]] = field(default_factory=list)

    async def details(self, app: AppId) -> Details:
        self.asked.append((self.gate.upstream, app))
        if app in self.apps:
            return Details(app, "AppOne", None, live=True)
        raise Rejected("GET details: no", status=self.status, words="no")


def shown(store: SqlStore, *apps: str, status: int = 403) -> Shown:
    return Shown(RateLimiter(store.calls, FakeClock(), account="account"), frozenset(apps), status)


async def find(store: SqlStore, there: Shown, who: SignedIn) -> Upstream:
    return await identified(store, cast("Reader", there), there.gate, who)


async def bind(store: SqlStore, upstream: Upstream, *apps: str) -> None:
    notes = [Bind(Binding(f"91{number}", AppId(app))) for number, app in enumerate(apps)]
    await store.memories.note(upstream, notes)


async def test_apps_are_listed_within_the_rate_limit_of_their_own_account(store: SqlStore) -> None:
    await find(store, shown(store), SignedIn(URL, told="1"))
    await bind(store, ONE, "app-0", "app-1", "app-2", "app-3")
    there = shown(store, "app-1")
    assert await find(store, there, NOBODY) == ONE
    assert there.asked == [(ONE, "app-0"), (ONE, "app-1")], "one that is gone proves nothing"
    with pytest.raises(AccountError, match='declare partnerId: "1"'):
        await find(store, shown(store, "app-9"), NOBODY)


async def test_a_refused_token_is_not_taken_for_another_account(store: SqlStore) -> None:
    await find(store, shown(store), SignedIn(URL, told="1"))
    await bind(store, ONE, "app-1")
    with pytest.raises(Denied, match="check the partner's credentials") as caught:
        await find(store, shown(store, status=401), NOBODY)
    assert not isinstance(caught.value, AccountError)


@pytest.mark.parametrize("busy", [ONE, PROVISIONAL])
async def test_two_names_of_an_account_are_joined_unless_a_writer_holds_one(
    store: SqlStore, tmp_path: Path, busy: Upstream
) -> None:
    """A writer caches the rows of its account, and would not see those that are joined to it."""
    await find(store, shown(store), SignedIn(URL))
    await bind(store, PROVISIONAL, "app-2", "app-3")
    await find(store, shown(store), SignedIn(URL, told="1"))  # another's, as far as Gupshup shows
    await bind(store, ONE, "app-1")
    there = shown(store, "app-1", "app-2")
    async with open_store(tmp_path / "state.db", FakeClock(), inline=True) as other:
        async with other.writer(busy):
            with pytest.raises(Locked):
                await find(store, there, SignedIn(URL, told="1"))
        assert await find(store, there, SignedIn(URL, told="1")) == ONE
        assert not await other.accounts.knows(PROVISIONAL)
    assert {each.app_id for each in (await store.memories.read(ONE)).bindings.values()} == {"app-1", "app-3"}
