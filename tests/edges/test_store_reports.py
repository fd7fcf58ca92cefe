"""A report that could not be printed is kept whole, whatever is in it, until it is forgotten."""

from dataclasses import replace

from controller.edges.store import SqlStore
from controller.model.history import KeptReport
from tests.edges.engines import Engine

REPORT = KeptReport(5.0, "apply by joe", "r1", 5, "its reader went away", "text", "⏸ held\n\x00\udcff 😀")


async def kept(store: SqlStore) -> KeptReport | None:
    async with store:
        return await store.reports.kept()


async def test_the_last_report_is_stored_until_it_is_deleted(engine: Engine) -> None:
    async with engine.open() as store:
        assert await store.reports.kept() is None
        await store.reports.keep(replace(REPORT, code=0, text="an older one"))
        await store.reports.keep(REPORT)
    assert await kept(engine.open()) == REPORT
    async with engine.open() as store:
        await store.reports.forget()
        await store.reports.forget()
    assert await kept(engine.open()) is None


async def test_storing_a_report_does_not_touch_the_key_of_the_store(engine: Engine) -> None:
    async with engine.open() as store:
        before = store.keyed_digest("x")
        await store.reports.keep(REPORT)
        await store.reports.forget()
    async with engine.open() as store:
        assert store.keyed_digest("x") == before
