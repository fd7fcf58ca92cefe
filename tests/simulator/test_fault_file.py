"""Fault files and switches: what they may say, and the errors about the rest."""

import math

import pytest

from controller.simulator import Fault, FaultFileError, SwitchError, parse_faults, parse_switches


def parsed(text: str) -> tuple[Fault, ...]:
    return parse_faults(text, "faults.yaml")


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        pytest.param("", (), id="an empty file"),
        pytest.param("[]", (), id="an empty list"),
        pytest.param("- kind: html", (Fault("html"),), id="a kind alone"),
        pytest.param("faults:\n- kind: html\n", (Fault("html"),), id="below a key"),
        pytest.param('[{"kind": "500", "route": "link"}]', (Fault("500", "link"),), id="JSON"),
        pytest.param(
            "- {kind: 500, nth: 2}", (Fault("500", nth=(2,)),), id="a kind that YAML reads as a number"
        ),
        pytest.param(
            "- {kind: slow, nth: [1, 3], seconds: 2}",
            (Fault("slow", nth=(1, 3), parameters={"seconds": 2.0}),),
            id="a list",
        ),
        pytest.param(
            "- {kind: html, every: 2, probability: 0.5, times: 1, from: 1, until: 2, "
            "app: a, phone: '1', name: n}",
            (Fault("html", "*", (), 2, 0.5, 1, 1.0, 2.0, "a", "1", "n"),),
            id="everything",
        ),
        pytest.param(
            "- {kind: html, phone: 919876543210}", (Fault("html", phone="919876543210"),), id="a bare phone"
        ),
        pytest.param(
            "- {kind: '500', effect: yes}", (Fault("500", parameters={"effect": "yes"}),), id="a YAML yes"
        ),
        pytest.param(
            "- {kind: drop-modes, modes: SENT}",
            (Fault("drop-modes", parameters={"modes": ("SENT",)}),),
            id="one word",
        ),
        pytest.param(
            "- {kind: '429', plain: true, retry_after: -5}",
            (Fault("429", parameters={"plain": True, "retry_after": "-5"}),),
            id="odd text",
        ),
        pytest.param(
            "- {kind: html, nth: [2.0], name: 2026-02-30}",
            (Fault("html", nth=(2,), name="2026-02-30"),),
            id="a whole number with a point, a name like a date",
        ),
        pytest.param("- &one {kind: html}\n- *one", (Fault("html"), Fault("html")), id="an alias"),
    ],
)
def test_a_fault_file_is_read_as_faults(text: str, faults: tuple[Fault, ...]) -> None:
    assert parsed(text) == faults


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(
            "- kind: nonsense", "faults.yaml:1:9: kind 'nonsense' does not exist; there are: ", id="kind"
        ),
        pytest.param("- route: link", "faults.yaml:1:3: has no `kind`; there are: ", id="no kind"),
        pytest.param(
            "-\n  kind: html\n  route: nowhere",
            "3:10: route 'nowhere' does not exist; there are: *, ",
            id="route",
        ),
        pytest.param(
            "- {kind: html, nht: 1}", "1:21: html has no field `nht`; its fields are: route, nth", id="a slip"
        ),
        pytest.param(
            "- {kind: html, seconds: 1}", "html has no field `seconds`", id="a parameter of another kind"
        ),
        pytest.param(
            "- {kind: html, nth: 0}", "`nth` must be a whole number from 1 up, or a list", id="the 0th"
        ),
        pytest.param("- {kind: html, nth: true}", "`nth` must be", id="a flag for a number"),
        pytest.param(
            "- {kind: html, probability: 2}", "`probability` must be a number from 0 to 1, not 2", id="2"
        ),
        pytest.param("- {kind: slow, seconds: -1}", "`seconds` must be a number from 0 up", id="backwards"),
        pytest.param("- {kind: slow, seconds: .inf}", "`seconds` must be", id="for ever"),
        pytest.param("- {kind: status, status: 99}", "`status` must be an HTTP status", id="no status"),
        pytest.param("- {kind: html, app: true}", "`app` must be text", id="a flag for text"),
        pytest.param("- {kind: '429', plain: 1}", "`plain` must be true or false", id="a number for a flag"),
        pytest.param("- {kind: html, effect: perhaps}", "`effect` must be yes or no", id="perhaps"),
        pytest.param("- html", "1:3: a fault is a mapping", id="a word"),
        pytest.param("html", "1:1: expected a list of faults", id="only a word"),
        pytest.param(
            "fault: []", "1:1: expected a list of faults, or a mapping with the key", id="another key"
        ),
        pytest.param("- {kind: html", "faults.yaml:1:14: not YAML or JSON: ", id="not closed"),
        pytest.param("\x00", "faults.yaml:1:1: not YAML or JSON: ", id="a zero byte"),
        pytest.param("[\n" * 1_500, "not YAML or JSON", id="too deep"),
        pytest.param(
            "- {kind: html, [a]: b}", "html has no field `[a]`; its fields are", id="a key that is a list"
        ),
        pytest.param("- {kind: [html]}", "1:10: kind '[html]' does not exist", id="a kind that is a list"),
        pytest.param("- {kind: slow, seconds: .nan}", "`seconds` must be", id="no number"),
        pytest.param(f"- {{kind: slow, seconds: {'9' * 400}}}", "`seconds` must be", id="400 digits"),
        pytest.param(f"- {{kind: slow, seconds: {'9' * 5_000}}}", "not YAML or JSON", id="5000 digits"),
        pytest.param("- {kind: html, app: !own x}", "1:21: not YAML or JSON: ", id="a tag of one's own"),
        pytest.param("- &a {kind: html, app: *a}", "1:3: not YAML or JSON: ", id="a fault inside of itself"),
        pytest.param("faults: none", "faults.yaml:1:9: expected a list of faults", id="a word below the key"),
        pytest.param("- {kind: no, nth: 0}", "1:19: `nth` must be", id="a field of an unknown kind"),
        pytest.param("- kind: html\n  route: [list]", "2:10: route ['list'] does not exist", id="routes"),
    ],
)
def test_a_fault_file_is_refused_with_position_and_reason(text: str, problem: str) -> None:
    with pytest.raises(FaultFileError) as refusal:
        parsed(text)

    assert problem in str(refusal.value)


