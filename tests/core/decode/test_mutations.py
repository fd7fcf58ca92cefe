"""Every valid manifest with something changed is valid or breaks known rules; the two validators agree."""

import json
from pathlib import Path

import jsonschema
import jsonschema_rs
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from referencing import Registry

from controller.core.decode import decode
from controller.core.decode.rules import RULES
from controller.edges.source import schemas
from controller.model.problem import Severity
from controller.model.source import Rules, SourceFile
from tests.fuzzing import executions

ROOT = Path(__file__).parents[3]
SCHEMAS = schemas.load()
TEXTS = [
    path.read_text(encoding="utf-8").removeprefix("\ufeff")
    for folder in ("tests/corpus/valid", "examples")
    for path in sorted((ROOT / folder).rglob("*.yaml"))
]
DOCUMENTS = [document for text in TEXTS for document in yaml.load_all(text, yaml.BaseLoader) if document]
BOUNDED = settings(max_examples=executions(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-5, 5)
    | st.text(max_size=20)
    | st.text("0123456789", max_size=20)
    | st.sampled_from(
        ["", "a\n", "919876543210\n", "٩" * 10, "\x7f", "no", "x" * 5_000, "SENT", "${app.name}", "20%"]
    )
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    match value:
        case dict():
            return [path] + [one for key, inner in value.items() for one in paths(inner, (*path, key))]
        case list():
            return [path] + [one for index, inner in enumerate(value) for one in paths(inner, (*path, index))]
        case _:
            return [path]


@st.composite
def mutated(draw: st.DrawFn) -> object:
    """Draw a valid document with one value replaced, dropped or added beside."""
    document = json.loads(json.dumps(draw(st.sampled_from(DOCUMENTS))))
    path = draw(st.sampled_from(paths(document)))
    if not path:
        return draw(values)
    parent = document
    for step in path[:-1]:
        parent = parent[step]
    match draw(st.sampled_from(["replace", "drop", "add"])):
        case "drop":
            del parent[path[-1]]
        case "add" if isinstance(parent, dict):
            parent[draw(st.text(max_size=12))] = draw(values)
        case _:
            parent[path[-1]] = draw(values)
    return document


def judged(data: bytes) -> None:
    result = decode([SourceFile("a.yaml", data)], SCHEMAS, Rules())
    assert {one.rule for one in result.problems} <= set(RULES)
    assert (result.desired is None) == any(one.severity is Severity.ERROR for one in result.problems)
    assert all(len(one.message) < 400 and one.message.isprintable() for one in result.problems)
    assert all(one.place.line >= 1 and one.place.column >= 1 for one in result.problems)


@BOUNDED
@given(mutated())
def test_a_changed_document_is_valid_or_breaks_known_rules(document: object) -> None:
    judged(json.dumps(document).encode())


@BOUNDED
@given(st.sampled_from(TEXTS), st.data())
def test_a_changed_text_is_valid_or_breaks_known_rules(text: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, min(len(text), begin + 40)))
    inserted = data.draw(
        st.text(max_size=6)
        | st.sampled_from(
            ["&a ", "*a", "!!str ", "<<: ", "? ", "- ", "{", "[", '"', "'", "|\n", "\t", "---\n", "%", "\x00"]
        )
    )
    judged((text[:begin] + inserted + text[end:]).encode("utf-8", "surrogatepass"))


@BOUNDED
@given(st.binary(max_size=200))
@example(b"\x00")
@example(b"\xef\xbb\xbf")
def test_arbitrary_bytes_are_decoded_or_refused_with_a_problem(data: bytes) -> None:
    judged(data)


@BOUNDED
@given(st.sampled_from(sorted(SCHEMAS)), mutated())
def test_both_validators_agree_on_our_schemas(kind: str, document: object) -> None:
    schema = dict(SCHEMAS[kind])
    slow = jsonschema.Draft202012Validator(schema, registry=Registry())
    quick = jsonschema_rs.Draft202012Validator(schema, offline=True)
    assert slow.is_valid(document) == quick.is_valid(document)
