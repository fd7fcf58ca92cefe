"""`python -m tests.explained`: write the tables of docs/ that `controller.core.explain` holds."""

from tests.explained.tables import DOCS, PAGES, page

for name in PAGES:
    path = DOCS / name
    path.write_text(page(name, path.read_text(encoding="utf-8")), encoding="utf-8")
