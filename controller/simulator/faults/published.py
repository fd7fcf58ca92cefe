"""The texts of a 500 that the pages of the routes publish (docs, Link, Subscriptions, Callback)."""

from collections.abc import Mapping
from types import MappingProxyType

_CONTACT = "Internal Server Error. Please contact Gupshup team."

PUBLISHED_500: Mapping[str, str] = MappingProxyType(
    {
        "login": _CONTACT,
        "token": _CONTACT,
        "link": "Unable to create App",
        "create": "Unable to create App",
        "partnerApps": "Internal server error.Please try again later.",
        "update": "Unable to update details. Please try again or contact support.",
        "pipeline": "Internal server error. Please try again later. If the issue persists, "
        "contact Gupshup Dev Support.",
        "callback": "Unable to Set Callback URL",
        "callbackUrl": "Error updating callback URL",
        "subscribe": "Unable To Create Subscription",
        "subscriptions": "Internal error occured",
        "analytics": "Error while getting analytics",
    }
)
