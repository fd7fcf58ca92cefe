"""Canonical YAML: what is written is read back as it was, by our own reader and by others."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from controller.core.decode.compose import compose
from controller.core.decode.text import forbidden
from controller.core.writing.yaml_text import file_text, manifest_text

APP = {
    "apiVersion": "gupshup.controller/v1",
    "kind": "App",
    "metadata": {"name": "acme", "labels": {"tier": "gold"}},
    "spec": {"wabaId": "0123456", "phone": "919876543210", "policies": ["Link", "Subscribe"]},
}

WRITTEN = """\
# yaml-language-server: $schema=.schemas/manifest.json
apiVersion: gupshup.controller/v1
kind: App
metadata:
  name: acme
  labels:
    tier: gold
spec:
  wabaId: "0123456"
  phone: "919876543210"
  policies: [Link, Subscribe]
  # callbackUrl: cannot be read
"""


def test_a_manifest_is_written_with_modeline_quoted_ids_and_notes() -> None:
    text = manifest_text(APP, schema=".schemas/manifest.json", notes=["callbackUrl: cannot be read"])
    assert text == WRITTEN


def test_documents_of_one_file_are_parted() -> None:
    one, two = manifest_text({"kind": "App"}), manifest_text({"kind": "Subscription"})
    assert file_text([one, two]) == "kind: App\n---\nkind: Subscription\n"


@pytest.mark.parametrize(
    "value",
    [
        *("yes", "No", "null", "~", "", "=", "1.5", "0123", "0x1F", "0o17", "1e3", "1_000", "12:30", "-"),
        *(".5", ".inf", "2026-01-01", "a: b", "a #b", "*a", "&a", "!a", "a\nb", " a ", "é", "it's", '"'),
        *("${app.name}", "https://h.example.com/${app.name}?a=b&c#d", "x" * 500 + " y" * 500, "---", "%a"),
    ],
)
def test_a_text_stays_a_text_for_every_reader(value: str) -> None:
    text = manifest_text({"spec": {"url": value, "list": [value]}})
    wanted = {"spec": {"url": value, "list": [value]}}
    assert yaml.safe_load(text) == wanted
    (document,) = compose(text).documents
    assert (document.value, document.oddities) == (wanted, [])


VISIBLE = st.characters(exclude_categories=["Cs", "Cc", "Co", "Cn"]).filter(lambda char: not forbidden(char))


@given(st.text(VISIBLE, max_size=60))
def test_any_text_is_read_back(value: str) -> None:
    text = manifest_text({"key": value})
    (document,) = compose(text).documents
    assert (document.value, document.oddities) == ({"key": value}, [])
    assert yaml.safe_load(text) == {"key": value}
