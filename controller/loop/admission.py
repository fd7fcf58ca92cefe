"""Admission of a revision to an account: one check, for every verb and for a process that never stops.

The check compares a revision with what the store knows of the account. The names of partners, folders and
repositories play no part.
"""

from collections.abc import Collection

from controller.core.planning.source_guard import lasting, refuse_emptied, refuse_shrunk
from controller.loop.ports import Account, Reader, Revisions
from controller.model.manifest import Desired, Partner
from controller.model.source import Source


async def refuse_half_written(revisions: Revisions, source: Source) -> None:
    """Raise PlanRefused if a file of a whole folder held something when it was good, and is empty now.

    A file is identified by its place: a folder may have many names, and a link to another place leads to
    another file.
    """
    empty = [file for file in source.files if file.empty]
    if empty and source.stamps and source.complete:
        refuse_emptied(empty, await revisions.filled([file.place for file in empty]))


async def refuse_loss(
    revisions: Revisions, upstream: str, partner: Partner, desired: Desired, released: Collection[str]
) -> None:
    """Raise PlanRefused if *desired* lost too much of what *upstream* was last declared to have.

    A narrowed *desired* does not show what is missing, and passes.
    """
    before = await revisions.declared(upstream) if desired.complete else None
    if before is not None:
        source = "what is declared"
        refuse_shrunk(before, desired, partner, account=upstream, source=source, released=released)


async def resends(account: Account[Reader], *, ci: bool) -> bool:
    """Return whether to write values that can be written and never read, if their present state is unknown.

    False in *ci* with a store that knows nothing of the account: such a store begins anew with each run, and
    each run would write every callback URL and all headers again.
    """
    if not ci:
        return True
    memory = await account.store.memories.read(account.upstream)
    return bool(memory.bindings or memory.ledger)


async def admit(
    revisions: Revisions, upstream: str, partner: Partner, desired: Desired, released: Collection[str]
) -> None:
    """Let *desired* act on *upstream*, and store how much it declares. Raises PlanRefused as `refuse_loss`.

    Only for the holder of the account's writer lock.
    """
    await refuse_loss(revisions, upstream, partner, desired, released)
    if desired.complete:
        await revisions.declare(upstream, lasting(desired, partner.name))
