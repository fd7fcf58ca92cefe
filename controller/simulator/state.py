"""The state of the simulated Gupshup: apps and subscriptions. A record is replaced, never edited."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from controller.simulator.health import HEALTHY, Health
from controller.simulator.modes import decode
from controller.simulator.stages import Course, PipelineStage

STRANGER = "stranger"


@dataclass(frozen=True, slots=True)
class AppRecord:
    """One app. Times are seconds of the clock; ``created_virtual`` is in virtual seconds."""

    id: str
    partner: str
    name: str
    course: Course
    created_virtual: float
    created: float
    modified: float
    phone: str = ""
    waba_id: str = ""
    callback_url: str = ""
    callback_modes: tuple[str, ...] = ()
    region: str = "IN"
    live: bool = False
    live_at: float | None = None
    stopped: bool = False
    visible_from: float = 0.0
    lag: float = 0.0
    gone_from_lists: float | None = None
    deleted: bool = False
    template_messaging: bool = False
    optin_pref_off: bool = False
    token_edition: int = 0
    token_made: float | None = None
    drops_modes: frozenset[str] = frozenset()
    health: Health = HEALTHY

    @property
    def phone_number_id(self) -> str:
        """Meta's id of the phone number, which stays the same as long as the phone does."""
        return str(10**14 + zlib.crc32(self.phone.encode()))

    def stage(self, virtual: float) -> PipelineStage:
        """Return the stage at the *virtual* time."""
        return self.course.at(virtual - self.created_virtual)

    def listed(self, now: float) -> bool:
        """Return whether the lists show the app at *now*. Lists may lag behind creations and deletions."""
        if self.gone_from_lists is not None:
            return now < self.gone_from_lists
        return now >= self.visible_from


@dataclass(frozen=True, slots=True)
class SubscriptionRecord:
    """One webhook of an app. A ``foreign`` one belongs to another owner and may only be listed."""

    id: str
    app: str
    tag: str
    url: str
    version: int
    mode: int
    created: float
    modified: float
    active: bool = True
    show_on_ui: bool = False
    meta: str = field(default="", repr=False)
    foreign: bool = False

    @property
    def modes(self) -> list[str]:
        """The names of the modes, in the order of their bits."""
        return decode(self.mode)


@dataclass(slots=True)
class Apps:
    """All apps of all partners, with the two indexes that are unique across Gupshup."""

    by_id: dict[str, AppRecord] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    phones: dict[str, str] = field(default_factory=dict)

    def put(self, app: AppRecord) -> AppRecord:
        """Store *app*, new or changed, and return it."""
        before = self.by_id.get(app.id)
        if before is not None and not before.deleted:
            self._forget(before)
        self.by_id[app.id] = app
        if not app.deleted:
            self.names[app.name] = app.id
            if app.phone:
                self.phones[app.phone] = app.id
        return app

    def _forget(self, app: AppRecord) -> None:
        if self.names.get(app.name) == app.id:
            del self.names[app.name]
        if self.phones.get(app.phone) == app.id:
            del self.phones[app.phone]

    def delete(self, app: AppRecord, now: float, lag: float, *, frees: bool) -> None:
        """Delete *app*. Unless *frees*, its name and phone stay taken for ever."""
        taken = dict(self.names), dict(self.phones)
        self.put(replace(app, deleted=True, live=False, modified=now, gone_from_lists=now + lag))
        if not frees:
            self.names, self.phones = taken

    def get(self, app_id: str) -> AppRecord | None:
        """Return the app. Return None if it does not exist or was deleted."""
        app = self.by_id.get(app_id)
        return None if app is None or app.deleted else app

    def listed(self, partner: str, now: float) -> Iterator[AppRecord]:
        """Yield the apps that the lists show *partner* at *now*, oldest first."""
        return (app for app in self.by_id.values() if app.partner == partner and app.listed(now))


@dataclass(slots=True)
class Subscriptions:
    """All subscriptions, by app and id."""

    by_app: dict[str, dict[str, SubscriptionRecord]] = field(default_factory=dict)
    next_id: int = 8166

    def new_id(self) -> str:
        """Return an id that was never used."""
        self.next_id += 1
        return str(self.next_id - 1)

    def put(self, subscription: SubscriptionRecord) -> SubscriptionRecord:
        """Store *subscription*, new or changed, and return it."""
        self.by_app.setdefault(subscription.app, {})[subscription.id] = subscription
        return subscription

    def of(self, app_id: str) -> list[SubscriptionRecord]:
        """Return the subscriptions of an app, oldest first."""
        return list(self.by_app.get(app_id, {}).values())

    def remove(self, gone: Iterable[SubscriptionRecord]) -> None:
        """Delete the subscriptions."""
        for subscription in gone:
            self.by_app.get(subscription.app, {}).pop(subscription.id, None)
