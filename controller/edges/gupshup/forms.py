"""Forms of a link and of a subscription, with Gupshup's field names (docs/gupshup-api.md)."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from controller.errors import Denied
from controller.model.manifest import App
from controller.model.modes import in_order
from controller.model.secret import Secret

_LINK_NAMES = {"appName": "name"}
"""Fields of a link that Gupshup calls by another name than a manifest does."""


def link_form(app: App) -> dict[str, str]:
    """Return the form of a link: every field that is declared (docs/gupshup-api.md, Link)."""
    declared = app.link_fields.items()
    return {_LINK_NAMES.get(name, name): value for name, value in declared if value is not None}


@dataclass(frozen=True, slots=True)
class SubscriptionForm:
    """Everything that a subscription declares. A webhook gets *headers*; they are never read back."""

    tag: str
    url: str
    version: int
    modes: Collection[str]
    active: bool = True
    show_on_ui: bool = False
    headers: Mapping[str, Secret] = field(default_factory=dict)

    def created(self) -> dict[str, str | Secret]:
        """Return the form of a new subscription, which begins active: the API has no field for that."""
        return {**self._common(), "showOnUI": _word(self.show_on_ui)}

    def updated(self) -> dict[str, str | Secret]:
        """Return the form of an update, with every field that can be changed."""
        return {**self._common(), "active": _word(self.active)}

    def _common(self) -> dict[str, str | Secret]:
        return {
            "modes": ",".join(in_order(self.modes)),
            "tag": self.tag,
            "url": self.url,
            "version": str(self.version),
            **self._meta(),
        }

    def _meta(self) -> dict[str, str | Secret]:
        """Return all headers as one JSON text. Denied if a value could break out of its header."""
        if not self.headers:
            return {}
        unfit = sorted(name for name, value in self.headers.items() if not value.fits_header())
        if unfit:
            raise Denied(
                f"the header {unfit[0]} of {self.tag} holds more than printable ASCII; check its secret"
            )
        plain = {name: self.headers[name].reveal() for name in sorted(self.headers)}
        return {"meta": Secret(json.dumps(plain, separators=(",", ":")))}


def _word(value: bool) -> str:  # noqa: FBT001  (it is the value, not a switch)
    return "true" if value else "false"
