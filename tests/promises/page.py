"""docs/promises.md, made of docs/promises.json and the statements: the same figures, the same page."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from tests.promises.figures import ROOT, Figures, windows
from tests.promises.statements import CHANGED, PROMISES, UNEXPLORED

PAGE = ROOT / "docs" / "promises.md"
Modules: TypeAlias = Mapping[str, Mapping[str, int]]

_HEAD = """# What it promises, and how that was shown

`make promises` makes this page from [promises.json](promises.json), which holds the figures of long runs. A test checks that nobody wrote the
page by hand. You can run everything on it again:

| figures | by |
|---|---|
| exploration | `python -m tests.sim.explore --pairs 500 --json F`, then `python -m tests.promises explored F` |
| seeds | `python -m tests.sim.random_worlds --to 1000 --json F`, then `python -m tests.promises seeded F` |
| kills | `TORTURE_FIGURES=F make torture`, then `python -m tests.promises tortured F` |
| planted defects | `python -m tests.promises planted` |
| fuzzers | `python -m tests.promises fuzzed 5000` |
| mutants | `make mutate ROOM=edges/store` for each room, then `python -m tests.promises mutated` |
| secrets | `python -m tests.promises searched` |

The normal test run does a part of each: every single disruption of four scenarios, sixty pairs, forty seeds, a dozen kills, all planted defects, and
some hundreds of executions of each fuzzer. A failure prints the command that repeats it.
"""


def page(figures: Figures) -> str:
    """Return the whole page."""
    parts = [
        _HEAD,
        *_section("The promises", _promises()),
        *_section("Exploration in simulated time", _explored(figures)),
        *_section("Kills of real processes", _tortured(figures)),
        *_section("The fullest windows", _windows(figures)),
        *_section("Defects planted on purpose", _planted(figures)),
        *_section("Fuzzers", _fuzzed(figures)),
        *_section("Mutants", _mutated(figures)),
        *_section("Secrets", _searched(figures)),
        *_section("What did not hold at first", [f"* **{which}** {what}" for which, what in CHANGED]),
        *_section("What was not explored", [f"* {what}" for what in UNEXPLORED]),
    ]
    return "\n".join(parts).rstrip("\n") + "\n"


def _section(title: str, lines: Iterable[str]) -> Sequence[str]:
    return [f"## {title}", "", *(lines or ()), ""]


_OFTEN: Mapping[str, str] = {
    "tests/sim/test_explore.py::test_no_single_disruption_breaks_a_promise": "exploration",
    "tests/sim/test_explore.py::test_no_sampled_pair_of_disruptions_breaks_a_promise": "pairs",
    "tests/sim/test_promises.py::test_a_random_world_settles_and_stays_settled": "seeds",
    "tests/sim/test_machine.py::TestManifestMachine": "edits, drift and crashes in any order",
    "tests/e2e/test_torture.py::test_applies_that_are_killed_at_any_instant_link_each_app_once": "kills",
}


def _named(test: str) -> str:
    return _OFTEN.get(
        test, f"`{test.removeprefix('tests/').removesuffix('.py')}`".replace(".py::test_", ": ")
    )


def _promises() -> Iterator[str]:
    often = ", ".join(f"*{word}* is `{test}`" for test, word in _OFTEN.items())
    yield f"A test is named by its file below `tests/` and its name without `test_`. {often}."
    yield ""
    yield "| | promised | shown by | not shown |"
    yield "|---|---|---|---|"
    for number, each in PROMISES.items():
        tests = ", ".join(map(_named, each.tests))
        yield f"| {number} | {each.says} | {tests} | {each.lacks} |"


def _explored(figures: Figures) -> Iterator[str]:
    yield (
        "The real program, down to its transport and its SQLite file, runs in one thread against the simulator, in "
        "simulated time. A run without disruptions gives its *effects*: every request and every transaction. Each effect is "
        "then combined with every *disruption* that applies: a kill before, during or after it, a disk that is full or "
        "fails, and each fault of the simulator. Such a combination is a *point*. Points that cannot differ from another "
        "point are left out, for the reason shown. Every run has to end as the run without disruptions ended, and to "
        "break no promise on the way."
    )
    yield ""
    yield "| | points | left out | run | broke a promise | runs a second | simulated hours |"
    yield "|---|---|---|---|---|---|---|"
    explored = figures.get("explored", {})
    for name, each in sorted(explored.items()):
        yield (
            f"| {name} | {each['points']:,} | {sum(each['pruned'].values()):,} | {each['runs']:,} | "
            f"{each['violations']} | {each['runsPerSecond']} | {each['virtual'] / 3600:,.0f} |"
        )
    yield from _left_out(explored.get("singles", {}))
    seeded = figures.get("seeded", {})
    if seeded:
        yield ""
        yield (
            f"Random worlds (fleets, strangers, drift, up to five faults and six failures, several switches at once) from "
            f"{seeded['seeds']:,} seeds: {seeded['effects']:,} effects, {seeded['violations']} broken promises."
        )


def _left_out(singles: Mapping[str, Any]) -> Iterator[str]:
    if not singles:
        return
    yield ""
    yield "Single points that were left out:"
    yield ""
    yield from (f"* {count:,}: {why}" for why, count in _most(singles["pruned"]))
    yield ""
    yield (
        "If Gupshup refuses a call for good, a person has to check and ask again. A run does that for the person and "
        f"records it. It was needed {sum(singles['persons'].values())} times:"
    )
    yield ""
    yield from (f"* {count}: {why}" for why, count in _most(singles["persons"]))


def _most(counted: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))


def _tortured(figures: Figures) -> Iterator[str]:
    found = figures.get("tortured")
    if not found:
        yield "Not run yet."
        return
    at = ", ".join(f"{count} {_AT[where]}" for where, count in _most(found["killed_at"]))
    yield (
        f"`gupshupctl apply` was started {found['restarts']} times in {found['rounds']} fleets against a simulator with "
        f"faults on TCP, and killed with SIGKILL {found['kills']} times ({at}). {found['pauses']} processes were stopped "
        f"for a while by SIGSTOP, and {found['rivals']} had another process beside them. They sent {found['writes']} "
        f"writes, {found['links']} of them links. "
        f"Promises broken: {len(found['violations'])}. Seed: {found['seed']}."
    )


_AT: Mapping[str, str] = {
    "intent": "while an intent was open",
    "link": "around a link",
    "call": "around another call",
    "rival": "beside another process",
    "anywhere": "at any moment",
}


def _windows(figures: Figures) -> Iterator[str]:
    yield "The most calls in any window of any run above, as the server counts them, refused calls included."
    yield ""
    yield "| limit | allowed | most |"
    yield "|---|---|---|"
    for bucket, (calls, limit) in windows(figures).items():
        more = " [^list]" if bucket == "list" and calls > limit else ""
        yield f"| {bucket} | {limit} | {calls}{more} |"
    if any(calls > limit for bucket, (calls, limit) in windows(figures).items() if bucket == "list"):
        yield ""
        yield (
            "[^list]: the pages do not say whether a partner's list may be read 10 times a second or 10 times a minute. "
            "The controller uses the larger figure until Gupshup answers 429 once, and the smaller one after that. The "
            "simulator counts by the smaller one."
        )


def _planted(figures: Figures) -> Iterator[str]:
    found = figures.get("planted")
    if not found:
        yield "Not run yet."
        return
    by = ", ".join(f"{which} {count}" for which, count in sorted(found["byPromise"].items(), key=_numbered))
    yield (
        f"{found['planted']} defects, each planted by a test and never by a switch in the product. An oracle of the promise "
        f"that a defect breaks has to find it, and the same disruption must show nothing in the product without the defect. "
        f"Found: {found['caught']} of {found['planted']}; wrongly accused: {len(found['accused'])}. "
        f"By promise: {by} (*live*: no subscription before an app is live)."
    )


def _numbered(pair: tuple[str, int]) -> tuple[int, str]:
    digits = pair[0].removeprefix("P")
    return (int(digits) if digits.isdigit() else 99, pair[0])


def _fuzzed(figures: Figures) -> Iterator[str]:
    yield "| fuzzer | executions | failures |"
    yield "|---|---|---|"
    found = figures.get("fuzzed", {})
    for test, each in sorted(found.items()):
        yield f"| `{test.removeprefix('tests/')}` | {each['executions']:,} | {each['failures']} |"
    yield f"| together | {sum(each['executions'] for each in found.values()):,} | |"


def _mutated(figures: Figures) -> Iterator[str]:
    rooms: Mapping[str, Modules] = figures.get("mutated", {})
    yield (
        "`mutmut` changes one thing in a function, and runs the tests of its room until one fails. A seed draws a sample of "
        "each room. What decides is all of `core` without `decode` and `render`. Some modules were renamed after these "
        "runs: the figures stand under the new names, figures of modules that became one are added, and figures of a "
        "module that became several stand under the largest of them. Modules that no longer exist are left out."
    )
    yield ""
    yield "| room | mutants | tried | killed | score | met by no test |"
    yield "|---|---|---|---|---|---|"
    for room, modules in sorted(rooms.items()):
        yield _scored(f"`{room}`", modules)
        if room == "core":
            yield _scored("… what decides", _deciding(modules))
    worst = sorted(
        (each["killed"] / each["tried"], f"{room}/{name}")
        for room, modules in rooms.items()
        for name, each in modules.items()
        if each["tried"] >= _ENOUGH
    )
    yield ""
    yield f"The weakest modules, of those with {_ENOUGH} tried or more: " + ", ".join(
        f"`{name}` {100 * score:.0f} %" for score, name in worst[:8]
    )
    yield ""
    yield from SURVIVORS


_ENOUGH = 10


def _deciding(modules: Modules) -> Modules:
    """Leave out what reads manifests and what makes text of decisions."""
    return {name: each for name, each in modules.items() if not name.startswith(("decode/", "render/"))}


def _scored(what: str, modules: Modules) -> str:
    mutants, tried, killed, unmet = (
        sum(each[key] for each in modules.values()) for key in ("mutants", "tried", "killed", "noTests")
    )
    score = f"{100 * killed / max(tried, 1):.1f} %"
    return f"| {what} | {mutants:,} | {tried:,} | {killed:,} | {score} | {unmet} |"


SURVIVORS: Sequence[str] = (
    "Two things are not mutated: `decode/rules`, a table whose functions run at import, before any mutant is switched on, "
    "and the code outside of functions. Most of the mutants that survived were read. They are:",
    "",
    "* equivalent mutants: `case _: assert_never(…)` is removed or gets another argument (the type check finds those), "
    "`<` replaces `<=` at a figure for which both sides give the same, a default changes that every caller overrides, or "
    "the cap of an exponent changes beyond the longest pause;",
    "* the wording of a message for people, above all in `decode/schema_errors`, `render/problems` and `render/tables`: the "
    "corpus checks rule, place and remedy, and not each sentence;",
    "* the correction that is offered for a wrong value, if several are equally good;",
    "* in the other rooms, besides wording: behaviour that shows only if the user is not root, spellings that git reads "
    "alike, defaults of a library that the code sets again. `tests/sim` guards `loop` too, and is not run here;",
    "* not read one by one: the survivors of `schedule/schedule`, `webhook_event`, `alerts/group`, `schedule/workqueue`, "
    "`alerts/detect` and `replicas/election`.",
)


def _searched(figures: Figures) -> Iterator[str]:
    found = figures.get("searched")
    if not found:
        yield "Not run yet."
        return
    yield (
        f"The tests of edges, loop, doors and simulation ran once at DEBUG. {found['lines']:,} lines of logs and "
        f"{found['stores']:,} files of stores were searched for {found['secrets']} secrets, each raw, URL-encoded, "
        f"JSON-escaped, in hex, in Base64 at each offset, and in any part of twelve characters: {found['hits']} hits. In "
        "every normal test run the installed command is searched in the same way (`e2e/test_canaries.py`), with its "
        "arguments, files and connections."
    )
