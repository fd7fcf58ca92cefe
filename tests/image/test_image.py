"""The container: what is in it, and that it runs as locked down as the documents say."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from controller import __version__
from tests.e2e.world import THREE, World, world
from tests.edges.git_server import serving
from tests.edges.repositories import Repository
from tests.image.engine import IMAGE, MEGABYTE, ROOT, Built, Container, call, going, program, run, volume

pytestmark = [pytest.mark.usefixtures("image"), pytest.mark.timeout(600)]

STATE = "/var/lib/gupshup"
PYTHON = "/opt/app/bin/python"


def told(there: World) -> tuple[str, ...]:
    """Return the options that give a container the stand-in's address and its account."""
    names = ("GUPSHUP_URL", "GUPSHUP_EMAIL", "GUPSHUP_SECRET")
    return tuple(f"--env={name}={there.environ[name]}" for name in names)


def mounted(folder: Path, place: str = "/manifests") -> str:
    """Return the option that shows *folder* to a container, read-only; the container's user may look in."""
    for path in (folder, *folder.parents[:2]):
        path.chmod(path.stat().st_mode | 0o055)
    return f"--volume={folder}:{place}:ro"


def test_the_image_declares_how_it_is_run(image: Built) -> None:
    config = image.config
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == ["/opt/app/bin/gupshupctl"]
    assert config["StopSignal"] == "SIGTERM"
    assert list(config["Volumes"]) == [STATE]
    assert config["Healthcheck"]["Test"] == ["CMD", PYTHON, "-m", "controller.doors.healthcheck"]


def test_the_image_has_labels_that_describe_it(image: Built) -> None:
    labels = {
        name.removeprefix("org.opencontainers.image."): text for name, text in image.config["Labels"].items()
    }
    assert (labels["title"], labels["version"]) == ("gupshup-controller", __version__)
    assert {"description", "licenses", "revision", "base.name"} <= set(labels)


def test_the_image_is_small(image: Built) -> None:
    assert image.compressed < 120 * MEGABYTE, image.story


def test_nothing_of_the_build_stays_in_the_image(image: Built) -> None:
    history = call(
        "podman", "history", "--no-trunc", "--format", "{{.CreatedBy}}", "gupshup-controller:tested"
    ).out
    assert "gupshup" in history
    assert "PIP_CERT=/" not in history + json.dumps(image.config)


@pytest.mark.parametrize("name", ["pip", "pip3*", "ensurepip", "*-gcc*", "cc1*", "*.a", "*.whl"])
def test_no_program_in_the_image_builds_or_installs(name: str) -> None:
    assert program("/usr/bin/find", "/usr", "/opt", "-name", name).out == ""


def test_no_program_in_the_image_is_setuid() -> None:
    found = program(
        "/usr/bin/find",
        "/usr",
        "/opt",
        "/etc",
        "-perm",
        "/6000",
        "-type",
        "f",
        options=("--user=0", "--workdir=/"),
    )
    assert found.out == ""


def test_the_user_of_the_image_may_write_only_the_state_and_tmp() -> None:
    found = program("/usr/bin/find", "/", "-xdev", "-writable", "-not", "-type", "l", good=False)
    kept = {line for line in found.out.splitlines() if not line.startswith("/proc")}
    assert kept <= {"/tmp", "/var/tmp", STATE}  # noqa: S108  (the container's own)
    refused = program("/usr/bin/touch", "/opt/app/new", "/var/tmp/new", good=False)  # noqa: S108
    assert refused.err.count("Read-only file system") == 2


def test_the_container_runs_unprivileged_and_cannot_become_another_user() -> None:
    words = program("/usr/bin/cat", "/proc/self/status").out.split("\n")
    status = {name: text.split() for name, _colon, text in (word.partition(":") for word in words)}
    assert status["Uid"] == ["65532"] * 4
    assert set(status["CapEff"] + status["CapPrm"] + status["CapBnd"]) == {"0" * 16}
    assert status["NoNewPrivs"] == ["1"]


