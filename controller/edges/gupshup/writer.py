"""The writer: every call that changes something at Gupshup. Each is sent once, and never repeated here."""

from controller.edges.gupshup import shapes
from controller.edges.gupshup.body import Json, Malformed
from controller.edges.gupshup.forms import SubscriptionForm, link_form
from controller.edges.gupshup.link_answers import link_answer
from controller.edges.gupshup.reader import GupshupReader
from controller.edges.gupshup.replies import Ok, Refused, as_error
from controller.edges.gupshup.routes import CALLBACK, LINK, SUBSCRIBE, UNSUBSCRIBE, UPDATE, Call
from controller.errors import Unclear
from controller.model.manifest import App, AppId
from controller.model.upstream import LinkAnswer, RemoteSubscription, SubscriptionId

_GONE = "subscription does not exist"


class GupshupWriter(GupshupReader):
    """Reads and writes one partner account.

    Beside what a reader raises, a write raises Unclear if it may have happened, Rejected with Gupshup's words
    if it was refused, and Busy if it was provably not done.
    """

    async def link(self, app: App) -> LinkAnswer:
        """Link an app. Limited, Busy and Denied: nothing was created. Unclear: only a read can show it."""
        call = Call(LINK, form=link_form(app))
        return link_answer(call, await self._session.write(call), app.phone)

    async def set_callback(self, app: AppId, url: str) -> None:
        call = Call(CALLBACK, app, form={"callbackUrl": url})
        body = await self._written(call)
        if not (isinstance(body, dict) and str(body.get("status")).lower() == "success"):
            raise _unclear(call, "its status is not success")

    async def subscribe(self, app: AppId, form: SubscriptionForm) -> RemoteSubscription:
        call = Call(SUBSCRIBE, app, form=form.created(), hidden=tuple(form.headers.values()))
        return await self._subscription(call, app)

    async def update_subscription(
        self,
        app: AppId,
        subscription: SubscriptionId,
        form: SubscriptionForm,
    ) -> RemoteSubscription:
        """Send everything that is declared in one call, with the headers if there are any."""
        call = Call(UPDATE, app, subscription, form=form.updated(), hidden=tuple(form.headers.values()))
        return await self._subscription(call, app)

    async def unsubscribe(self, app: AppId, subscription: SubscriptionId) -> None:
        """Delete one subscription. Success, too, if it does not exist any more."""
        call = Call(UNSUBSCRIBE, app, subscription)
        match await self._session.write(call):
            case Ok():
                return
            case Refused(words=words) if _GONE in words.lower():
                return
            case classified:
                raise as_error(call, classified)

    async def _subscription(self, call: Call, app: AppId) -> RemoteSubscription:
        body = await self._written(call)
        try:
            return shapes.subscription(body, app)
        except Malformed as malformed:
            raise _unclear(call, str(malformed)) from None

    async def _written(self, call: Call) -> Json:
        match await self._session.write(call):
            case Ok(body):
                return body
            case classified:
                raise as_error(call, classified)


def _unclear(call: Call, why: str) -> Unclear:
    return Unclear(
        f"{call.what}: the answer cannot be used: {why}; it may have happened, and the next read will show it"
    )
