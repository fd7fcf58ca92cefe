"""The published schemas of the documents: they describe every key, and no document lacks one."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from controller.core.render import problems
from controller.core.render.entries.phones import MASKED, Phones
from controller.core.render.plans import plan_document
from controller.core.render.reports import report_document
from controller.core.status.run_report import Report
from controller.edges.source.schemas import OUTPUTS
from controller.model.manifest import Desired
from controller.model.passes import SourceState
from controller.model.plan import Blocked, Plan
from controller.model.problem import Place, Problem, Severity
from controller.model.source import Decoded
from tests.builders.documents import closed, published
from tests.builders.manifest import PARTNER
from tests.builders.plan import ITEM
from tests.builders.plans import PLAN, REPORT


def plan_of(*plans: Plan, phones: Phones = MASKED) -> dict[str, object]:
    """Return the document of a source that was not refused, as `plan` prints it."""
    since = {"ref": "main", "commit": "1" * 40}
    found = plan_document(plans, "r1", since, errors={"other": "no answer"}, phones=phones)
    return {**found, "refused": None}


def validated(decoded: Decoded) -> object:
    return json.loads(problems.as_json(decoded, "r1"))


FOUND = Problem(
    Place("a.yaml", 3, 5), "GS402", Severity.ERROR, "spec.phone", "must be digits", '"919876543210"'
)
UNFIXED = replace(FOUND, fix=None)
BLOCKED = replace(PLAN, blocked=(Blocked(ITEM, "AppLost", "it was ours", PLAN.actions[1]),))


@pytest.mark.parametrize(
    ("name", "document"),
    [
        pytest.param("plan", plan_of(), id="a plan of nothing"),
        pytest.param("plan", plan_of(PLAN, replace(PLAN, partner=replace(PARTNER, name="b"))), id="a plan"),
        pytest.param("plan", plan_of(BLOCKED, phones=Phones(shown=True)), id="a plan with phones"),
        pytest.param("apply", report_document([], "r1"), id="a report of nothing"),
        pytest.param("apply", report_document([REPORT, Report("b")], "r1"), id="a report"),
        pytest.param(
            "apply",
            report_document([REPORT], "r1", interrupted=True, source=SourceState("/m", error="no route")),
            id="a report over an older revision",
        ),
        pytest.param(
            "plan",
            {**plan_of(PLAN), "refused": {"message": "it shrank", "digest": "d"}},
            id="a plan of a refused source",
        ),
        pytest.param(
            "plan",
            {
                **plan_of(PLAN),
                "digest": "d",
                "created": "2026-01-01T00:00:00Z",
                "upstreams": {"main": "u"},
            },
            id="a saved plan",
        ),
        pytest.param(
            "apply",
            {
                **report_document([REPORT], "r1"),
                "plan": {"digest": "d", "before": {"main": "2026-01-01T00:00:00Z"}},
            },
            id="a saved plan that was applied",
        ),
        pytest.param("validate", validated(Decoded(Desired("r1"), ())), id="nothing to validate"),
        pytest.param(
            "validate", validated(Decoded(None, (FOUND, replace(FOUND, fix=None)), errors=2)), id="problems"
        ),
    ],
)
def test_a_document_has_the_keys_of_its_schema_and_no_others(name: str, document: object) -> None:
    Draft202012Validator(closed(published(name))).validate(json.loads(json.dumps(document)))


@pytest.mark.parametrize("name", sorted(OUTPUTS))
def test_a_schema_is_one_and_tells_readers_to_ignore_what_they_do_not_know(name: str) -> None:
    schema = published(name)
    Draft202012Validator.check_schema(schema)
    assert "must ignore keys that they do not know" in schema["description"]
    assert '"additionalProperties": false' not in json.dumps(schema)
    assert not list(undescribed(schema)), "a reader learns what each key is"


def undescribed(schema: object, path: str = "") -> list[str]:
    """Return the properties without a description, references aside."""
    if isinstance(schema, list):
        return [each for part in schema for each in undescribed(part, path)]
    if not isinstance(schema, Mapping):
        return []
    mute = [
        f"{path}.{key}"
        for key, value in dict[str, Any](schema.get("properties", {})).items()
        if "description" not in value and "$ref" not in value and "enum" not in value
    ]
    return mute + [each for key, value in schema.items() for each in undescribed(value, f"{path}.{key}")]


def test_what_several_documents_have_is_described_once() -> None:
    """A definition of one name is the same in each schema of what the store holds."""
    found: dict[str, set[str]] = {}
    for name in ("get", "describe", "show", "events"):
        for part, schema in published(name)["$defs"].items():
            found.setdefault(part, set()).add(json.dumps(schema))
    assert [part for part, texts in found.items() if len(texts) > 1] == ["subscription", "held"]