def test_all_problems_of_a_fault_file_come_at_once() -> None:
    with pytest.raises(FaultFileError) as refusal:
        parsed("- kind: a\n- {kind: html, nth: 0, every: 0}\n- {kind: html}\n")

    assert [line.split(" ")[0] for line in str(refusal.value).splitlines()] == [
        "faults.yaml:1:9:",
        "faults.yaml:2:21:",
        "faults.yaml:2:31:",
    ]


def test_a_fault_without_an_end_lasts_for_ever() -> None:
    assert parsed("- kind: html")[0].until == math.inf


@pytest.mark.parametrize(
    ("word", "problem"),
    [
        pytest.param("list-limit", "write it as name=value", id="no value"),
        pytest.param(
            "nonsense=1", "does not exist; there are: account-event-app-id, admin, ", id="no such switch"
        ),
        pytest.param("list-limit=5", "choose 10/s or 10/min", id="a choice that is none"),
        pytest.param("list-lag=x", "give a number from 0 up", id="no number"),
        pytest.param("list-lag=-1", "give a number from 0 up", id="less than nothing"),
        pytest.param("list-lag=inf", "give a number from 0 up", id="for ever"),
        pytest.param("list-lag=nan", "give a number from 0 up", id="not a number"),
    ],
)
def test_a_switch_is_refused_with_a_reason(word: str, problem: str) -> None:
    with pytest.raises(SwitchError) as refusal:
        parse_switches([word])

    assert problem in str(refusal.value)


def test_the_last_value_of_a_switch_counts() -> None:
    found = parse_switches(["page-size-max=7", "list-lag=2.5", "terms=pending", "terms=accepted"])

    assert (found.page_size_max, found.list_lag, found.terms) == (7, 2.5, "accepted")
