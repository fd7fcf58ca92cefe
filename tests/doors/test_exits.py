"""Exit codes of every way to fail, the worst of several, and one message without a traceback."""

import signal

import click
import pytest
from click.testing import CliRunner

from controller.core.explain.exit_codes import EXIT_CODES
from controller.doors.cli import cli, exits
from controller.doors.cli.exits import WORST_FIRST, after_refusal, code_of, print_error, worst
from controller.doors.cli.options.mirrored import option, variable
from controller.doors.cli.signals import interrupt, on_end_signal
from controller.errors import (
    AddressNotAllowed,
    Busy,
    ControllerError,
    Denied,
    Locked,
    ManifestError,
    PlanRefused,
    SourceError,
    StoreError,
    Unclear,
    Usage,
)
from controller.model.problem import Place, Problem, Severity

PROBLEM = Problem(Place("a.yaml"), "GS101", Severity.ERROR, "", "no YAML")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(ControllerError("x"), 1, id="any of ours"),
        pytest.param(SourceError("x"), 1, id="a source"),
        pytest.param(StoreError("x"), 1, id="a store"),
        pytest.param(Busy("x"), 1, id="busy"),
        pytest.param(Unclear("x"), 1, id="unclear"),
        pytest.param(ManifestError([PROBLEM]), 3, id="manifests"),
        pytest.param(PlanRefused("x", "d"), 4, id="a guard"),
        pytest.param(Denied("x"), 7, id="credentials"),
        pytest.param(AddressNotAllowed("x"), 7, id="an address that is not allowed"),
        pytest.param(Locked("x"), 8, id="another writer"),
        pytest.param(Usage("x"), 64, id="usage"),
        pytest.param(KeyError("x"), 1, id="a bug"),
    ],
)
def test_every_error_has_its_exit_code(error: Exception, code: int) -> None:
    assert code_of(error) == code


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        pytest.param([], exits.OK, id="nothing"),
        pytest.param([exits.OK, exits.OK], exits.OK, id="all is well"),
        pytest.param([exits.OK, exits.CONVERGING], exits.CONVERGING, id="one still converges"),
        pytest.param([exits.CONVERGING, exits.HELD, exits.FAILED], exits.FAILED, id="one failed"),
        pytest.param([exits.FAILED, exits.USAGE], exits.USAGE, id="one could not begin: wrong usage"),
        pytest.param([exits.DENIED, exits.USAGE], exits.DENIED, id="credentials come before usage"),
        pytest.param([exits.INVALID], exits.ERROR, id="a code that no part of a run should have"),
    ],
)
def test_the_worst_exit_code_of_all_partners_ends_a_run(codes: list[int], code: int) -> None:
    assert worst(codes) == code


@pytest.mark.parametrize(
    ("refusal", "code", "ends"),
    [
        pytest.param(ManifestError(()), exits.OK, exits.INVALID, id="invalid, and all is as it was"),
        pytest.param(ManifestError(()), exits.FAILED, exits.INVALID, id="before what failed"),
        pytest.param(PlanRefused("", ""), exits.FAILED, exits.HELD, id="refused, before what failed"),
        pytest.param(PlanRefused("", ""), exits.CONVERGING, exits.HELD, id="before what still converges"),
        pytest.param(ManifestError(()), exits.HELD, exits.INVALID, id="before what a guard holds"),
        pytest.param(SourceError(""), exits.CONVERGING, exits.ERROR, id="out of reach"),
        pytest.param(ManifestError(()), exits.DENIED, exits.DENIED, id="credentials are graver"),
        pytest.param(ManifestError(()), exits.LOCKED, exits.LOCKED, id="so is another writer"),
        pytest.param(ManifestError(()), exits.INTERRUPTED, exits.INTERRUPTED, id="and an interruption"),
    ],
)
def test_a_refused_source_has_its_own_exit_code(refusal: Exception, code: int, ends: int) -> None:
    assert after_refusal(refusal, code) == ends


def test_every_exit_code_of_a_partner_has_a_rank() -> None:
    """Manifests and sources are refused before any partner is worked on."""
    known = {value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)}
    assert known - set(WORST_FIRST) == {exits.OK, exits.CHANGES, exits.INVALID}


def raised() -> Exception:
    try:
        option()
    except StopIteration as error:
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("error", "words"),
    [
        pytest.param(Usage("name a folder"), "Error: name a folder\n", id="ours"),
        pytest.param(click.ClickException("no file"), "Error: no file\n", id="click's"),
        pytest.param(
            FileNotFoundError(2, "No such file", "a"), "Error: a: No such file\n", id="the system's"
        ),
        pytest.param(MemoryError(), "Error: out of memory\n", id="memory"),
        pytest.param(
            KeyError("s3cr3t"),
            "Error: KeyError in nowhere: this is a bug; please report what you ran\n",
            id="a bug",
        ),
    ],
)
def test_an_error_of_a_command_is_printed_in_one_line(
    error: Exception, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_error(error)
    assert capsys.readouterr().err == words


def test_a_bug_is_shown_by_its_place_and_not_by_its_message(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(raised())
    assert "StopIteration in doors/cli/options/mirrored.py:" in capsys.readouterr().err


def test_problems_of_manifests_are_printed_one_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(ManifestError([PROBLEM]))
    assert capsys.readouterr().err == "a.yaml:1:1: error [GS101] no YAML\nError: 1 problem in the manifests\n"


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        (("--store",), "GUPSHUPCTL_STORE"),
        (("-o", "--output"), "GUPSHUPCTL_OUTPUT"),
        (("--lock-timeout",), "GUPSHUPCTL_LOCK_TIMEOUT"),
        (("--wait/--no-wait",), "GUPSHUPCTL_WAIT"),
    ],
)
def test_a_flag_is_mirrored_in_the_environment(flags: tuple[str, ...], name: str) -> None:
    assert variable(flags) == name


@pytest.mark.parametrize("verb", cli.list_commands(click.Context(cli)))
def test_every_verb_that_is_listed_has_help(verb: str) -> None:
    result = CliRunner().invoke(cli, [verb, "--help"])
    assert result.exit_code == 0
    assert result.output.startswith("Usage: ")


def test_an_empty_value_of_an_option_never_means_all() -> None:
    @click.command()
    @option("--only", multiple=True)
    def command(only: tuple[str, ...]) -> None:
        click.echo(only)

    for arguments, environ in (
        (["--only", ""], {}),
        ([], {"GUPSHUPCTL_ONLY": ""}),
        ([], {"GUPSHUPCTL_ONLY": " "}),
    ):
        result = CliRunner().invoke(command, arguments, env=environ)
        assert result.exit_code == 2
        assert "empty" in result.output
    assert CliRunner().invoke(command, [], env={"GUPSHUPCTL_ONLY": "a b"}).output == "('a', 'b')\n"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(signal.default_int_handler, id="at a terminal"),
        pytest.param(signal.SIG_IGN, id="in the background, where Ctrl-C is ignored"),
    ],
)
def test_a_signal_that_ends_a_verb_acts_like_ctrl_c(answer: "signal._HANDLER") -> None:
    before = signal.signal(signal.SIGINT, answer)
    try:
        with pytest.raises(KeyboardInterrupt), on_end_signal(interrupt):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGINT, before)


def test_every_exit_code_is_explained() -> None:
    codes = {value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)}
    assert {int(row.word.removeprefix("exit ")) for row in EXIT_CODES.rows} == codes
