"""The figures behind docs/promises.md: measured by long runs, kept as JSON, one part for each command."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

ROOT = Path(__file__).parents[2]
FIGURES = ROOT / "docs" / "promises.json"

Figures: TypeAlias = Mapping[str, Any]


def read() -> Figures:
    found: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    return found


def keep(part: str, measured: object) -> None:
    """Replace one part of the figures."""
    figures = {**read(), part: measured}
    FIGURES.write_text(json.dumps(figures, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def windows(figures: Figures) -> dict[str, tuple[int, int]]:
    """Return the fullest window of each bucket in any long run, as Gupshup counted it, and its limit."""
    found: dict[str, tuple[int, int]] = {}
    runs = [*figures.get("explored", {}).values(), figures.get("tortured", {})]
    for run in runs:
        for bucket, (calls, limit) in run.get("worst", {}).items():
            found[bucket] = max((calls, limit), found.get(bucket, (0, limit)))
    return dict(sorted(found.items()))


def merged(runs: Iterable[Figures]) -> Figures:
    """Add up explorations of several scenarios, or of several seeds, kind by kind."""
    total: dict[str, dict[str, Any]] = {}
    for run in runs:
        for kind, funnel in run.items():
            total[kind] = _added(total[kind], funnel) if kind in total else {**funnel}
    for funnel in total.values():
        funnel["runsPerSecond"] = round(funnel["runs"] / max(funnel["seconds"], 0.001), 1)
    return total


def _added(one: Figures, other: Figures) -> dict[str, Any]:
    summed = {
        name: one[name] + other[name]
        for name in ("points", "runs", "missed", "violations", "seconds", "virtual", "findings")
    }
    counted: dict[str, dict[str, int]] = {
        name: dict(Counter(one[name]) + Counter(other[name])) for name in ("pruned", "persons")
    }
    worst = {
        bucket: max(one["worst"].get(bucket, [0, 0]), other["worst"].get(bucket, [0, 0]))
        for bucket in {*one["worst"], *other["worst"]}
    }
    return {**summed, **counted, "worst": worst, "longest": max(one["longest"], other["longest"])}