def test_the_container_needs_no_network_for_version_and_validate(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text("---\n".join(THREE), encoding="utf-8")
    assert run("--version", network="none").out.strip() == f"gupshupctl {__version__}"
    assert run("validate", "/manifests", options=(mounted(tmp_path),), network="none").code == 0


def test_the_container_plans_applies_and_keeps_its_state(tmp_path: Path) -> None:
    with world(tmp_path) as there, volume() as state:
        there.declare(*THREE)
        options = (*told(there), mounted(there.manifests), f"--volume={state}:{STATE}")
        plan = json.loads(run("plan", "/manifests", "-o", "json", options=options).out)
        assert plan["summary"]["link"] == 3
        done = json.loads(run("apply", "/manifests", "--yes", "--wait", "-o", "json", options=options).out)
        assert (done["summary"]["linked"], done["summary"]["subscribed"]) == (3, 3)
        again = json.loads(run("apply", "/manifests", "--yes", "--wait", "-o", "json", options=options).out)
        assert again["summary"] == {**dict.fromkeys(again["summary"], 0), "unchanged": 6}
        listed = program("/usr/bin/stat", "--format=%a %u", f"{STATE}/state.db", options=options).out
        assert listed.split() == ["600", "65532"]


def test_git_in_the_image_fetches_over_http_without_perl(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "fleet.git")
    commit = repository.commit({"all.yaml": "---\n".join(THREE)})
    with serving(repository.folder, password="let me in") as manners:
        url = manners.url.replace("://", "://git:let%20me%20in@")
        found = program("/usr/bin/git", "clone", "--quiet", "--bare", "--depth=1", url, "/tmp/copy")  # noqa: S108
        assert (found.code, found.err.count("fatal")) == (0, 0)
        assert commit in program("/usr/bin/git", "ls-remote", url).out


@pytest.mark.parametrize("name", ["/usr/bin/ssh", "/usr/bin/ssh-keygen"])
def test_the_program_that_checks_signatures_is_in_the_image(name: str) -> None:
    assert "not found" not in program(name, "--help", good=False).err


def test_a_signal_ends_the_container(tmp_path: Path) -> None:
    """The first process of a container gets no default for a signal: it has to take it itself."""
    (tmp_path / "empty").mkdir()
    with going("simulate", "--listen", "127.0.0.1:0") as container:
        container.until("GUPSHUP_SECRET")
        assert not container.healthy(), "nothing answers /healthz there"
        code, seconds = container.stop()
        assert (code, seconds < 25) == (0, True)
        assert container.changed() == []


@pytest.mark.parametrize("source", ["folder", "git"])
def test_the_controller_is_healthy_reconciles_and_ends_by_a_signal(tmp_path: Path, source: str) -> None:
    with world(tmp_path) as there, volume() as state, fleet(there, source) as words:
        options = (*told(there), mounted(there.manifests), f"--volume={state}:{STATE}")
        with going("run", "--interval", "2s", *words, options=options) as container:
            there.until(lambda it: sorted(map(len, it.tags().values())) == [1, 1, 1])
            container.until_healthy()
            code, seconds = container.stop()
            assert (code, seconds < 25) == (0, True), container.logs()
            assert set(container.changed()) <= {"/manifests"}, "the place of the mount, and nothing else"


@contextmanager
def fleet(there: World, source: str) -> Iterator[tuple[str, ...]]:
    """Declare three apps in a folder or in a repository, and yield how `run` is told."""
    if source == "folder":
        there.declare(*THREE)
        yield ("--manifests", "/manifests")
        return
    repository = Repository(there.folder / "fleet.git")
    repository.commit({"manifests/all.yaml": "---\n".join(THREE)})
    with serving(repository.folder) as manners:
        yield ("--git", manners.url, "--git-path", "manifests")


def test_the_script_for_docker_runs_the_container(tmp_path: Path) -> None:
    """`run.sh` as it stands; the engine is podman by runc, on the machine's own network."""
    with world(tmp_path) as there, fleet(there, "git") as (_git, url, *_path):
        sudo = "" if os.getuid() == 0 else "sudo -n "
        engine = tmp_path / "engine"
        engine.write_text(
            f"#!/bin/sh\nshift\nexec {sudo}podman --runtime runc run --network=host --ulimit=nproc=1024:1024 "
            f'--env=GUPSHUP_URL={there.url} --env=GUPSHUPCTL_GIT_PATH=manifests "$@"\n',
            encoding="utf-8",
        )
        engine.chmod(0o755)
        secrets = tmp_path / "secrets"
        secrets.mkdir()
        for file, name in (("email", "GUPSHUP_EMAIL"), ("secret", "GUPSHUP_SECRET"), ("git-token", "USER")):
            (secrets / file).write_text(there.environ.get(name, "any"), encoding="utf-8")
        mounted(secrets)
        subprocess.run(
            [ROOT / "examples/deploy/docker/run.sh"],
            cwd=tmp_path,
            env={**os.environ, "ENGINE": str(engine), "IMAGE": IMAGE, "GIT": url},
            check=True,
            capture_output=True,
        )
        try:
            there.until(lambda it: sorted(map(len, it.tags().values())) == [1, 1, 1])
            assert Container("gupshup-controller").stop()[0] == 0
        finally:
            call("podman", "rm", "--force", "--time", "0", "gupshup-controller", good=False)
            call("podman", "volume", "rm", "--force", "gupshup-state", good=False)
