"""Diagnoses as lines and as a document."""

from controller.core.doctor.diagnosis import CheckResult, Diagnosis
from controller.core.render.diagnoses import diagnoses_document, diagnoses_text

FOUND = (
    Diagnosis("store", CheckResult.OK, "fine"),
    Diagnosis("clock", CheckResult.WRONG, "late\x1b[2J", "set it", "main"),
)


def test_each_diagnosis_is_a_line_with_what_to_do() -> None:
    assert diagnoses_text(FOUND).splitlines() == [
        "       CHECK  PARTNER  FOUND",
        "ok     store           fine",
        "wrong  clock  main     late\\x1b[2J → set it",
        "",
        "1 ok, 1 wrong",
    ]


def test_a_line_is_wrapped_beside_its_column() -> None:
    assert diagnoses_text(FOUND, 36).splitlines()[2:4] == [
        "wrong  clock  main     late\\x1b[2J →",
        "                       set it",
    ]


def test_the_document_has_all_verdicts_counted() -> None:
    assert diagnoses_document(FOUND) == {
        "formatVersion": "1.0",
        "checks": [
            {"check": "store", "partner": None, "result": "ok", "message": "fine", "remedy": None},
            {
                "check": "clock",
                "partner": "main",
                "result": "wrong",
                "message": "late\x1b[2J",
                "remedy": "set it",
            },
        ],
        "summary": {"ok": 1, "unknown": 0, "wrong": 1},
    }
