"""The calls that change something at Gupshup. Each is sent once; nothing here repeats a write."""

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

    Beside what a Reader raises: Unclear if a write may have happened; Rejected if it was refused, with
    Gupshup's words; Busy if it was provably not done.
    """

    async def link(self, app: App) -> LinkAnswer:
        """Ask for an app. Raises Limited, Busy and Denied (nothing was created), or Unclear (look)."""
        call = Call(LINK, form=link_form(app))
        return link_answer(call, await self._session.write(call), app.phone)

    async def set_callback(self, app: AppId, url: str) -> None:
        call = Call(CALLBACK, app, form={"callbackUrl": url})
        body = await self._written(call)
        if not (isinstance(body, dict) and str(body.get("status")).lower() == "success"):
            raise _unclear(call, "it does not say success")

    async def subscribe(self, app: AppId, wish: SubscriptionForm) -> RemoteSubscription:
        call = Call(SUBSCRIBE, app, form=wish.created(), hidden=tuple(wish.headers.values()))
        return await self._subscription(call, app)

    async def update_subscription(
        self,
        app: AppId,
        subscription: SubscriptionId,
        wish: SubscriptionForm,
    ) -> RemoteSubscription:
        """Send the whole declared set in one call, the headers where some are declared."""
        call = Call(UPDATE, app, subscription, form=wish.updated(), hidden=tuple(wish.headers.values()))
        return await self._subscription(call, app)

    async def unsubscribe(self, app: AppId, subscription: SubscriptionId) -> None:
        """Delete one subscription; that it is gone already is as good."""
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
    return Unclear(f"{call.what}: the answer cannot be used: {why}; it may have happened: look")
