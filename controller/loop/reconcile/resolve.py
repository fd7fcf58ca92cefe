"""Decisions that only a person can make: an app is theirs after all, or there is no such app."""

from controller.core.planning.digest import link_key
from controller.errors import Rejected, Usage
from controller.loop.ports import Account, Reader
from controller.model.manifest import App, AppId
from controller.model.memory import Bind, Binding, ClearRefusal, CloseIntent, Unbind


async def adopt(account: Account[Reader], app: App, app_id: AppId) -> None:
    """Bind *app* to *app_id* once Gupshup shows that app as this partner's, with the declared phone.

    Raises Usage if Gupshup does not, and the errors of a read. Only for the holder of the writer lock.
    """
    try:
        details = await account.remote.details(app_id)
    except Rejected as error:
        raise Usage(f"app {app_id} is not this partner's: {error}") from error
    if details.phone != app.phone:
        raise Usage(f"app {app_id} ({details.name}) does not have the phone that App/{app.name} declares")
    bound = Binding(app.phone, app_id, name=details.name)
    notes = (CloseIntent(app.phone), Unbind(app.phone), Bind(bound))
    await account.store.memories.note(account.upstream, (*notes, ClearRefusal(link_key(app.phone))))


async def absent(account: Account[Reader], app: App) -> None:
    """Forget every trace of an app that does not exist, so that it is linked anew.

    Raises Usage if Gupshup lists one with its phone. Only for the holder of the writer lock.
    """
    for row in await account.remote.rows_by_phone(app.phone):
        if row.phone == app.phone:
            raise Usage(
                f"app {row.id} ({row.name}) has the phone of App/{app.name}; adopt it by --adopt {row.id}"
            )
    notes = (CloseIntent(app.phone), Unbind(app.phone), ClearRefusal(link_key(app.phone)))
    await account.store.memories.note(account.upstream, notes)
