"""The last read of a source, as one process notes it for others."""

from controller.edges.store import SqlStore
from controller.edges.store.database import put
from controller.edges.store.schema import traits
from controller.edges.store.tables.source_reads import SOURCE_READ
from controller.model.passes import SourceRead, SourceState
from tests.builders.upstream import HERE, THEM
from tests.edges.engines import Engine

READ = SourceRead(SourceState("shelf", "r1", error="bad", rejected="r2"), 0.0, "ManifestError", "a: no\n")


async def test_a_read_is_kept_under_each_key_with_its_moment_on_the_stores_clock(
    engine: Engine, store: SqlStore
) -> None:
    before = await store.source_reads.now()
    began = engine.clock.now()
    await store.source_reads.note([HERE, "shelf"], SourceRead(READ.state, began, "ManifestError", "a: no\n"))
    async with engine.open() as other:
        last = await other.source_reads.last()
        after = await other.source_reads.now()
    assert set(last) == {HERE, "shelf"}
    assert (last[HERE].state, last[HERE].refused_by, last[HERE].problems) == (
        READ.state,
        "ManifestError",
        "a: no\n",
    )
    assert before - 1 <= last[HERE].began <= after


async def test_what_cannot_be_read_is_left_out(store: SqlStore) -> None:
    await store.source_reads.note([HERE], READ)
    for value in ("{", "[]", '{"state": {"revision": "r1"}, "began": 1}'):
        key = {"upstream": THEM, "name": SOURCE_READ}
        await store._database.write(lambda c, v=value, k=key: put(c, traits, k, {"value": v}), THEM)  # type: ignore[misc]
        assert set(await store.source_reads.last()) == {HERE}
