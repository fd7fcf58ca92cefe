"""Routes: every call that can be made at all, and paths built from checked ids only.

There is no template for `DELETE …/subscription`, which would delete all of an app's subscriptions
(docs/gupshup-api.md, Subscriptions), and an id that could turn another path into it is refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from controller.errors import Usage
from controller.model.manifest import AppId, Bucket
from controller.model.secret import Secret
from controller.model.upstream import SubscriptionId

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_PARTNER = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,20}", re.ASCII)
_OF_TOKENS = frozenset({Bucket.AUTH, Bucket.APP_MINT})
_PER_APP = frozenset({Bucket.TOKEN, Bucket.SUBSCRIPTION})


def app_id(value: object) -> AppId:
    """Return *value* as an app's id in lower case; Usage unless it is a UUID."""
    text = value.lower() if isinstance(value, str) and value.isascii() else ""
    if not _UUID.fullmatch(text):
        raise Usage(f"{value!r:.60} is not the id of an app: it must be a UUID, as Gupshup shows it")
    return AppId(text)


def subscription_id(value: object) -> SubscriptionId:
    """Return *value*, a text or a number, as a subscription's id; Usage unless it is all digits."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) and value < 10**20 else value
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        raise Usage(f"{value!r:.60} is not the id of a subscription: it must be digits only")
    return SubscriptionId(text)


def partner_id(value: str) -> str:
    """Return *value* as the id of a partner; Usage unless it is letters, digits, '-' and '_'."""
    if not _PARTNER.fullmatch(value):
        raise Usage(f"{value!r:.60} is not the id of a partner: it should be a number, as Gupshup tells it")
    return value


class Auth(Enum):
    """The owner of the token that a route needs."""

    NONE = "no token"
    PARTNER = "the partner's token"
    APP = "the app's token"


@dataclass(frozen=True, slots=True)
class Route:
    name: str
    method: str
    template: str
    bucket: Bucket
    auth: Auth

    @property
    def writes(self) -> bool:
        """Return whether a call changes anything but our own tokens at Gupshup. A sign-in does not."""
        return self.method != "GET" and self.auth is not Auth.NONE and self.bucket not in _OF_TOKENS

    @property
    def per_app(self) -> bool:
        """Return whether a refusal concerns one app and not the whole partner."""
        return "{app}" in self.template


_APP = "/partner/app/{app}"
_AUTH = "/partner/{partner}/auth"
CLOCK = Route("clock", "GET", "/", Bucket.OTHER, Auth.NONE)
MINT = Route("mint", "POST", f"{_AUTH}/token", Bucket.MINT, Auth.NONE)
TOKENS = Route("tokens", "GET", f"{_AUTH}/tokens", Bucket.AUTH, Auth.PARTNER)
REVOKE = Route("revoke", "POST", f"{_AUTH}/revoke", Bucket.AUTH, Auth.PARTNER)
LOGIN = Route("login", "POST", "/partner/account/login", Bucket.LOGIN, Auth.NONE)
APP_TOKEN = Route("app token", "GET", f"{_APP}/token", Bucket.TOKEN, Auth.PARTNER)
LINK = Route("link", "POST", "/partner/tpp/app", Bucket.LINK, Auth.PARTNER)
LIST = Route("list", "GET", "/partner/app/list", Bucket.LIST, Auth.PARTNER)
PARTNER_APPS = Route("partner apps", "GET", "/partner/account/api/partnerApps", Bucket.OTHER, Auth.PARTNER)
DETAILS = Route("details", "GET", f"{_APP}/details", Bucket.OTHER, Auth.PARTNER)
PIPELINE = Route("pipeline", "GET", f"{_APP}/pipeline", Bucket.PIPELINE, Auth.APP)
WABA = Route("waba", "GET", f"{_APP}/waba/info", Bucket.OTHER, Auth.APP)
CALLBACK = Route("callback", "PUT", f"{_APP}/callbackUrl", Bucket.CALLBACK, Auth.APP)

APP_MINT = Route("app mint", "POST", f"{_APP}/token", Bucket.APP_MINT, Auth.PARTNER)
APP_TOKENS = Route("app tokens", "GET", f"{_APP}/tokens", Bucket.AUTH, Auth.PARTNER)
APP_REVOKE = Route("app revoke", "POST", f"{_APP}/token/revoke", Bucket.APP_MINT, Auth.PARTNER)

_ONE = f"{_APP}/subscription/{{subscription}}"
SUBSCRIPTIONS = Route("subscriptions", "GET", f"{_APP}/subscription", Bucket.SUBSCRIPTION, Auth.APP)
SUBSCRIBE = Route("subscribe", "POST", f"{_APP}/subscription", Bucket.SUBSCRIPTION, Auth.APP)
UPDATE = Route("update", "PUT", _ONE, Bucket.SUBSCRIPTION, Auth.APP)
UNSUBSCRIBE = Route("unsubscribe", "DELETE", _ONE, Bucket.SUBSCRIPTION, Auth.APP)

ROUTES = (
    LOGIN,
    APP_TOKEN,
    LINK,
    LIST,
    PARTNER_APPS,
    DETAILS,
    PIPELINE,
    WABA,
    CALLBACK,
    SUBSCRIPTIONS,
    SUBSCRIBE,
    UPDATE,
    UNSUBSCRIBE,
    CLOCK,
    MINT,
    TOKENS,
    REVOKE,
    APP_MINT,
    APP_TOKENS,
    APP_REVOKE,
)


@dataclass(frozen=True, slots=True)
class Call:
    """One request without its token. *hidden* are further secrets that an answer must not reveal.

    The path is built together with the call, so a bad id is refused (Usage) before anything is sent.
    """

    route: Route
    app: AppId | None = None
    subscription: SubscriptionId | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str | Secret] = field(default_factory=dict)
    hidden: tuple[Secret, ...] = ()
    partner: str = ""
    path: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", self._build())

    def _build(self) -> str:
        segments: dict[str, str] = {}
        if "{partner}" in self.route.template:
            segments["partner"] = partner_id(self.partner)
        if "{app}" in self.route.template:
            segments["app"] = app_id(self.app)
        if "{subscription}" in self.route.template:
            segments["subscription"] = str(subscription_id(self.subscription))
        return self.route.template.format_map(segments)

    @property
    def what(self) -> str:
        """Return the request's name for people: method and path, never the query."""
        return f"{self.route.method} {self.path}"

    @property
    def budget(self) -> AppId | None:
        """The app whose budget the call spends; None for the partner's."""
        return self.app if self.route.bucket in _PER_APP else None

    @property
    def secrets(self) -> tuple[Secret, ...]:
        return (*(value for value in self.form.values() if isinstance(value, Secret)), *self.hidden)
