"""How long our reading of 3,000 manifests takes against a bare CSafeLoader over the same bytes.

Run: python benchmarks/validate.py [COUNT]. The goal is a ratio under 4, with schemas, the
rules between files and the nouns included.
"""

import statistics
import sys
import time
from collections.abc import Callable

import yaml

from controller.core.decode import decode
from controller.edges.source import schemas
from controller.model.source import Rules, SourceFile

RUNS = 5
GOAL = 4.0
APP = """apiVersion: gupshup.controller/v1
kind: App
metadata:
  name: customer-{n}
  labels:
    tier: {tier}
    country: de
spec:
  appName: Customer{n:05}
  wabaId: "1{n:014}"
  phone: "49{n:09}"
  callbackUrl: https://hooks.example.com/live/{n}
  storageRegion: DE
  policies: [Link, Subscribe, Update]
"""
HOOK = """apiVersion: gupshup.controller/v1
kind: Subscription
metadata:
  name: events-{n}
spec:
  app: customer-{n}
  tag: gitops-events
  url: https://hooks.example.com/events/${{app.name}}
  version: 3
  modes: [SENT, DELIVERED, READ, FAILED, MESSAGE]
  active: true
  headers:
    X-Hook-Secret: {{env: HOOK_SECRET}}
"""


def files(count: int) -> list[SourceFile]:
    """Return *count* manifests, half of them apps, one a file."""
    made = []
    for number in range(count // 2):
        app = APP.format(n=number, tier="gold" if number % 3 else "silver")
        made.append(SourceFile(f"apps/{number}.yaml", app.encode()))
        made.append(SourceFile(f"hooks/{number}.yaml", HOOK.format(n=number).encode()))
    return made


def seconds(work: Callable[[], object]) -> float:
    """Return the median time of some runs, after one to warm up."""
    work()
    taken = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3_000
    given, known = files(count), schemas.load()
    decoded = decode(given, known, Rules())
    if decoded.desired is None:
        raise SystemExit(f"the benchmark's own manifests are invalid: {decoded.problems[:3]}")
    bare = seconds(lambda: [yaml.load(one.data, Loader=yaml.CSafeLoader) for one in given])
    ours = seconds(lambda: decode(given, known, Rules()))
    figures = f"CSafeLoader {bare:.3f} s, decode {ours:.3f} s, {ours / bare:.2f} times"
    sys.stdout.write(f"{count} manifests: {figures} (goal under {GOAL:g})\n")
    return 0 if ours / bare < GOAL else 1


if __name__ == "__main__":
    raise SystemExit(main())
