"""The canonical form of a file: the order of the schemas, the same meaning, and no comment lost."""

import json
import re
from pathlib import Path

import pytest

from controller.core.decode import decode
from controller.core.writing.canonical import Canonical, Commented, Formatter, Invalid
from controller.edges.source import schemas
from controller.model.source import Rules, SourceFile

ROOT = Path(__file__).parents[3]
FORMATTER = Formatter(schemas.load())
TYPED = """\
---
spec:
    modes:
    - SENT
    - 'READ'
    url: 'https://h.example.com/${app.name}#x'
    version: 3
    headers: {X-B: {env: HOOK_B}, X-A: {file: 'a'}}
    appSelector: {matchLabels: {tier: gold, area: '5'}}
metadata: {name: events}
kind: Subscription
apiVersion: gupshup.controller/v1

---

apiVersion: "gupshup.controller/v1"
kind: App
metadata: {labels: {zone: eu, area: '5', tier: gold}, name: acme}
spec:
 suspend:
   until: 2027-01-01T00:00:00Z
   reason: |-
     No. 5
     waits
 phone: '919876543210'
 wabaId: "0123456"
---
...
"""
WRITTEN = """\
apiVersion: gupshup.controller/v1
kind: Subscription
metadata:
  name: events
spec:
  appSelector:
    matchLabels:
      tier: gold
      area: "5"
  url: https://h.example.com/${app.name}#x
  version: 3
  modes: [SENT, READ]
  headers:
    X-B:
      env: HOOK_B
    X-A:
      file: a
---
apiVersion: gupshup.controller/v1
kind: App
metadata:
  name: acme
  labels:
    zone: eu
    area: "5"
    tier: gold
spec:
  wabaId: "0123456"
  phone: "919876543210"
  suspend:
    reason: "No. 5\\nwaits"
    until: "2027-01-01T00:00:00Z"
"""
MODELINE = "# yaml-language-server: $schema=.schemas/manifest.json\n"


def file(text: str | bytes, path: str = "a.yaml") -> SourceFile:
    return SourceFile(path, text if isinstance(text, bytes) else text.encode())


def written(text: str | bytes) -> str:
    form = FORMATTER.form(file(text))
    assert isinstance(form, Canonical), form
    return form.data.decode()


def test_keys_stand_in_the_order_of_the_schemas_and_labels_as_they_were() -> None:
    assert written(TYPED) == WRITTEN
    assert written(WRITTEN) == WRITTEN


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(MODELINE + TYPED, MODELINE + WRITTEN, id="at the top"),
        pytest.param(MODELINE.replace("\n", "  \r\n") + TYPED, MODELINE + WRITTEN, id="with other line ends"),
        pytest.param("\ufeff" + TYPED.replace("\n", "\r\n"), WRITTEN, id="none"),
    ],
)
def test_the_editors_line_is_kept(before: str, after: str) -> None:
    assert written(before) == after


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("# ours\n" + WRITTEN, id="at the top"),
        pytest.param("\n" + MODELINE + WRITTEN, id="an editor's line that is not the first"),
        pytest.param(WRITTEN.replace("version: 3", "version: 3  # the last"), id="behind a value"),
        pytest.param(WRITTEN.replace("modes: [SENT,", "modes: [SENT,  # first\n    "), id="in a list"),
        pytest.param(TYPED.replace("reason: |-", "reason: |-  # why"), id="behind the sign of a text"),
        pytest.param(WRITTEN + "# the end", id="at the end"),
        pytest.param(MODELINE + "# nothing yet\n", id="alone"),
    ],
)
def test_a_file_with_comments_is_left(text: str) -> None:
    assert FORMATTER.form(file(text)) == Commented()


@pytest.mark.parametrize("text", ["", "\n", "---\n---\n", MODELINE])
def test_a_file_that_declares_nothing_stays_as_it_is(text: str) -> None:
    assert written(text) == text


def test_a_hash_inside_of_a_text_is_no_comment() -> None:
    assert "#5" in written(WRITTEN.replace("No. 5", "No. #5"))
    block = TYPED.replace("     No. 5", "     No. #5 # 6")
    assert '"No. #5 # 6\\nwaits"' in written(block)


@pytest.mark.parametrize("text", ["kind: [", WRITTEN.replace("version: 3", "version: three"), b"\xff"])
def test_an_invalid_file_has_its_problems_and_no_form(text: str | bytes) -> None:
    form = FORMATTER.form(file(text))
    assert isinstance(form, Invalid)
    assert form.problems


@pytest.mark.parametrize(
    ("other", "same"),
    [
        pytest.param(TYPED, True, id="the same documents"),
        pytest.param(WRITTEN.replace("[SENT, READ]", "[READ, SENT]"), False, id="another order of a list"),
        pytest.param(WRITTEN.replace('"5"', '"6"'), False, id="another value"),
        pytest.param(WRITTEN.replace("version: 3", "version: true"), False, id="another type"),
        pytest.param(WRITTEN.partition("---\n")[0], False, id="a document less"),
    ],
)
def test_what_means_the_same(other: str, same: bool) -> None:  # noqa: FBT001  (a table)
    assert FORMATTER.means_the_same(file(WRITTEN), file(other)) is same


def test_one_and_true_are_not_the_same() -> None:
    one, true = (file(WRITTEN.replace("version: 3", f"version: {word}")) for word in ("1", "true"))
    assert not FORMATTER.means_the_same(one, true)


def manifests() -> list[Path]:
    folders = ("tests/corpus/valid", "examples", "manifests")
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.yaml"))


def without_comments(path: Path) -> bytes:
    """Return a valid file as JSON, which is YAML in a form that nobody writes by hand."""
    documents = FORMATTER._read(file(path.read_bytes()))[0]
    return "".join(f"---\n{json.dumps(dict(each.value))}\n" for each in documents).encode()


@pytest.mark.parametrize("path", manifests(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_valid_file_means_the_same_in_its_canonical_form(path: Path) -> None:
    before = file(without_comments(path))
    form = FORMATTER.form(before)
    assert isinstance(form, Canonical) or not before.data, form
    if isinstance(form, Canonical):
        after = file(form.data)
        assert FORMATTER.means_the_same(before, after)
        assert FORMATTER.form(after) == form
        first, second = (
            repr(decode([each], schemas.load(), Rules(), complete=False).desired) for each in (before, after)
        )
        assert re.sub(r"Place\([^)]*\)", "", first) == re.sub(r"Place\([^)]*\)", "", second)
