"""A comparison as text and as a document."""

from dataclasses import replace

from controller.core.render.entries.phones import Phones
from controller.core.render.listed.comparison import Comparison, comparison_row, comparison_text
from controller.core.status.comparison import compare_app
from controller.model.history import WriteRecord
from controller.model.status import ListedApp
from tests.builders.manifest import APP, CALLBACK
from tests.builders.memory import NOW
from tests.builders.plan import ITEM
from tests.builders.status import FALSE, TRUE, condition, status_of
from tests.builders.upstream import HERE, app_id

PHONES = Phones(known=frozenset({APP.phone}))
DECLARED = replace(APP, callback_url=CALLBACK, storage_region="IN")
STATUS = replace(
    status_of(ITEM, condition("Stalled", TRUE, "AppLost", message="it was ours"), app_id=app_id()),
    is_listed=True,
    listed=ListedApp(f"Shop{APP.phone}", APP.phone),
)
WRITE = WriteRecord(NOW - 60, "apply by joe", "sha256:0123456789ab", "link", str(ITEM), "done")
BOTH = Comparison(ITEM, compare_app(DECLARED, STATUS), "apps.yaml:3:1", HERE, STATUS, WRITE)
UNSEEN = Comparison(ITEM, compare_app(APP, None), "apps.yaml:3:1")
GONE = Comparison(ITEM, compare_app(DECLARED, replace(STATUS, is_listed=False, listed=None)), "a.yaml:1:1")


def test_the_text_has_a_mark_for_each_field_and_the_last_write() -> None:
    assert comparison_text(BOTH, PHONES, NOW + 180).splitlines() == [
        "App/app-0001",
        "Declared:  apps.yaml:3:1",
        f"Observed:  2023-11-14T22:13:20Z, 3 min ago, at {HERE}",
        "State:     Stalled, AppLost: it was ours",
        "Written:   2023-11-14T22:12:20Z, link (done), apply by joe, revision sha256:0123456789ab",
        "",
        "   FIELD          DECLARED                        AT GUPSHUP",
        "~  appName        Name0001                        Shop91******0001",
        "?  wabaId         100000000000001                 (not known)",
        "=  phone          91******0001                    91******0001",
        "?  callbackUrl    https://hooks.example.com/live  (cannot be read)",
        "?  storageRegion  IN                              (not known)",
        f"   appId          not declared                    {app_id()}",
    ]


def test_phones_are_shown_if_they_are_asked_for() -> None:
    assert f"Shop{APP.phone}" in comparison_text(BOTH, Phones(shown=True), NOW)


def test_what_was_not_seen_yet_is_said() -> None:
    lines = comparison_text(UNSEEN, PHONES, NOW).splitlines()
    assert lines[2:4] == [
        "Observed:  not yet: `gupshupctl apply` or `run` observes it",
        "Written:   never, as far as the history goes",
    ]
    assert all(line.startswith("?") for line in lines[6:])


def test_what_is_not_listed_is_said() -> None:
    lines = comparison_text(GONE, PHONES, NOW).splitlines()
    assert [line[0] for line in lines[6:]] == ["+"] * 5
    assert lines[6].endswith("(not listed)")


def test_what_is_as_declared_needs_no_reason() -> None:
    ready = replace(BOTH, status=status_of(ITEM, condition("Ready", message="words")))
    assert "State:     Ready\n" in comparison_text(ready, PHONES, NOW)
    held = replace(BOTH, status=status_of(ITEM, condition("Ready", FALSE, "Held")))
    assert "State:     Held, Held\n" in comparison_text(held, PHONES, NOW)


def test_a_resource_that_is_nowhere_has_no_table_and_unknown_outcomes_are_said() -> None:
    text = comparison_text(Comparison(ITEM, (), written=replace(WRITE, outcome="")), PHONES, NOW)
    assert "Declared:  not declared here" in text
    assert "link (outcome unknown), apply by joe" in text
    assert "FIELD" not in text


def test_the_document_has_the_values_masked_and_null_for_none() -> None:
    found = comparison_row(BOTH, PHONES)
    fields = found.pop("fields")
    assert isinstance(fields, list)
    assert found == {
        "kind": "App",
        "name": "app-0001",
        "partner": "main",
        "app": "app-0001",
        "upstream": HERE,
        "declaredAt": "apps.yaml:3:1",
        "observedAt": "2023-11-14T22:13:20Z",
        "state": "Stalled",
        "listed": True,
        "lastWrite": {
            "at": "2023-11-14T22:12:20Z",
            "who": "apply by joe",
            "revision": "sha256:0123456789ab",
            "verb": "link",
            "target": "App/app-0001",
            "appId": None,
            "outcome": "done",
            "message": "",
            "upstream": HERE,
        },
    }
    assert fields[2] == {
        "field": "phone",
        "declared": "91******0001",
        "observed": "91******0001",
        "agreement": "same",
    }
    bare = comparison_row(UNSEEN, PHONES)
    absent = ("upstream", "observedAt", "state", "listed", "lastWrite")
    assert [bare[key] for key in absent] == [None] * 5
    assert comparison_row(Comparison(ITEM, ()), PHONES)["declaredAt"] is None
