"""The conventions: imports, sizes, and whether the documents are true."""

import ast
import json
import re
import subprocess
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from statistics import median, quantiles

import click
import pytest
from importlinter.cli import lint_imports
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from controller.core.decode import decode
from controller.core.explain import known_words
from controller.model.plan import WaitFor
from controller.model.problem import Severity
from controller.model.source import Rules, SourceFile

ROOT = Path(__file__).parents[1]
LONGEST_BODY = 40
LONGEST_FILE = 300
MEDIAN_BODY, NEARLY_ALL_BODIES = 4, 15
"""Lines of a function: half of them have so few, 95 of 100 so many."""
MOST_MODULES = 20
SAYS_NOTHING = {"base", "common", "helpers", "manager", "misc", "service", "utils"}
FENCE = re.compile(r"^```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]\n]*\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#+ (?P<text>.+)$", re.MULTILINE)
REASON = re.compile(r"(?:[A-Z][a-z]+){2,}")
ELSEWHERE = re.compile(
    r"(?<![\w.~-])/(?:home|root|work|Users)/"  # a path of somebody's machine
    r"|pythonhosted\.|pypi\.(?:org|python)|registry\.npm"  # a registry's host
    r"|--(?:extra-)?index-url\b|--find-links\b|\bfile:///(?:opt|usr)\b"
)


