"""Fields of App: each is sent by a link, or is known to be no part of one."""

from dataclasses import fields, replace

import pytest

from controller.core.planning.digest import of_link
from controller.core.render.plan_json import fields as shown
from controller.edges.gupshup.forms import link_form
from controller.model.manifest import App
from controller.model.plan import Link

SENT = {
    "app_name": "AcmeSupport",
    "waba_id": "109876543210987",
    "phone": "919876543210",
    "callback_url": "https://hooks.example.com/acme",
    "storage_region": "IN",
}
NEVER_SENT = {
    *("name", "partner", "labels", "app_id", "policies", "suspend", "place"),
    *("provisioning_timeout", "ready_when", "state", "replaced"),
}
"""What only decides, and what only names the manifest."""


def declared(**changes: str) -> App:
    return replace(App("acme-support", "main", "", "", ""), **{**SENT, **changes})  # type: ignore[arg-type]


def test_each_field_of_an_app_is_part_of_a_link_or_known_to_be_none() -> None:
    assert {field.name for field in fields(App)} == SENT.keys() | NEVER_SENT


def test_a_link_sends_shows_and_remembers_the_same_fields() -> None:
    assert list(link_form(declared()).values()) == list(SENT.values())
    assert list(shown(Link(declared())).values()) == list(SENT.values())


@pytest.mark.parametrize("field", SENT)
def test_a_refused_link_is_tried_again_once_a_field_of_it_changes(field: str) -> None:
    assert of_link(declared(**{field: "another"})) != of_link(declared())


def test_an_undeclared_field_is_not_sent_with_a_link() -> None:
    plain = App("acme-support", "main", "AcmeSupport", "1", "919876543210")
    assert link_form(plain) == {"name": "AcmeSupport", "wabaId": "1", "phone": "919876543210"}
