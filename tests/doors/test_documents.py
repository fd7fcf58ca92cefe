"""The published schemas: what a document always has, its schema requires."""

import json
from collections.abc import Mapping

import pytest

from controller.core.render.entries.view import PLAIN
from controller.core.render.reports import report_document
from controller.doors.cli.output.plan_forms import PlanForms
from controller.model.manifest import Desired
from tests.builders.documents import published


@pytest.mark.parametrize(
    ("verb", "document"),
    [
        pytest.param("plan", json.loads(PlanForms((), "r1", Desired("r1")).render("json", PLAIN)), id="plan"),
        pytest.param("apply", report_document([], "r1"), id="apply"),
    ],
)
def test_what_an_empty_document_has_is_required(verb: str, document: Mapping[str, object]) -> None:
    assert sorted(published(verb)["required"]) == sorted(document)
