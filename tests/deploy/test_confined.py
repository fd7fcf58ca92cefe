"""What the examples of deployment ask for is what the image was tried with, and names options that exist."""

import re
from importlib import import_module

import click
import yaml

from tests.deploy.conftest import ROOT
from tests.image.engine import CONFINED

DEPLOY = ROOT / "examples/deploy"
TEXTS = {
    path.relative_to(DEPLOY).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(DEPLOY.rglob("*"))
    if path.is_file()
}
OWN = re.compile(r"\bGUPSHUPCTL_[A-Z_]+\b")


def known() -> set[str]:
    """Return the variables of all options, and those that the program reads by itself."""
    door = import_module("controller.doors.cli")
    group = next(value for value in vars(door).values() if isinstance(value, click.Group))
    context = click.Context(group)
    verbs = [group.get_command(context, verb) for verb in group.list_commands(context)]
    options = [each for verb in verbs if verb for each in verb.params if isinstance(each, click.Option)]
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "controller").rglob("*.py"))
    return {str(each.envvar) for each in options} | set(OWN.findall(source))


def test_every_variable_of_an_example_is_read_by_something() -> None:
    used = {name for text in TEXTS.values() for name in OWN.findall(text)}
    assert used
    assert used - known() == set()


def test_docker_and_compose_confine_the_container_as_it_was_tested() -> None:
    script = TEXTS["docker/run.sh"]
    service = yaml.safe_load(TEXTS["compose/compose.yaml"])["services"]["controller"]
    assert {"--read-only", "--cap-drop=all", "--security-opt=no-new-privileges"} <= set(CONFINED)
    assert all(
        words in script for words in ("--read-only", "--cap-drop ALL", "--security-opt no-new-privileges")
    )
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] == "65532:65532" in script
    assert service["ulimits"]["core"] == 0
    assert "--ulimit core=0" in script


def test_compose_publishes_no_port_of_the_database() -> None:
    everything = yaml.safe_load(TEXTS["compose/compose.yaml"])
    assert everything["networks"]["store"] == {"internal": True}
    assert not any("ports" in service for service in everything["services"].values())


def test_no_secret_stands_in_an_example_of_deployment() -> None:
    """A value is a file's path, or a blank that the user fills in."""
    setting = re.compile(r"(?:SECRET|TOKEN|PASSWORD)[A-Z_]*(?:=|: )(?P<value>[^\s}]+)")
    found = [match for text in TEXTS.values() for match in setting.finditer(text)]
    assert len(found) >= 10
    for match in found:
        assert match["value"].startswith(("/run/secrets/", "%d/", "${POSTGRES_PASSWORD:?")), match[0]
