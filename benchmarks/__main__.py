"""Runs every module here that measures something and prints its figures; names on the command line choose."""

import sys
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent
NOT_MEASURING = {"__init__", "__main__", "figure"}


def main(chosen: list[str]) -> None:
    names = sorted({path.stem for path in HERE.glob("*.py")} - NOT_MEASURING)
    if unknown := [name for name in chosen if name not in names]:
        raise SystemExit(f"{unknown[0]!r} measures nothing; known: {', '.join(names)}")
    for name in chosen or names:
        for figure in import_module(f"benchmarks.{name}").measure():
            sys.stdout.write(f"{figure.seconds * 1000:10.1f} ms  {figure.what}\n")
            sys.stdout.flush()


main(sys.argv[1:])
