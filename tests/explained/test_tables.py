"""The tables of docs/ are made from the explanations, each below its heading; nobody wrote in them."""

import re

import pytest

from controller.core.explain import SECTIONS
from tests.explained.tables import DOCS, MARK, PAGES, page


@pytest.mark.parametrize("name", PAGES)
def test_the_tables_of_a_page_are_made_from_the_explanations(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    assert text == page(name, text), "make tables"


@pytest.mark.parametrize("name", PAGES)
def test_each_table_stands_below_the_heading_that_explain_names(name: str) -> None:
    parts = re.split(r"^## ", (DOCS / name).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    anchors = [
        re.sub(r"[^\w\- ]", "", part.partition("\n")[0].lower()).replace(" ", "-")
        for part in parts
        for _ in range(part.count(MARK))
    ]
    places = [section.place.partition("#") for section in SECTIONS]
    assert anchors == [anchor for page_name, _, anchor in places if page_name == name]
