"""What an exploration came to: how many points there were, and what became of them."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Finding:
    """One run that broke a promise, with what replays it."""

    scenario: str
    disruption: str
    replay: str
    violations: tuple[str, ...]


@dataclass(slots=True)
class ExplorationSummary:
    """How many points there were and what became of them.

    *worst* holds the fullest window of each bucket in any run, and its limit.
    """

    points: int = 0
    pruned: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    missed: int = 0
    persons: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    seconds: float = 0.0
    virtual: float = 0.0
    longest: float = 0.0
    worst: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, other: "ExplorationSummary") -> None:
        self.points += other.points
        self.pruned += other.pruned
        self.runs += other.runs
        self.missed += other.missed
        self.persons += other.persons
        self.findings += other.findings
        self.virtual += other.virtual
        self.longest = max(self.longest, other.longest)
        for bucket, found in other.worst.items():
            self.worst[bucket] = max(found, self.worst.get(bucket, found))

    def text(self) -> str:
        pruned = [f"    {count:7}  {why}" for why, count in self.pruned.most_common()]
        persons = [f"    {count:7}  {why}" for why, count in self.persons.most_common()]
        return "\n".join(
            [
                f"points      {self.points:7}",
                f"pruned      {sum(self.pruned.values()):7}",
                *pruned,
                f"run         {self.runs:7}  ({self.missed} in which not all of the disruption came)",
                f"a person had to help in {sum(self.persons.values())} places",
                *persons,
                f"violations  {len(self.findings):7}",
                f"{self.seconds:.1f} s, {self.runs / max(self.seconds, 0.001):.1f} runs a second",
                f"{self.virtual / 3600:.1f} simulated hours, the longest run {self.longest:.0f} s of them",
            ]
        )

    def findings_text(self, most: int = 50) -> str:
        """Return the first findings, each with what replays it."""
        return "".join(
            f"{each.scenario}: {each.disruption}\n"
            f"  python -m tests.sim.explore '{each.scenario}' --replay \"{each.replay}\"\n"
            + "".join(f"  {words}\n" for words in each.violations)
            for each in self.findings[:most]
        )

    def document(self) -> dict[str, object]:
        plain = replace(self, pruned=Counter(), persons=Counter())  # a Counter is not copied as one
        made = asdict(plain) | {"pruned": dict(self.pruned), "persons": dict(self.persons)}
        made["violations"] = len(self.findings)
        made["runsPerSecond"] = round(self.runs / max(self.seconds, 0.001), 1)
        return made


def write(summaries: dict[str, ExplorationSummary], path: str) -> None:
    """Write the summaries as JSON to *path*, for a document to be made of them."""
    Path(path).write_text(
        json.dumps({name: each.document() for name, each in summaries.items()}, indent=2) + "\n"
    )
