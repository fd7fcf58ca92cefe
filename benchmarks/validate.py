"""How long `validate` takes over 3,000 manifests, against a bare CSafeLoader that reads the same files.

The goal is at most four times as long, with schemas, the rules between files and the nouns included.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from benchmarks.figure import Figure, timed
from controller.doors.cli.source.load import check

COUNT = 3_000
GOAL = 4
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


def measure() -> Iterator[Figure]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        write(folder)
        decoded = check([name]).decoded
        if decoded.desired is None:
            raise SystemExit(f"the benchmark's own manifests are invalid: {decoded.problems[:3]}")
        bare = timed(f"a bare CSafeLoader over {COUNT:,} manifests", lambda: bare_loader(folder))
        yield bare
        yield compared("the work of `validate` over them", timed("", lambda: check([name])), bare)
        command = [sys.executable, "-m", "controller", "validate", name]
        whole = timed("", lambda: subprocess.run(command, check=True, capture_output=True))  # noqa: S603  (our own words)
        yield compared("`gupshupctl validate` over them, startup included", whole, bare)


def compared(what: str, figure: Figure, bare: Figure) -> Figure:
    times = figure.seconds / bare.seconds
    return Figure(f"{what}: {times:.2f} times as long (goal: at most {GOAL})", figure.seconds)


def bare_loader(folder: Path) -> None:
    for path in folder.rglob("*.yaml"):
        yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)


def write(folder: Path) -> None:
    """Write the manifests, half of them apps, one a file."""
    for kind in ("apps", "hooks"):
        (folder / kind).mkdir()
    for number in range(COUNT // 2):
        app = APP.format(n=number, tier="gold" if number % 3 else "silver")
        (folder / f"apps/{number}.yaml").write_text(app, encoding="utf-8")
        (folder / f"hooks/{number}.yaml").write_text(HOOK.format(n=number), encoding="utf-8")
