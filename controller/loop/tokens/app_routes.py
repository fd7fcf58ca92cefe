"""App routes that want an app's own token, as the store remembers them for a week: that may change."""

from dataclasses import dataclass

from controller.core.credentials import WEEK
from controller.loop.tokens.context import TokenContext, Traits

_NAME = "own app tokens"


@dataclass(slots=True)
class StoredAppRoutes:
    """HTTP methods for which Gupshup refused a Universal Token, and accepted an app's own."""

    traits: Traits
    context: TokenContext
    _known: frozenset[str] | None = None

    async def refused(self) -> frozenset[str]:
        if self._known is None:
            until, *methods = (await self.traits.trait(self.context.login, _NAME) or "0").split()
            fresh = 0.0 < float(until) - self.context.clock.now() <= WEEK
            self._known = frozenset(methods if fresh else ())
        return self._known

    async def refuse(self, method: str) -> None:
        self._known = await self.refused() | {method}
        value = " ".join([str(self.context.clock.now() + WEEK), *sorted(self._known)])
        await self.traits.set_trait(self.context.login, _NAME, value)
