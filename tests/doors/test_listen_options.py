"""The options of a verb that serves HTTP arrive as one value. By default only this machine reaches it."""

import os

import click
import pytest
from click.testing import CliRunner

from controller.doors.cli.options.listen import listen_options
from controller.doors.web import ListenOptions


@pytest.mark.parametrize(
    ("argv", "options"),
    [
        ([], ListenOptions("127.0.0.1:8080", None, None)),
        (
            ["--listen", "0.0.0.0:80", "--hooks-listen", "[::]:81", "--auth-token-file", "token"],
            ListenOptions("0.0.0.0:80", "[::]:81", "token"),
        ),
    ],
    ids=["no option", "every option"],
)
def test_listen_options_arrive_as_one_value(argv: list[str], options: ListenOptions) -> None:
    received = []

    @click.command()
    @listen_options
    @click.option("--other", default="x")
    def command(listen: ListenOptions, other: str) -> int:
        received.append((listen, other))
        return 0

    assert CliRunner().invoke(command, argv).exit_code == 0
    assert received == [(options, "x")]
    assert "GUPSHUPCTL_AUTH_TOKEN_FILE" not in os.environ, (
        "the variable of a file is set only while the command runs"
    )
