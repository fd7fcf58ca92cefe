import pytest

from controller.core.writing.records import Fields, Record
from controller.core.writing.sign_ups import SignUp, sign_ups
from controller.model.problem import Place, Severity

HERE = Place("c.csv", 7)
SOUND: Fields = {"name": "Acme", "wabaId": "109876543210987", "phone": "919876543210"}


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        pytest.param({}, SignUp("Acme", "109876543210987", "919876543210"), id="texts"),
        pytest.param(
            {"wabaId": 109876543210987, "phone": 919876543210},
            SignUp("Acme", "109876543210987", "919876543210"),
            id="JSON numbers",
        ),
        pytest.param(
            {"labels": "tier=gold; a=b;;", "partner": " main "},
            SignUp("Acme", "109876543210987", "919876543210", (("a", "b"), ("tier", "gold")), "main"),
            id="labels are sorted",
        ),
        pytest.param(
            {"labels": {"tier": "gold", "empty": ""}},
            SignUp("Acme", "109876543210987", "919876543210", (("empty", ""), ("tier", "gold"))),
            id="labels of JSON",
        ),
    ],
)
def test_sign_ups(more: Fields, wanted: SignUp) -> None:
    found, problems = sign_ups([Record({**SOUND, **more}, HERE)])
    assert (found, problems) == ([wanted], [])
    assert found[0].place == HERE


def test_labels_and_partner_of_all_are_for_those_that_have_none() -> None:
    records = [Record({**SOUND, "labels": "a=b", "partner": "own"}, HERE), Record(SOUND, HERE)]
    (own, bare), _ = sign_ups(records, {"a": "x", "c": "d"}, "main")
    assert (dict(own.labels), own.partner) == ({"a": "b", "c": "d"}, "own")
    assert (dict(bare.labels), bare.partner) == ({"a": "x", "c": "d"}, "main")


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (
            {"phone": "12345"},
            'GS402 phone "12345" must have 8 to 15 digits, country code included; found 5',
        ),
        ({"wabaId": "1E+14"}, 'GS403 wabaId "1E+14" was rounded by a spreadsheet; make its column a text'),
        ({"phone": ""}, "GS303 phone is missing"),
        ({"name": " "}, "GS303 name is missing"),
        ({"name": 3}, "GS201 name must be a text; found 3"),
        ({"phone": True}, "GS201 phone must be a text; found true"),
        ({"phone": 9.1e11}, "GS201 phone must be a text; found a number with a fraction or an exponent"),
        ({"wabaId": "12a45"}, 'GS403 wabaId "12a45" is no WABA id: 5 to 25 digits'),
        ({"labels": "gold"}, 'GS308 labels "gold" is no key=value; write k=v;k=v'),
        ({"labels": "a=b;a=c"}, 'GS105 labels "a" has two values'),
        ({"labels": ["a"]}, "GS205 labels must be an object of texts, or k=v;k=v; found a list"),
        ({"labels": {"a": "\ud800"}}, "GS116 labels U+D800 is a control character"),
        (
            {"labels": "a=\u202eb"},
            "GS117 labels U+202E cannot be seen, so that a name is not what it looks like",
        ),
        ({"partner": "\ud800"}, "GS116 partner U+D800 is a control character"),
        ({"labels": {"a": 1}}, "GS205 labels must be an object of texts, or k=v;k=v; found a mapping"),
        ({"waba_id": "1"}, 'GS301  "waba_id" is not known; known: name, wabaId, phone, labels, partner'),
    ],
)
def test_what_is_wrong_is_named(more: Fields, problem: str) -> None:
    found, problems = sign_ups([Record({**SOUND, **more}, HERE)])
    assert found == []
    assert [f"{one.rule} {one.field} {one.message}" for one in problems] == [problem]
    assert [one.place for one in problems] == [HERE]


def test_everything_that_is_wrong_is_named_at_once() -> None:
    records = [Record({"name": "A"}, HERE), Record(SOUND, HERE), Record({"phone": "x"}, Place("c.csv", 9))]
    found, problems = sign_ups(records)
    assert len(found) == 1
    assert [(one.place.line, one.field) for one in problems] == [
        (7, "wabaId"),
        (7, "phone"),
        (9, "name"),
        (9, "wabaId"),
        (9, "phone"),
    ]


def test_a_number_that_its_country_may_not_have_is_a_sign_up_with_a_warning() -> None:
    found, (warning,) = sign_ups([Record({**SOUND, "phone": "+91 98765 432100"}, HERE)])
    assert [each.phone for each in found] == ["9198765432100"]
    message = "+9198765432100 is no number that +91 is known to have"
    assert (warning.severity, warning.place, warning.message) == (Severity.WARNING, HERE, message)