def tracked(pattern: str = "*") -> list[Path]:
    """Return the files that git knows, new ones that it does not ignore included."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard", "--", pattern]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    names = sorted(name for name in listed.stdout.split("\0") if name)
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def modules() -> list[Path]:
    return [path for path in tracked("*.py") if name(path).startswith("controller/")]


def pages() -> list[Path]:
    return [path for path in tracked("*.md") if not name(path).startswith("tests/")]


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_every_package_keeps_to_the_import_contracts() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml")) == 0


Function = ast.FunctionDef | ast.AsyncFunctionDef


def body_lines(function: Function) -> int:
    """Count the lines of a body, its docstring aside."""
    first = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return 0 if not first else (first[-1].end_lineno or 0) - first[0].lineno + 1


def test_no_function_is_too_long_to_be_read_at_once() -> None:
    long = [
        f"{name(path)}:{node.lineno} {node.name} ({body_lines(node)} lines)"
        for path in modules()
        for node in ast.walk(ast.parse(text_of(path)))
        if isinstance(node, Function) and body_lines(node) > LONGEST_BODY
    ]
    assert long == []


def test_no_file_is_too_long() -> None:
    lines = {name(path): text_of(path).count("\n") for path in modules()}
    assert {path: count for path, count in lines.items() if count > LONGEST_FILE} == {}


def test_no_folder_holds_more_modules_than_a_reader_sees_at_once() -> None:
    flat = Counter(name(path.parent) for path in modules() if path.name != "__init__.py")
    assert {folder: count for folder, count in flat.items() if count > MOST_MODULES} == {}


def test_no_public_class_name_means_two_things() -> None:
    """The simulator speaks a language of its own: it must not share a misreading with the rest."""
    places: dict[str, list[str]] = defaultdict(list)
    for path in modules():
        if not name(path).startswith("controller/simulator/"):
            for node in ast.walk(ast.parse(text_of(path))):
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].append(name(path))
    assert {word: found for word, found in places.items() if len(found) > 1} == {}


def test_half_of_all_function_bodies_are_short() -> None:
    bodies = [
        body_lines(node)
        for path in modules()
        for node in ast.walk(ast.parse(text_of(path)))
        if isinstance(node, Function)
    ]
    assert (median(bodies), quantiles(bodies, n=20)[-1]) <= (MEDIAN_BODY, NEARLY_ALL_BODIES)


def test_every_module_is_named_for_what_it_is() -> None:
    vague = [name(path) for path in modules() if {path.stem, path.parent.name} & SAYS_NOTHING]
    assert vague == []


def test_every_module_has_a_docstring() -> None:
    written = [path for path in modules() if text_of(path).strip()]
    mute = [name(path) for path in written if not ast.get_docstring(ast.parse(text_of(path)))]
    assert mute == []


@pytest.mark.parametrize("word", ["now", "today", "utcnow", "open", "print", "input"])
def test_the_core_reads_no_clock_and_opens_nothing(word: str) -> None:
    calls = [
        f"{name(path)}:{node.lineno}"
        for path in modules()
        if name(path).startswith("controller/core/")
        for node in ast.walk(ast.parse(text_of(path)))
        if isinstance(node, ast.Call) and called(node) == word
    ]
    assert calls == []


def called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name_) | ast.Attribute(attr=name_):
            return name_
        case _:
            return ""


def commands() -> dict[str, click.Command]:
    """Return the verbs, those below a verb as `verb word`. Their group is what that package offers."""
    door = import_module("controller.doors.cli")
    group = next(value for value in vars(door).values() if isinstance(value, click.Group))
    context = click.Context(group)
    found = {verb: group.get_command(context, verb) for verb in group.list_commands(context)}
    verbs = {verb: command for verb, command in found.items() if command is not None}
    below = {
        f"{verb} {word}": command
        for verb, group in verbs.items()
        if isinstance(group, click.Group)
        for word, command in group.commands.items()
    }
    return verbs | below


def test_every_verb_has_help_and_a_section() -> None:
    verbs = commands()
    headings = set(re.findall(r"^## ([\w-]+)$", text_of(ROOT / "docs/cli.md"), re.MULTILINE))
    assert verbs
    assert [verb for verb, command in verbs.items() if not command.help] == []
    assert {verb.split()[0] for verb in verbs} - headings == set()


def test_every_option_of_the_command_has_help() -> None:
    mute = [
        f"{verb} {option.opts[0]}"
        for verb, command in commands().items()
        for option in command.params
        if isinstance(option, click.Option) and not option.help and not option.hidden
    ]
    assert mute == []


def test_every_option_of_a_verb_stands_in_its_section() -> None:
    page = text_of(ROOT / "docs/cli.md")
    shared, _, _ = page.partition("\n## Exit codes")
    sections = dict(re.findall(r"^## ([\w-]+)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    missing = [
        f"{verb} {option.opts[0]}"
        for verb, command in commands().items()
        for option in command.params
        if isinstance(option, click.Option)
        and not option.hidden
        and not any(word in shared + sections.get(verb.split()[0], "") for word in option.opts)
    ]
    assert missing == []


def test_every_rule_stands_in_the_documents() -> None:
    used = {rule for path in modules() for rule in re.findall(r"\bGS\d{3}\b", text_of(path))}
    told = {rule for path in pages() for rule in re.findall(r"\bGS\d{3}\b", text_of(path))}
    assert used
    assert used - told == set()


def test_every_reason_is_explained() -> None:
    """A reason is a text of several capitalised words without a space, wherever something is decided."""
    used = {
        node.value
        for path in modules()
        if name(path).startswith(("controller/core/", "controller/loop/"))
        for node in ast.walk(ast.parse(text_of(path)))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and REASON.fullmatch(node.value)
    }
    assert used
    assert (used | set(WaitFor)) - set(known_words()) == set()


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = [
        f"{name(path)}:{number}: {line.strip()[:80]}"
        for path in tracked()
        if b"\0" not in (data := path.read_bytes())
        for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1)
        if ELSEWHERE.search(line) and path != Path(__file__)
    ]
    assert found == []


def anchors(page: Path) -> set[str]:
    """Return the names that the headings of *page* can be linked by, as GitHub makes them."""
    headings = (match["text"] for match in HEADING.finditer(FENCE.sub("", text_of(page))))
    return {re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-") for text in headings}


def broken_links(page: Path) -> Iterator[str]:
    for match in LINK.finditer(FENCE.sub("", text_of(page))):
        target, _, anchor = match["target"].partition("#")
        if ":" in target:
            continue
        goal = page if not target else (page.parent / target).resolve()
        there = goal.exists() and (not anchor or (goal.suffix == ".md" and anchor in anchors(goal)))
        if not there or not goal.is_relative_to(ROOT):
            yield f"{name(page)}: {match['target']}"


def test_every_benchmark_can_be_run() -> None:
    page = text_of(ROOT / "benchmarks/README.md")
    for path in tracked("benchmarks/*.py"):
        if path.stem not in {"__init__", "__main__", "figure"}:
            assert callable(import_module(f"benchmarks.{path.stem}").measure)
            assert f"[{path.name}]({path.name})" in page


def test_every_relative_link_leads_somewhere() -> None:
    assert [link for page in pages() for link in broken_links(page)] == []


@pytest.mark.parametrize("folder", ["docs", "docs/adr"])
def test_every_page_stands_in_the_index_of_its_folder(folder: str) -> None:
    index = ROOT / folder / "README.md"
    linked = {match["target"].partition("#")[0] for match in LINK.finditer(text_of(index))}
    beside = {page.name for page in pages() if page.parent == index.parent} - {index.name}
    assert beside - linked == set()


def manifests(page: Path) -> list[SourceFile]:
    """Return the manifests in the fences of *page*, each named by the place where it stands."""
    text = text_of(page)
    return [
        SourceFile(f"{name(page)}-{text.count(chr(10), 0, match.start()) + 2}.yaml", match["text"].encode())
        for match in FENCE.finditer(text)
        if match["language"] == "yaml" and "apiVersion: gupshup.controller/" in match["text"]
    ]


def schemas() -> dict[str, dict[str, object]]:
    kinds = {"Partner": "partner", "App": "app", "Subscription": "subscription"}
    return {kind: json.loads(text_of(ROOT / "schemas" / f"{file}.json")) for kind, file in kinds.items()}


@pytest.mark.parametrize("page", [page for page in pages() if manifests(page)], ids=name)
def test_the_manifests_on_a_page_are_valid_together(page: Path) -> None:
    decoded = decode(manifests(page), schemas(), Rules())
    wrong = [problem for problem in decoded.problems if problem.severity is not Severity.HINT]
    assert [f"{problem.place} {problem.rule} {problem.message}" for problem in wrong] == []
    assert decoded.desired is not None


def declared() -> dict[str, list[Requirement]]:
    """Return what pyproject.toml asks for, by the lock file that must hold it."""
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))
    runtime = project["project"]["dependencies"]
    extra = project["project"]["optional-dependencies"]["postgresql"]
    groups = project["dependency-groups"]
    dev, audit, (_, *mutate) = (groups[group] for group in ("dev", "audit", "mutate"))
    asked = {
        "runtime": runtime,
        "postgresql": [*runtime, *extra],
        "dev": [*runtime, *extra, *dev],
        "mutate": [*runtime, *extra, *dev, *mutate],
        "build": [*project["build-system"]["requires"], "editables"],
        "audit": audit,
    }
    return {lock: [Requirement(line) for line in lines] for lock, lines in asked.items()}


def pins(lock: str) -> dict[str, str]:
    text = text_of(ROOT / "requirements" / f"{lock}.txt")
    found = re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==(\S+)", text, re.MULTILINE)
    return {canonicalize_name(package): version for package, version in found}


@pytest.mark.parametrize("lock", ["build", "runtime", "postgresql", "dev", "mutate", "audit"])
def test_a_lock_holds_what_is_declared_and_agrees_with_the_others(lock: str) -> None:
    """The audit's tools are installed by themselves, so its lock agrees with itself."""
    pinned, all_of_them = pins(lock), pins("audit" if lock == "audit" else "mutate")
    wanted = declared()[lock]
    outside = [
        str(want)
        for want in wanted
        if not want.specifier.contains(pinned.get(canonicalize_name(want.name), "0"), prereleases=True)
    ]
    assert outside == []
    assert {package for package in pinned if pinned[package] != all_of_them.get(package)} == set()


def test_every_dependency_says_why_it_is_here() -> None:
    page = text_of(ROOT / "docs/dependencies.md")
    named = {want.name for wants in declared().values() for want in wants}
    assert {package for package in named if f"`{package}`" not in page} == set()


def test_no_test_measures_by_the_wall_clock() -> None:
    """A busy machine would fail it: figures belong to benchmarks. These wait for real processes, or tell."""
    waiting = {"e2e/portal", "e2e/replicas", "e2e/torture", "e2e/world", "image/engine", "sim/explore"}
    clocks = {"edges/test_clock", "doors/test_web_server"}
    reads = re.compile(r"\btime\.(?:monotonic|perf_counter|time)\(")
    found = {path for path in tracked("tests/*.py") if reads.search(text_of(path))}
    names = {path.relative_to(ROOT / "tests").with_suffix("").as_posix() for path in found}
    assert names <= waiting | clocks | {"test_house"}
