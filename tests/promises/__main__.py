"""`python -m tests.promises`: write docs/promises.md from docs/promises.json, and take new figures in.

Without a word it only writes the page. Each word measures, or reads what a long run wrote, and then does so.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tests.promises import measure
from tests.promises.figures import keep, merged, read
from tests.promises.page import PAGE, page
from tests.promises.rooms import ROOMS, mutate


def main() -> int:
    given = _arguments()
    match given.word:
        case "explored":
            keep("explored", merged(map(_loaded, given.files)))
        case "tortured" | "seeded":
            keep(given.word, _loaded(given.file))
        case "planted":
            keep("planted", measure.planted())
        case "fuzzed":
            keep("fuzzed", measure.fuzzed(given.examples))
        case "mutated":
            kept = {room: measure.mutated(room) for room in given.rooms or ROOMS}
            keep(
                "mutated",
                {**read().get("mutated", {}), **{room: each for room, each in kept.items() if each}},
            )
        case "searched":
            keep("searched", measure.searched())
        case "mutate":
            return mutate(given.room, given.sample, given.seed)
        case _:
            pass
    PAGE.write_text(page(read()), encoding="utf-8")
    return 0


def _loaded(file: str) -> Any:  # noqa: ANN401  (JSON)
    return json.loads(Path(file).read_text(encoding="utf-8"))


def _arguments() -> Any:  # noqa: ANN401  (argparse's own)
    parser = argparse.ArgumentParser(prog="python -m tests.promises", description=__doc__)
    words = parser.add_subparsers(dest="word")
    for word, about in (
        ("tortured", "take in what `make torture TORTURE_FIGURES=FILE` wrote"),
        ("seeded", "take in what `python -m tests.sim.random_worlds --json FILE` wrote"),
    ):
        words.add_parser(word, help=about).add_argument("file")
    explored = words.add_parser(
        "explored", help="take in what `python -m tests.sim.explore --json FILE` wrote"
    )
    explored.add_argument("files", nargs="+", help="several are added up")
    words.add_parser("planted", help="put every defect in its place and count those found (a minute)")
    fuzzed = words.add_parser("fuzzed", help="run the fuzzers")
    fuzzed.add_argument("examples", type=int, nargs="?", default=5_000, help="for each of them")
    words.add_parser("searched", help="run the suite at DEBUG and search its log for secrets (minutes)")
    mutants = words.add_parser("mutate", help="break a room in many ways, and see which no test notices")
    mutants.add_argument("room", choices=ROOMS)
    mutants.add_argument("--sample", type=int, default=300, help="how many, those tried before among them")
    mutants.add_argument("--seed", type=int, default=1, help="which ones")
    words.add_parser("mutated", help="take in what became of mutants").add_argument("rooms", nargs="*")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
