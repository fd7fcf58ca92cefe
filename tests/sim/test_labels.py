"""Labels of transactions: each one that a strike or an oracle names is a method of a table of the store."""

import inspect
import pkgutil
import re
from importlib import import_module
from pathlib import Path

from controller.edges.store import tables

LABEL = re.compile(r'"(?P<table>[A-Z][A-Za-z]+)\.(?P<method>[a-z_]*)"')


def test_each_label_names_a_table_of_the_store_and_its_method() -> None:
    """A label that names nothing would strike nothing, and nobody would miss the strike."""
    modules = [
        import_module(f"{tables.__name__}.{each.name}") for each in pkgutil.iter_modules(tables.__path__)
    ]
    known = {name: kind for module in modules for name, kind in inspect.getmembers(module, inspect.isclass)}
    sources = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("*.py")]
    named = {match.groups() for text in sources for match in LABEL.finditer(text)}
    assert len(named) > 5
    assert {table for table, _ in named} <= known.keys()
    assert [pair for pair in sorted(named) if pair[1] and not hasattr(known[pair[0]], pair[1])] == []
