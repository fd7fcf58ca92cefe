import pytest

from controller.core.writing.records import MOST, read_table

HEADER = "the first line must name the columns: name,wabaId,phone,labels,partner"


def read(text: str, name: str = "c.csv") -> tuple[list[tuple[dict[str, object], int]], list[str]]:
    table = read_table(text.encode(), name)
    problems = [f"{one.place.line}:{one.place.column} {one.rule} {one.message}" for one in table.problems]
    return [(record.fields, record.place.line) for record in table.records], problems


def test_csv_has_a_record_for_each_row_with_its_line() -> None:
    text = '\ufeffname, wabaId,phone,labels\r\n"Joe,\nSons",1, 2 ,a=b;c=d\r\n\r\n , \r\nAnn,3\r\n'
    assert read(text) == (
        [
            ({"name": "Joe,\nSons", "wabaId": "1", "phone": "2", "labels": "a=b;c=d"}, 2),
            ({"name": "Ann", "wabaId": "3"}, 6),
        ],
        [],
    )


@pytest.mark.parametrize(
    ("separator", "line"),
    [pytest.param(";", "\r", id="a German Excel"), pytest.param("\t", "\n", id="copied from a spreadsheet")],
)
def test_csv_has_the_separator_of_its_header(separator: str, line: str) -> None:
    row = ("A, B", "1", "2", '"a=b;c=d"', "", "")
    text = line.join(separator.join(cells) for cells in (("name", "wabaId", "phone", "labels", "", ""), row))
    labels = {"labels": "a=b;c=d"}
    assert read(text) == ([({"name": "A, B", "wabaId": "1", "phone": "2", **labels}, 2)], [])


@pytest.mark.parametrize("name", ["c.json", "(stdin)"])
def test_json_has_a_record_for_each_object_with_its_line(name: str) -> None:
    text = '[\n {"name": "A",\n  "phone": 49,\n "partner": null},\n\n {"name": "B"} ]\n'
    assert read(text, name) == ([({"name": "A", "phone": 49}, 2), ({"name": "B"}, 6)], [])


@pytest.mark.parametrize("name", ["c.jsonl", "c.json", "(stdin)"])
def test_json_lines_have_a_record_a_line(name: str) -> None:
    assert read('{"name": "A"}\n\n{"name": "B"}\n', name) == ([({"name": "A"}, 1), ({"name": "B"}, 3)], [])


@pytest.mark.parametrize(
    ("text", "name", "names", "problems"),
    [
        pytest.param("name,wabaId,phone\n", "c.csv", [], [], id="a header alone"),
        pytest.param("", "c.csv", [], [f"1:1 GS303 {HEADER}"], id="nothing"),
        pytest.param(" \n,\n", "(stdin)", [], [f"1:1 GS303 {HEADER}"], id="blank lines"),
        pytest.param("A,1,2\nB,3,4\n", "c.csv", [], [f"1:1 GS303 {HEADER}"], id="no header"),
        pytest.param("", "c.jsonl", [], [], id="no lines"),
        pytest.param("[]", "c.json", [], [], id="an empty list"),
        pytest.param(
            "\n",
            "c.json",
            [],
            ["1:1 GS205 is empty; [] is a table without records"],
            id="no JSON at all",
        ),
        pytest.param(
            "name,wabaId,phone\nA,1,2\nB,1,2,3\nC,1,2, ,\n",
            "c.csv",
            ["A", "C"],
            ['3:1 GS301 4 values, and there are 3 columns; quote a value that holds ","'],
            id="too many cells",
        ),
        pytest.param(
            "name,name,wabaId,phone\nA,B,1,2\n",
            "c.csv",
            [],
            ['1:1 GS105 the column "name" stands here twice'],
            id="a column twice",
        ),
        pytest.param(
            "Name,WABA,phone,\nA,1,2,\n",
            "c.csv",
            [],
            [
                '1:1 GS301 the column "Name" is not known; known: name, wabaId, phone, labels, partner',
                '1:1 GS301 the column "WABA" is not known; known: name, wabaId, phone, labels, partner',
            ],
            id="columns that are not known",
        ),
        pytest.param(
            "phone;name\n1;A\n", "c.csv", [], ["1:1 GS303 the table has no such column"], id="a column lacks"
        ),
        pytest.param(
            'name,wabaId,phone\nA\n"B\n',
            "c.csv",
            ["A"],
            ["3:1 GS205 cannot be read as CSV: unexpected end of data (is a quote not closed?)"],
            id="an open quote",
        ),
        pytest.param(
            '{"name": "A"}\n{"name": B}\n{"name": "C"} x\n[]\n{"name": "D"}',
            "(stdin)",
            ["A", "D"],
            [
                "2:10 GS205 cannot be read as JSON: Expecting value",
                "3:1 GS205 must be one JSON object with the fields of a record; found a mapping",
                "4:1 GS205 must be one JSON object with the fields of a record; found a list",
            ],
            id="lines of JSON Lines",
        ),
        pytest.param(
            '[{"name": "A"},\n 3, {"name": "B"}\n {"name": "C"}]',
            "c.json",
            ["A", "B"],
            [
                "2:2 GS205 must be one JSON object with the fields of a record; found 3",
                "3:2 GS205 ',' or ']' must stand here",
            ],
            id="no comma",
        ),
        pytest.param(
            '[{"name": "A"},\n {"name": "B", "name": "C"}, {}]',
            "c.json",
            ["A"],
            ['2:2 GS105 the key "name" stands in it twice'],
            id="a key twice",
        ),
        pytest.param(
            '[{"name": "A"},', "c.json", ["A"], ["1:16 GS205 the list has no end, or two"], id="no end"
        ),
        pytest.param(
            '[{"name": "A"}] []', "c.json", ["A"], ["1:15 GS205 the list has no end, or two"], id="two"
        ),
        pytest.param(
            '{"name": "A"} ]', "c.json", ["A"], ["1:15 GS205 the list has no end, or two"], id="no begin"
        ),
        pytest.param(
            '[{"name": ' + "[" * 100_000,
            "c.json",
            [],
            ["1:2 GS205 cannot be read as JSON: too deep or too long"],
            id="too deep",
        ),
    ],
)
def test_reading_goes_on_behind_a_wrong_record(
    text: str, name: str, names: list[str], problems: list[str]
) -> None:
    records, found = read(text, name)
    assert [fields["name"] for fields, _ in records] == names
    assert found == problems


def test_only_utf_8_is_read() -> None:
    table = read_table(b"name,wabaId,phone\nA\nB\xe9\n", "c.csv")
    assert [(one.rule, one.place.line) for one in table.problems] == [("GS115", 3)]


def test_no_table_has_more_records_than_a_source_has_files() -> None:
    table = read_table(b"name,wabaId,phone\n" + b"A\n" * (MOST + 1), "c.csv")
    assert len(table.records) == MOST
    assert [(one.rule, one.place.line) for one in table.problems] == [("GS703", MOST + 2)]
