"""The reader: every read that Gupshup offers us. No method here changes anything."""

import math
from collections.abc import Callable, Mapping
from typing import TypeVar

from controller.edges.gupshup import shapes
from controller.edges.gupshup.body import Json, Malformed
from controller.edges.gupshup.routes import (
    DETAILS,
    LIST,
    PARTNER_APPS,
    PIPELINE,
    SUBSCRIPTIONS,
    WABA,
    Call,
)
from controller.edges.gupshup.session import Session
from controller.edges.gupshup.waba_shape import waba_info
from controller.errors import Busy, OutOfTime, Rejected, Usage
from controller.model.account import AccountFacts
from controller.model.health import WabaInfo
from controller.model.manifest import AppId
from controller.model.upstream import Details, RemoteSubscription, Row, Stage

PAGE_SIZE = 100
MOST_PAGES = 1000

UNASKED_PAGE = 10
"""Apps on a page whose size nobody asked for: no page that has more to follow is shorter."""

T = TypeVar("T")


class GupshupReader:
    """Reads one partner account.

    All methods raise Busy if no answer came that can be used, Limited if Gupshup or our own limits require
    a wait, and Denied if the credentials are refused. Methods about one app raise Rejected if Gupshup
    refuses us that app.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    async def sign_in(self) -> str:
        """Return the partner's id, "" if neither the answer nor the token has it."""
        return await self._session.owner()

    @property
    def account_facts(self) -> AccountFacts:
        """What the last sign-in told of the account; nothing before the first one."""
        return self._session.account_facts

    async def ask_account(self) -> None:
        """Let a login tell of the account again, if there still is one; its token is not used."""
        await self._session.ask_account()

    async def rows(self, until: float = math.inf) -> tuple[Row, ...]:
        """Return all apps of the partner, sorted by id: whole, or not at all.

        Only the first page is read after *until* (epoch seconds); a further one raises OutOfTime. If a page
        only repeats apps, the list without pages shows what is missing (docs/gupshup-api.md, List).
        """
        return await self._pages({}, until)

    async def rows_by_phone(self, phone: str) -> tuple[Row, ...]:
        """Return all apps whose phone *contains* the digits *phone*, sorted by id."""
        if not (phone.isascii() and phone.isdigit()):
            raise Usage("a search by phone needs digits only, with the country code first")
        return await self._pages({"phone": phone}, math.inf)

    async def search(self, *, phone: str = "", name: str = "") -> tuple[Row, ...] | None:
        """Return all apps that contain both texts, sorted by id; None if they fill a page.

        One call, mostly: a page that is shorter than UNASKED_PAGE is taken for all. That is enough to plan; a
        write looks again, with `rows_by_phone`.
        """
        query = {key: text for key, text in (("phone", phone), ("name", name)) if text}
        page = await self._page(query, 1)
        if len(page) < UNASKED_PAGE:
            return _sorted({row.id: row for row in page})
        return None if len(page) == PAGE_SIZE else await self._pages(query, math.inf, page)

    async def details(self, app: AppId) -> Details:
        return await self._read(Call(DETAILS, app), lambda body: shapes.details(body, app))

    async def stage(self, app: AppId) -> Stage:
        return await self._read(Call(PIPELINE, app), lambda body: shapes.stage(body, app))

    async def waba(self, app: AppId) -> WabaInfo:
        """Return the app's WhatsApp business account and its health; what is not sent is unknown."""
        return await self._read(Call(WABA, app), waba_info)

    async def subscriptions(self, app: AppId) -> tuple[RemoteSubscription, ...]:
        return await self._read(Call(SUBSCRIPTIONS, app), lambda body: shapes.subscriptions(body, app))

    async def partner_apps(self) -> tuple[Row, ...]:
        """Return all apps in one answer, without their stages."""
        return await self._read(Call(PARTNER_APPS), shapes.rows)

    async def _pages(
        self, query: Mapping[str, str], until: float, first: tuple[Row, ...] | None = None
    ) -> tuple[Row, ...]:
        rows: dict[AppId, Row] = {}
        full = False
        for number in range(1, MOST_PAGES + 1):
            if number > 1 and self._session.now() > until:
                raise OutOfTime(
                    f"{LIST.method} {LIST.template}: still no end at page {number - 1}, and time is up"
                )
            page = first if first is not None and number == 1 else await self._page(query, number)
            if number == 1:
                full = len(page) == PAGE_SIZE
            elif page and not any(row.id not in rows for row in page):
                rows = {**await self._without_pages(number, query), **rows}
                return _sorted(rows)
            rows.update((row.id, row) for row in page)
            if not page or (full and len(page) < PAGE_SIZE):
                return _sorted(rows)
        raise Busy(f"{LIST.method} {LIST.template}: still no end after {MOST_PAGES} pages")

    async def _without_pages(self, number: int, query: Mapping[str, str]) -> dict[AppId, Row]:
        """Return all apps from the list without pages: page *number* repeats, so no page shows the end.

        A server that clamps `pageNo` repeats its last page for ever. A server that lost its place may repeat
        an earlier one.
        """
        try:
            rows = await self.partner_apps()
        except (Busy, Rejected) as error:
            until = error.until if isinstance(error, Busy) else None
            raise Busy(
                f"{LIST.method} {LIST.template}: page {number} holds only apps of earlier pages, so the end "
                f"of the list is unknown, and the list without pages cannot be read: {error}",
                until,
            ) from error
        phone, name = query.get("phone", ""), query.get("name", "")
        return {row.id: row for row in rows if phone in (row.phone or "") and name in row.name}

    async def _page(self, query: Mapping[str, str], number: int) -> tuple[Row, ...]:
        call = Call(LIST, query={**query, "pageNo": str(number), "pageSize": str(PAGE_SIZE)})
        return await self._read(call, shapes.rows)

    async def _read(self, call: Call, shape: Callable[[Json], T]) -> T:
        body = await self._session.read(call)
        try:
            return shape(body)
        except Malformed as malformed:
            raise Busy(
                f"{call.what}: the answer cannot be used: {malformed}; it is read again later"
            ) from None


def _sorted(rows: Mapping[AppId, Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows.values(), key=lambda row: row.id))
